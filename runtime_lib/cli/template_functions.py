"""The functions of Go's text/template and those that Docker's command adds, on JSON-like values. Pure."""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

WIDEST = 1000  # signs that a number in `printf` or `pad` may ask for
_VERB = re.compile(r"%([-+ #0]*)(\d*)(?:\.(\d*))?(.)", re.DOTALL)
# Docker's types, by the names of their fields. Objects with keys of their own: one that is not there is no mistake.
MAPS = frozenset(
    [
        "Labels",
        "Networks",
        "Ports",
        "PortBindings",
        "ExposedPorts",
        "Volumes",
        "Options",
        "DriverOpts",
        "Sysctls",
        "Tmpfs",
        "Containers",
        "Data",
        "Config",
        "Annotations",
        "StorageOpt",
        "AuxiliaryAddresses",
        "Storage",
        "Status",
    ]
)
# What is null in JSON because it is an absent pointer, and not a list or map of nothing.
POINTERS = frozenset(
    [
        "OomKillDisable",
        "Init",
        "MemorySwappiness",
        "PidsLimit",
        "StopTimeout",
        "Healthcheck",
        "Health",
        "IPAMConfig",
        "SizeRw",
        "SizeRootFs",
        "StartInterval",
        "UsageData",
    ]
)

# Fields that inspect leaves out where they say nothing, and what a template finds then.
ABSENT = {
    "ExposedPorts": None,
    "Health": None,
    "Healthcheck": None,
    "Init": None,
    "MacAddress": "",
    "Shell": None,
    "SizeRootFs": None,
    "SizeRw": None,
    "StopSignal": "",
    "StopTimeout": None,
    "UsageData": None,
    "Variant": "",
}


class Wrong(Exception):
    """Why a template cannot be filled, as a sentence."""


class _Missing:
    """A key that a map has not."""

    def __repr__(self) -> str:
        return "<no value>"


MISSING = _Missing()


def compact(value: object) -> str:
    """Return one line of JSON; what can only be called is left out."""
    return json.dumps(data(value), ensure_ascii=False, separators=(",", ":"))


def data(value: Any) -> Any:
    """Return a value as JSON takes it, in Go's order: fields, in capitals, as they are, and keys of maps sorted."""
    if isinstance(value, dict):
        fields = {key: data(entry) for key, entry in value.items() if not callable(entry)}
        return fields if all(key[:1].isupper() for key in fields) else dict(sorted(fields.items()))
    if isinstance(value, (list, tuple)):
        return [data(entry) for entry in value]
    return None if value is MISSING else value


def is_true(value: object) -> bool:
    """Say what `if` thinks of a value."""
    return value is not MISSING and bool(value)


def go_text(value: object, name: str = "") -> str:
    """Return a value as Go's templates print it; `name` is that of the field it comes from, or ""."""
    if value is MISSING:
        return "<no value>"
    if value is None:
        return "<nil>" if name in POINTERS else "map[]" if name in MAPS else "[]" if name else "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return _object(value, name)
    if isinstance(value, (list, tuple)):
        return f"[{' '.join(go_text(entry) for entry in value)}]"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def _object(value: dict[str, Any], name: str) -> str:
    entries = [(key, entry) for key, entry in value.items() if not callable(entry)]
    if name in MAPS or not name:
        return f"map[{' '.join(f'{key}:{go_text(entry, key)}' for key, entry in sorted(entries))}]"
    return f"{{{' '.join(go_text(entry, key) for key, entry in entries)}}}"


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if value is None or value is MISSING:
            raise Wrong("index: there is nothing to look into")
        if isinstance(value, dict):
            # A map of text has "" where it has nothing, as Go's.
            absent = "" if all(isinstance(entry, str) for entry in value.values()) else None
            value = value.get(key, absent)
        elif isinstance(key, bool) or not isinstance(key, int):
            raise Wrong(f"index: {key!r} is not a number")
        elif not 0 <= key < len(value):
            raise Wrong(f"index: {key} is out of range")
        else:
            value = value[key]
    return value


def _slice(value: Any, *bounds: int) -> Any:
    start, end = (*bounds, *(0, len(value))[len(bounds) :])[:2]
    if not 0 <= start <= end <= len(value):
        raise Wrong(f"slice: {start}:{end} is out of range")
    return value[start:end]


def _compared(operation: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        if _kind(left) != _kind(right):
            raise Wrong(f"{left!r} and {right!r} cannot be compared: they are of two kinds")
        return operation(left, right)

    return compare


def _kind(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def _equal(left: Any, *others: Any) -> bool:
    if not others:
        raise Wrong("eq needs something to compare with")
    same = _compared(lambda one, other: bool(one == other))
    return any(same(left, other) for other in others)


def _and(*values: Any) -> Any:
    return next((value for value in values if not is_true(value)), values[-1])


def _or(*values: Any) -> Any:
    return next((value for value in values if is_true(value)), values[-1])


def _print(*values: Any) -> str:
    """As Go's Sprint: a blank between two values of which neither is text."""
    text = ""
    for at, value in enumerate(values):
        if at and not isinstance(value, str) and not isinstance(values[at - 1], str):
            text += " "
        text += go_text(value)
    return text


def _println(*values: Any) -> str:
    return " ".join(go_text(value) for value in values) + "\n"


def _printf(template: str, *values: Any) -> str:
    rest = list(values)

    def fill(match: re.Match[str]) -> str:
        flags, width, digits, verb = match.groups()
        if verb == "%":
            return "%"
        if not rest:
            raise Wrong("printf has fewer values than its text asks for")
        if int(width or 0) > WIDEST or int(digits or 0) > WIDEST:
            raise Wrong(f"printf: a width above {WIDEST}")
        value = rest.pop(0)
        if verb in "dxXfeg":
            return f"%{flags}{width}{'' if digits is None else f'.{digits}'}{verb}" % value  # type: ignore[no-any-return]
        if verb not in "svqt":
            raise Wrong(f"printf: %{verb} is not there")
        text = json.dumps(value, ensure_ascii=False) if verb == "q" else go_text(value)
        text = text if digits is None else text[: int(digits or 0)]
        return text.ljust(int(width or 0)) if "-" in flags else text.rjust(int(width or 0))

    return _VERB.sub(fill, template)


def _pad(text: str, before: int, after: int) -> str:
    if max(before, after) > WIDEST:
        raise Wrong(f"pad: more than {WIDEST} blanks")
    return f"{' ' * before}{text}{' ' * after}" if text else text


def _join(values: Any, separator: str) -> str:
    return separator.join(values or ())


def _truncate(text: str, length: int) -> str:
    return text[:length] if 0 <= length < len(text) else text


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "and": _and,
    "eq": _equal,
    "ge": _compared(lambda left, right: left >= right),
    "gt": _compared(lambda left, right: left > right),
    "index": _index,
    "join": _join,
    "json": compact,
    "le": _compared(lambda left, right: left <= right),
    "len": lambda value: 0 if value is None else len(value),
    "lower": lambda text: text.lower(),
    "lt": _compared(lambda left, right: left < right),
    "ne": lambda left, right: not _equal(left, right),
    "not": lambda value: not is_true(value),
    "or": _or,
    "pad": _pad,
    "print": _print,
    "printf": _printf,
    "println": _println,
    "slice": _slice,
    "split": lambda text, separator: text.split(separator),
    "title": lambda text: re.sub(r"(?<!\w)\w", lambda match: match[0].upper(), text),
    "truncate": _truncate,
    "upper": lambda text: text.upper(),
}
# What stands for them in a table's line of titles: Docker's too changes no title.
UNCHANGED: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("json", "lower", "title", "truncate", "upper"), lambda text, *_unused: text),
    "join": lambda text, _separator: text,
    "pad": lambda text, *_unused: text,
    "split": lambda text, _separator: text,
}
