"""`.dockerignore`: which paths of a build context exist for COPY and ADD.

docs.docker.com/build/concepts/context/#dockerignore-files: a pattern excludes what it matches and everything in it, `!`
brings back, and the last pattern that matches decides.
"""

from __future__ import annotations

import posixpath

from ..errors import InvalidSpec
from .patterns import Path, alternatives

_BYTE_ORDER_MARK = "\ufeff"


class Ignore:
    """The rules of one file."""

    def __init__(self, rules: tuple[tuple[bool, Path], ...] = ()) -> None:
        """Take (whether it excludes, pattern) in the order of the file."""
        self._rules = rules
        self.has_exceptions = not all(excludes for excludes, _unused in rules)

    def excludes(self, path: str) -> bool:
        """Whether `path`, relative to the context and without a leading slash, is left out."""
        excluded = False
        for excludes, pattern in self._rules:
            if excludes != excluded and any(pattern.reach(path)):
                excluded = excludes
        return excluded


def parse(text: str, file: str = ".dockerignore") -> Ignore:
    """Return the rules of a `.dockerignore`. Raises InvalidSpec with the line of a broken pattern."""
    rules: list[tuple[bool, Path]] = []
    for number, line in enumerate(text.lstrip(_BYTE_ORDER_MARK).splitlines(), 1):
        pattern = line.strip()
        if not pattern or line.startswith("#"):
            continue
        excludes = not pattern.startswith("!")
        pattern = pattern if excludes else pattern[1:].strip()
        if not pattern:
            raise InvalidSpec(f"{file} line {number}: ! needs a pattern after it")
        pattern = posixpath.normpath(pattern).lstrip("/")
        if pattern not in ("", "."):
            rules += [(excludes, path) for path in _paths(pattern, f"{file} line {number}")]
    return Ignore(tuple(rules))


def _paths(pattern: str, where: str) -> list[Path]:
    try:
        return [Path(one, deep=True) for one in alternatives(pattern)]
    except InvalidSpec as error:
        raise InvalidSpec(f"{where}: {error}") from error
