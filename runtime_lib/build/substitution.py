"""`${x#p}`, `${x%p}` and `${x/p/r}`: the parts of a value that a pattern means.

`*` is any text, `?` one character, and neither a line's end; a backslash makes them stand for themselves. As in the
shell (POSIX, 2.6.2 Parameter Expansion), but without brackets. Matching tracks sets of positions: nothing backtracks.
"""

from __future__ import annotations

from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 4096  # characters of a value that is searched
_STAR, _ANY = "*", "?"


def without_prefix(value: str, pattern: str, longest: bool) -> str:
    """Return `value` without the shortest or longest beginning that matches. Raises InvalidSpec."""
    end = _end(_limited(value), 0, _tokens(pattern), longest)
    return value if end is None else value[end:]


def without_suffix(value: str, pattern: str, longest: bool) -> str:
    """Return `value` without the shortest or longest end that matches. Raises InvalidSpec."""
    end = _end(_limited(value)[::-1], 0, _tokens(pattern)[::-1], longest)
    return value if end is None else value[: len(value) - end]


def replaced(value: str, pattern: str, replacement: str, everywhere: bool) -> str:
    """Return `value` with the first longest match replaced, or all of them. Raises InvalidSpec."""
    tokens = _tokens(pattern)
    found: list[str] = []
    position = done = 0
    while tokens and position < len(_limited(value)):
        end = _end(value, position, tokens, True)
        if end is None or end == position:
            position += 1
            continue
        found += [value[done:position], replacement]
        position = done = end
        if not everywhere:
            break
    return "".join([*found, value[done:]])


def _limited(value: str) -> str:
    if len(value) > _MOST:
        raise InvalidSpec(f"a value of more than {_MOST} characters cannot be searched for a pattern")
    return value


def _tokens(pattern: str) -> list[tuple[str, str]]:
    """Return (kind, "") of each wildcard and ("", character) of what stands for itself."""
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character in (_STAR, _ANY):
            if character == _ANY or not found or found[-1][0] != _STAR:
                found.append((character, ""))
            continue
        if character == "\\":
            character = pattern[position : position + 1]
            position += 1
            if not character or character not in "*?\\}/":
                raise InvalidSpec(f"the pattern {pattern!r} escapes {character!r}; only * ? \\ }} and / need it")
        found.append(("", character))
    return found


def _end(value: str, start: int, tokens: Sequence[tuple[str, str]], longest: bool) -> int | None:
    """Return where the shortest or longest match that begins at `start` ends, or None."""
    states = _open({0}, tokens)
    found = None
    for position in range(start, len(value) + 1):
        if len(tokens) in states:
            found = position
            if not longest:
                break
        if position == len(value) or not states:
            break
        states = _open(_after(states, value[position], tokens), tokens)
    return found


def _after(states: set[int], character: str, tokens: Sequence[tuple[str, str]]) -> set[int]:
    following = set()
    for state in states:
        if state == len(tokens):
            continue
        kind, own = tokens[state]
        if own == character or (kind == _ANY and character != "\n"):
            following.add(state + 1)
        elif kind == _STAR and character != "\n":
            following.add(state)
    return following


def _open(states: set[int], tokens: Sequence[tuple[str, str]]) -> set[int]:
    """Add the states that a star reaches without taking a character."""
    return states | {state + 1 for state in states if state < len(tokens) and tokens[state][0] == _STAR}
