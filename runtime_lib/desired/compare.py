"""When is what a container has good enough? The comparison rules of community.docker, as pure functions.

A kind says what a value is: "value" (text, number, flag), "list" (order matters), "set", "dict", "records" (a set of
dicts). A mode says what counts as equal: "strict", "ignore", or "allow_more_present": what is asked for must be there,
and more may be.
"""

from __future__ import annotations

from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

MODES = ("strict", "ignore", "allow_more_present")
_DEFAULTS = {
    "value": "strict",
    "list": "strict",
    "set": "allow_more_present",
    "dict": "allow_more_present",
    "records": "allow_more_present",
}


def equal(kind: str, mode: str, wanted: Any, present: Any) -> bool:
    """Whether `present` satisfies `wanted`. None and an empty collection are the same; None and a value are not."""
    if mode == "ignore":
        return True
    if kind == "value":
        return bool(wanted == present)
    wanted, present = wanted or (), present or ()
    compare = {"list": _lists, "set": _sets, "dict": _dicts, "records": _records}[kind]
    return compare(mode == "strict", wanted, present)


def _lists(strict: bool, wanted: Iterable[Any], present: Iterable[Any]) -> bool:
    if strict:
        return list(wanted) == list(present)
    rest = iter(present)
    return all(entry in rest for entry in wanted)  # an ordered subsequence: `in` consumes the iterator


def _sets(strict: bool, wanted: Iterable[Any], present: Iterable[Any]) -> bool:
    return set(wanted) == set(present) if strict else set(wanted) <= set(present)


def _dicts(strict: bool, wanted: Any, present: Any) -> bool:
    if strict:
        return dict(wanted) == dict(present)
    return all(key in present and present[key] == value for key, value in dict(wanted).items())


def _records(strict: bool, wanted: Iterable[Any], present: Iterable[Any]) -> bool:
    mine, theirs = list(wanted), list(present)
    if not all(any(_dicts(False, one, other) for other in theirs) for one in mine):
        return False
    return not strict or all(any(_dicts(False, one, other) for one in mine) for other in theirs)


def modes(kinds: Mapping[str, str], aliases: Mapping[str, str], asked: Mapping[str, Any]) -> dict[str, str]:
    """Return the mode of each option of `kinds`, after the user's `comparisons`.

    Raises InvalidSpec for an option that cannot be compared, an unknown mode, or a mode that the kind does not have.
    """
    explicit = _explicit(kinds, aliases, asked)
    result = {name: _DEFAULTS[kind] for name, kind in kinds.items()}
    result["stop_timeout"] = "ignore"  # it says how to stop, not what runs
    star = explicit.pop("*", None)
    if star is not None:
        result = dict.fromkeys(kinds, star)
    return {**result, **explicit}


def _explicit(kinds: Mapping[str, str], aliases: Mapping[str, str], asked: Mapping[str, Any]) -> dict[str, str]:
    explicit: dict[str, str] = {}
    for key, mode in asked.items():
        name = aliases.get(key, key)
        if name != "*" and name not in kinds:
            raise InvalidSpec(f"comparisons: there is no option {key!r} that could be compared")
        if mode not in MODES:
            raise InvalidSpec(f"comparisons: {key}: {mode!r} is no comparison mode; use one of {', '.join(MODES)}")
        if name in explicit:
            raise InvalidSpec(f"comparisons: {key} and an alias of it are both given; keep one of them")
        if mode == "allow_more_present" and (name == "*" or kinds[name] == "value"):
            raise InvalidSpec(f"comparisons: {key}: allow_more_present is for lists, sets and dicts")
        explicit[name] = str(mode)
    return explicit
