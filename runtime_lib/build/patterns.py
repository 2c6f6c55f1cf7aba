"""Patterns of `.dockerignore` and of COPY sources, matched without backtracking over whole paths.

`*` and `?` match within one name, `[a-z]` and `[^a-z]` one character, `\\x` the character x; `**` (only in
`.dockerignore`) any number of folders. Go's path/filepath.Match and Docker's patternmatcher are the model.
"""

from __future__ import annotations

import re

from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Test = Callable[[str], bool]

_STARS = re.compile(r"(?<!\\)\*\*")
_MOST_STARS = 5  # in a pattern: each can double what has to be matched


class Name:
    """A pattern for one name of a path. Matching takes at most len(pattern) * len(name) steps."""

    __slots__ = ("_tests",)

    def __init__(self, pattern: str) -> None:
        """Compile `pattern`. Raises InvalidSpec for an open bracket or a lone backslash at the end."""
        self._tests = _compile(pattern)

    def match(self, name: str) -> bool:
        """Whether the whole of `name` matches."""
        tests = self._tests
        position = index = 0
        star = -1
        retry = 0
        while position < len(name):
            if index < len(tests) and tests[index] is None:
                star, retry = index, position
                index += 1
            elif index < len(tests) and tests[index](name[position]):  # type: ignore[misc]
                index += 1
                position += 1
            elif star >= 0:  # only the last star has to be extended
                retry += 1
                position, index = retry, star + 1
            else:
                return False
        return all(test is None for test in tests[index:])


def _compile(pattern: str) -> list[Test | None]:
    """Return a test per character; None stands for a star."""
    tests: list[Test | None] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "*":
            if not tests or tests[-1] is not None:
                tests.append(None)
        elif character == "?":
            tests.append(_any)
        elif character == "[":
            test, position = _class(pattern, position)
            tests.append(test)
        else:
            if character == "\\":
                character, position = _escaped(pattern, position)
            tests.append(character.__eq__)
    return tests


def _any(_unused: str) -> bool:
    return True


def _escaped(pattern: str, position: int) -> tuple[str, int]:
    if position >= len(pattern):
        raise InvalidSpec(f"the pattern {pattern!r} ends in the middle; close its bracket or remove the backslash")
    return pattern[position], position + 1


def _class(pattern: str, position: int) -> tuple[Test, int]:
    negated = pattern[position : position + 1] == "^"
    position += negated
    ranges: list[tuple[str, str]] = []
    while pattern[position : position + 1] != "]" or not ranges:
        low, position = _member(pattern, position)
        high = low
        if pattern[position : position + 1] == "-":
            high, position = _member(pattern, position + 1)
        ranges.append((low, high))
    return (lambda character: any(low <= character <= high for low, high in ranges) != negated), position + 1


def _member(pattern: str, position: int) -> tuple[str, int]:
    character, position = _escaped(pattern, position)
    if character in "-]":
        raise InvalidSpec(f"the pattern {pattern!r} has {character} at a wrong place of its bracket")
    return _escaped(pattern, position) if character == "\\" else (character, position)


def has_wildcard(path: str) -> bool:
    """Whether a COPY source is a pattern."""
    return any(character in path for character in "*?[\\")


def alternatives(pattern: str) -> list[str]:
    """Return patterns in which `**` is a whole name, and that together match what this one does.

    As in Docker `a**b` is `ab`, and `b` at any depth below what begins with `a`; `**b` is what ends with `b`, anywhere.
    Raises InvalidSpec where there are too many of them.
    """
    names = pattern.split("/")
    inner = [index for index, name in enumerate(names) if name != "**" and _STARS.search(name)]
    if sum(len(_STARS.findall(names[index])) for index in inner) > _MOST_STARS:
        raise InvalidSpec(f"the pattern {pattern[:200]!r} has ** in too many names; use **/ between names")
    if not inner:
        return [pattern]
    above, below = names[: inner[0]], names[inner[0] + 1 :]
    before, after = _STARS.split(names[inner[0]], 1)
    if not after and below:  # the slash after it belongs to the stars
        after, below = below[0], below[1:]
    return [
        one for names in _variants(before, after, not above) for one in alternatives("/".join([*above, *names, *below]))
    ]


def _variants(before: str, after: str, is_first: bool) -> list[list[str]]:
    if not after:
        return [[f"{before}*"]]
    if not before:
        return [["**", f"*{after}" if is_first else after]]
    return [[before + after], [f"{before}*", "**", after]]


class Path:
    """A pattern for a whole path. `**` stands for any number of names, where `deep` allows it."""

    __slots__ = ("_names",)

    def __init__(self, pattern: str, deep: bool = False) -> None:
        """Compile `pattern`. Raises InvalidSpec when it is broken."""
        self._names: list[Name | None] = []
        for part in pattern.split("/"):
            if deep and part == "**":
                if not self._names or self._names[-1] is not None:
                    self._names.append(None)
            else:
                self._names.append(Name(part))
        if self._names[-1] is None:
            self._names.append(Name("*"))  # `a/**` is what lies in a, not a itself

    def reach(self, path: str) -> tuple[bool, bool]:
        """Return (whether `path` matches, whether one of its parent folders does)."""
        states = self._open({0})
        parent = False
        for name in path.split("/"):
            parent = parent or self._done(states)
            following = set()
            for state in states:
                if state == len(self._names):
                    continue
                test = self._names[state]
                if test is None:
                    following.add(state)
                elif test.match(name):
                    following.add(state + 1)
            states = self._open(following)
        return self._done(states), parent

    def match(self, path: str) -> bool:
        """Whether the whole of `path` matches."""
        return self.reach(path)[0]

    def _open(self, states: Iterable[int]) -> set[int]:
        """Add the states that a `**` reaches without taking a name."""
        found = set(states)
        found.update(state + 1 for state in states if state < len(self._names) and self._names[state] is None)
        return found

    def _done(self, states: set[int]) -> bool:
        return len(self._names) in states
