"""A whole Dockerfile: its global arguments and its stages."""

from __future__ import annotations

import re

from ..errors import InvalidSpec
from ..records import dataclass
from . import instructions, lines, suggestion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .instructions import Instruction

_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*")


@dataclass(frozen=True)
class Stage:
    """A FROM (`first`) and the instructions after it. `base` and `platform` are as written: nothing is expanded yet."""

    first: Instruction
    base: str
    name: str
    instructions: tuple[Instruction, ...]

    @property
    def where(self) -> str:
        """File and line, for messages."""
        return self.first.where

    @property
    def platform(self) -> str:
        """What `--platform` says, "" without it."""
        return self.first.flag("platform")


@dataclass(frozen=True)
class Dockerfile:
    """A parsed Dockerfile; `arguments` are the ARG instructions before the first FROM. Further see `lines.Lines`."""

    escape: str
    arguments: tuple[Instruction, ...]
    stages: tuple[Stage, ...]
    check: str = ""
    empty_lines: tuple[int, ...] = ()

    def stage(self, target: str) -> int:
        """Return the index of the stage with this name or number; the last one for "". Raises InvalidSpec."""
        if not target:
            return len(self.stages) - 1
        index = find_stage(self.stages, target)
        if index is None:
            names = ", ".join(stage.name or str(number) for number, stage in enumerate(self.stages))
            meant = suggestion.close(target, [stage.name for stage in self.stages])
            raise InvalidSpec(f"target {target!r} is no stage of the Dockerfile{meant}; its stages are {names}")
        return index


def find_stage(stages: tuple[Stage, ...], name: str) -> int | None:
    """Return the index of the last stage with this name (any case) or with this number, or None."""
    found = [index for index, stage in enumerate(stages) if stage.name and stage.name == name.lower()]
    if found:
        return found[-1]
    return int(name) if name.isdecimal() and name.isascii() and len(name) < 6 and int(name) < len(stages) else None


def parse(text: str, file: str = "Dockerfile") -> Dockerfile:
    """Return the Dockerfile of this text. Raises InvalidSpec, naming file and line, for whatever cannot be built."""
    split = lines.split(text, file)
    parsed = [instructions.parse(line, file, split.escape) for line in split.lines]
    if not parsed:
        raise InvalidSpec(f"{file} has no instruction; begin it with FROM")
    first = next((index for index, item in enumerate(parsed) if item.name == "FROM"), len(parsed))
    for item in parsed[: first + 1]:
        if item.name not in ("ARG", "FROM"):
            raise InvalidSpec(f"{item.where}: {item.name} comes before FROM; only ARG may")
    if first == len(parsed):
        raise InvalidSpec(f"{file} has no FROM; name a base image with FROM, or begin with FROM scratch")
    stages = tuple(_stages(parsed[first:]))
    return Dockerfile(split.escape, tuple(parsed[:first]), stages, split.check, split.empty_lines)


def _stages(parsed: list[Instruction]) -> list[Stage]:
    stages: list[Stage] = []
    starts = [index for index, item in enumerate(parsed) if item.name == "FROM"]
    for start, end in zip(starts, [*starts[1:], len(parsed)]):
        base, name = _from(parsed[start])
        stages.append(Stage(parsed[start], base, name, tuple(parsed[start + 1 : end])))
    return stages


def _from(item: Instruction) -> tuple[str, str]:
    """Return (base, stage name) of a FROM."""
    found = item.arguments
    if len(found) == 1:
        return found[0], ""
    if len(found) != 3 or found[1].lower() != "as":
        raise InvalidSpec(f"{item.where}: FROM takes IMAGE or IMAGE AS NAME")
    name = found[2].lower()
    if not _STAGE_NAME.fullmatch(name):
        raise InvalidSpec(
            f"{item.where}: {found[2][:40]!r} is no stage name; use letters, digits, _ . -, a letter first"
        )
    return found[0], name
