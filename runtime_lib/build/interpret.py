"""Turn the instructions of a stage into steps. Pure: it needs the base image's configuration, nothing of the host."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..records import replace
from . import expansion, imageconfig, instructions, interpreter, lines, platforms
from .arguments import Arguments, platform
from .meaning_config import argument
from .scope import Scope
from .steps import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .dockerfile import Dockerfile, Stage
    from .instructions import Instruction


def global_arguments(dockerfile: Dockerfile, given: Mapping[str, str], target: str = "") -> dict[str, str | None]:
    """Return the arguments before the first FROM, with the values that the user gave, and those of the platforms.

    `target` is the platform that the image is for, "" this host's. Raises InvalidSpec.
    """
    own = platforms.host()
    values: dict[str, str | None] = {**platform(platforms.parse(target) if target else own, own)}
    values.update((name, given[name]) for name in list(values) if name in given)
    for item in dockerfile.arguments:
        for text in item.arguments:
            known = {name: value for name, value in values.items() if value is not None}
            name, default = argument(item, text, known, dockerfile.escape)
            values[name] = given.get(name, default)
    return values


def base_name(dockerfile: Dockerfile, stage: Stage, values: Mapping[str, str | None]) -> str:
    """Return the image or stage that a FROM names. Raises InvalidSpec when nothing is left of its variables."""
    name = _expanded(dockerfile, stage, stage.base, values)
    if not name:
        raise InvalidSpec(
            f"{stage.where}: the base image {stage.base} is empty; give its variable with ARG before FROM"
        )
    return name


def base_platform(dockerfile: Dockerfile, stage: Stage, values: Mapping[str, str | None]) -> str:
    """Return the platform that a FROM asks for; "" when it asks for none. Raises InvalidSpec."""
    text = _expanded(dockerfile, stage, stage.platform, values)
    try:
        return str(platforms.parse(text)) if text else ""
    except InvalidSpec as error:
        raise InvalidSpec(f"{stage.where}: {error}") from error


def _expanded(dockerfile: Dockerfile, stage: Stage, text: str, values: Mapping[str, str | None]) -> str:
    known = {name: value for name, value in values.items() if value is not None}
    try:
        return expansion.word(text, known, dockerfile.escape)
    except InvalidSpec as error:
        raise InvalidSpec(f"{stage.where}: {error}") from error


def steps(dockerfile: Dockerfile, stage: Stage, base: Mapping[str, Any] | None, arguments: Arguments) -> list[Step]:
    """Return the steps of a stage on a base image with the configuration `base` (None: FROM scratch).

    Raises InvalidSpec with file and line. Instructions that the base image left for its children come first.
    """
    scope = Scope(imageconfig.base(base), arguments, dockerfile.escape)
    items = [*triggers(dockerfile, stage, base), *stage.instructions]
    return [interpreter.step(scope, item) for item in items]


def triggers(dockerfile: Dockerfile, stage: Stage, base: Mapping[str, Any] | None) -> list[Instruction]:
    """Return the instructions that a base image has left for its children. Raises InvalidSpec."""
    return [_trigger(text, stage, dockerfile.escape) for text in (base or {}).get("OnBuild") or ()]


def _trigger(text: str, stage: Stage, escape: str) -> Instruction:
    where = f"{stage.where} (left by ONBUILD in {stage.base})"
    found = lines.split(text, where).lines
    if len(found) != 1:
        raise InvalidSpec(f"{where}: {text[:40]!r} is not one instruction; use another base image")
    return replace(instructions.parse(found[0], "ONBUILD", escape), where=where)
