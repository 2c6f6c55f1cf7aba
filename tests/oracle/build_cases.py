"""Dockerfiles of our own in tests/oracle/dockerfiles/*.cases: many small ones in a file.

== name                          the case; its lines follow, FROM is {base} where it is not written
-- builder: buildkit             Docker's builder; "classic" without this line
-- build-arg: who=you            and target, label, ...: options of both command lines
-- ignore: *.gz                  one more line of .dockerignore
-- context: touch x              run by a shell in the context, before
-- bytes: crlf bom open          both files have such line ends, begin with a mark, end without a line end
-- refused                       both refuse it
-- differs: config: the reason   this part (config, history, tree) differs, and has to
-- docker                        the lines after this one are Docker's, for what its builder does not know; the
                                 image has to be the same, its history is not compared
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).with_name("dockerfiles")
_PARTS = ("config", "history", "tree")


@dataclass
class Case:
    """One Dockerfile; `theirs` is what Docker gets in its place."""

    name: str
    text: str = ""
    theirs: str | None = None
    builder: str = "classic"
    options: list[str] = field(default_factory=list)
    ignore: list[str] = field(default_factory=list)
    context: list[str] = field(default_factory=list)
    bytes: list[str] = field(default_factory=list)
    refused: bool = False
    as_written: bool = False
    differs: dict[str, str] = field(default_factory=dict)

    def fill(self, context: Path, base: str, docker: bool) -> None:
        """Write the Dockerfile and what belongs to it."""
        self._write(context / "Dockerfile", self.dockerfile(base, docker))
        if self.ignore:
            self._write(context / ".dockerignore", "\n".join(self.ignore) + "\n")
        for line in self.context:
            subprocess.run(["sh", "-ec", line], cwd=context, check=True)

    def _write(self, path: Path, text: str) -> None:
        text = text.rstrip("\n") if "open" in self.bytes else text
        text = text.replace("\n", "\r\n") if "crlf" in self.bytes else text
        path.write_bytes((text if "bom" not in self.bytes else f"\ufeff{text}").encode())

    def dockerfile(self, base: str, docker: bool) -> str:
        """Return the Dockerfile for one of both builders."""
        text = self.theirs if docker and self.theirs is not None else self.text
        words = [line.split()[0].upper() for line in text.splitlines() if line.strip() and not line.startswith("#")]
        own = next((word for word in words if word != "ARG"), "") == "FROM"
        if not own and not self.as_written:
            text = f"FROM {{base}} AS first\n{text}"
        return text.replace("{base}", base)


def read() -> list[Case]:
    """Return all cases. Raises ValueError for a line that means nothing, and for a name that is given twice."""
    found: list[Case] = []
    for path in sorted(FOLDER.glob("*.cases")):
        for line in path.read_text().splitlines():
            if line.startswith("== "):
                found.append(Case(f"{path.stem}-{line[3:].strip().replace(' ', '-')}"))
            elif line.startswith("-- "):
                _setting(found[-1], line[3:])
            elif found and found[-1].theirs is not None:
                found[-1].theirs += line + "\n"
            elif found:
                found[-1].text += line + "\n"
    names = [case.name for case in found]
    if len(set(names)) != len(names):
        raise ValueError(f"twice: {sorted(name for name in names if names.count(name) > 1)}")
    return found


def _setting(case: Case, text: str) -> None:
    key, _unused, value = text.partition(": ")
    if key == "builder":
        case.builder = value
    elif key == "ignore":
        case.ignore.append(value)
    elif key == "context":
        case.context.append(value)
    elif key == "bytes":
        case.bytes = value.split()
    elif key == "refused":
        case.refused = True
    elif key == "as-written":
        case.as_written = True
    elif key == "docker":
        case.theirs = ""
    elif key == "differs":
        part, _unused, reason = value.partition(": ")
        if part not in _PARTS or not reason:
            raise ValueError(f"{case.name}: differs: PART: REASON")
        case.differs[part] = reason
    elif value:
        case.options += [f"--{key}", value]
    else:
        case.options.append(f"--{key}")
