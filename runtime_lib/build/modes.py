"""`--chmod` of COPY and ADD: an octal number, or the symbolic form of chmod(1). Pure."""

from __future__ import annotations

from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[int, bool], int]

_OCTAL = frozenset("01234567")
_SHIFTS = {"u": 6, "g": 3, "o": 0}
_SPECIAL = {"u": 0o4000, "g": 0o2000, "o": 0}
_STICKY = 0o1000


def parse(text: str) -> Change | None:
    """Return what turns (mode, whether it is a folder) into the new mode; None for "". Raises InvalidSpec."""
    if not text:
        return None
    if set(text) <= _OCTAL:
        if len(text) > 5 or int(text, 8) > 0o7777:
            raise InvalidSpec(f"--chmod={text[:40]} is above 7777")
        number = int(text, 8)
        return lambda _mode, _folder: number
    changes = [change for clause in text.split(",") for change in _clause(clause, text)]

    def apply(mode: int, folder: bool) -> int:
        for change in changes:
            mode = change(mode, folder)
        return mode

    return apply


def _clause(clause: str, text: str) -> list[Change]:
    """Return the changes of `ugo+rwx`, one for each of its operators."""
    end = next((place for place, letter in enumerate(clause) if letter not in "ugoa"), len(clause))
    who = "ugo" if "a" in clause[:end] or not end else clause[:end]
    found: list[Change] = []
    while end < len(clause):
        operator, start = clause[end], end + 1
        end = next((place for place in range(start, len(clause)) if clause[place] in "+-="), len(clause))
        letters = clause[start:end]
        copies = len(letters) == 1 and letters in _SHIFTS
        if operator not in "+-=" or not (copies or set(letters) <= set("rwxXst")):
            break
        found.append(_change(who, operator, letters))
    if end < len(clause) or not found:
        raise InvalidSpec(f"--chmod={text[:40]} is neither a number such as 0644 nor a mode such as u=rwX,go=rX")
    return found


def _change(who: str, operator: str, letters: str) -> Change:
    def apply(mode: int, folder: bool) -> int:
        bits = _bits(who, letters, mode, folder)
        if operator == "+":
            return mode | bits
        if operator == "-":
            return mode & ~bits
        kept = sum(0o7 << _SHIFTS[one] | _SPECIAL[one] for one in who) | (_STICKY if who == "ugo" else 0)
        return mode & ~kept | bits

    return apply


def _bits(who: str, letters: str, mode: int, folder: bool) -> int:
    """Return the bits that the letters stand for, for everybody in `who`."""
    if letters in _SHIFTS:
        value = mode >> _SHIFTS[letters] & 0o7
    else:
        runs = "x" in letters or ("X" in letters and (folder or bool(mode & 0o111)))
        value = 4 * ("r" in letters) | 2 * ("w" in letters) | int(runs)
    bits = sum(value << _SHIFTS[one] for one in who)
    if "s" in letters:
        bits |= sum(_SPECIAL[one] for one in who)
    return bits | (_STICKY if "t" in letters and ("o" in who) else 0)
