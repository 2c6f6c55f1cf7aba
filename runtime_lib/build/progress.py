"""What a terminal shows of a build: the steps that run, with their last lines, below those that have ended. Pure.

All texts are a stranger's: no control character of theirs reaches the terminal.
"""

from __future__ import annotations

import unicodedata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_LAST_LINES = 4
_KEPT_LINES = 20
_LONGEST = 2000  # characters of a line that are kept


class Step:
    """A step of a stage, and what it has said at last."""

    def __init__(self, stage: str, number: int, total: int, text: str, now: float) -> None:
        """Begin it at the time `now`, in seconds."""
        self.name = f"[{stage} {number}/{total}] {_one_line(text)}"
        self.began = now
        self.is_cached = False
        self.lines: list[str] = []
        self._rest = ""

    def said(self, text: str) -> None:
        """Take a piece of output."""
        *lines, self._rest = f"{self._rest}{text}".split("\n")
        self._rest = self._rest[-_LONGEST:]
        self.lines = [*self.lines, *(clean(line) for line in lines)][-_KEPT_LINES:]

    def last(self, count: int) -> list[str]:
        """Return its last lines."""
        rest = clean(self._rest)
        return [*self.lines, *([rest] if rest else [])][-count:]


class Progress:
    """All of a build; times are seconds of one clock."""

    def __init__(self, now: float) -> None:
        """Begin a build."""
        self._began = now
        self._running: dict[str, Step] = {}
        self._settled: list[str] = []
        self.steps = self.cached = 0

    def begin(self, stage: str, number: int, total: int, text: str, now: float) -> None:
        """Begin a step; the one before it in its stage has ended."""
        self.end(stage, True, now)
        self._running[stage] = Step(stage, number, total, text, now)
        self.steps += 1

    def said(self, stage: str, text: str) -> None:
        """Take a piece of a step's output."""
        if stage in self._running:
            self._running[stage].said(text)

    def is_cached(self, stage: str) -> None:
        """Note that a step is from the cache."""
        if stage in self._running:
            self._running[stage].is_cached = True
            self.cached += 1

    def note(self, text: str) -> None:
        """Take lines that belong to no step."""
        self._settled += [clean(line) for line in text.splitlines()]

    def end(self, stage: str, whole: bool, now: float) -> None:
        """End the step of a stage. Where it is not whole its last lines stay."""
        step = self._running.pop(stage, None)
        if step is None:
            return
        if whole:
            self._settled.append(_beside(f" => {'CACHED ' if step.is_cached else ''}{step.name}", now - step.began))
            return
        self._settled.append(_beside(f" => ENDED {step.name}", now - step.began))
        self._settled += [f"    {line}" for line in step.last(_KEPT_LINES)]

    def settled(self) -> list[str]:
        """Return, once, the lines that will not change any more."""
        found, self._settled = self._settled, []
        return found

    def frame(self, now: float, columns: int, rows: int) -> list[str]:
        """Return the lines of what runs, none longer than the terminal and not more than it has rows."""
        lines = [f"[+] Building {now - self._began:.1f}s ({self.steps} steps, {self.cached} cached)"]
        for step in self._running.values():
            lines.append(_beside(f" => {step.name}", now - step.began))
            lines += [f" => # {line}" for line in step.last(_LAST_LINES)]
        return [cut(line, columns - 1) for line in lines[: max(1, rows - 1)]]

    def summary(self, now: float, whole: bool) -> str:
        """Return what is told at the end."""
        how = "Built in" if whole else "Ended after"
        return f"[+] {how} {now - self._began:.1f}s ({self.steps} steps, {self.cached} cached)"


def clean(line: str) -> str:
    """Return a line as a terminal shows it: what a carriage return has overwritten is gone, and control characters."""
    kept = line[:_LONGEST].rstrip("\r").rpartition("\r")[2].replace("\t", "    ")
    return "".join(character for character in _without_sequences(kept) if character.isprintable())


def cut(line: str, columns: int) -> str:
    """Return the beginning of a line that fits; the width of each character counts."""
    width = 0
    for position, character in enumerate(line):
        width += _width(character)
        if width > columns:
            return line[:position]
    return line


def _without_sequences(text: str) -> Iterable[str]:
    """Leave out sequences such as those of colours (ECMA-48, 5.4: CSI, parameters, a final byte from @ to ~)."""
    parts = text.split("\x1b[")
    yield from parts[0]
    for part in parts[1:]:
        end = next((at for at, character in enumerate(part) if "@" <= character <= "~"), len(part))
        yield from part[end + 1 :]


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _one_line(text: str) -> str:
    return clean(" ".join(text.split()))[:300]


def _beside(text: str, seconds: float) -> str:
    return f"{text} {seconds:.1f}s"
