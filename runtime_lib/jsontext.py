"""JSON with the C parts of the standard library alone, for texts of our own.

`json` imports `re`: the monitor has no memory for that, and a short command no time.
"""

from __future__ import annotations

import _json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Rules:
    """What `json.JSONDecoder` hands to the C scanner."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo: dict[str, str] = {}


_scan = _json.make_scanner(_Rules)  # type: ignore[arg-type]
quote = _json.encode_basestring_ascii
quote_utf8 = _json.encode_basestring
_CONSTANTS = {None: "null", True: "true", False: "false"}


def parse(text: str) -> Any:
    """Return the value of a JSON text of our own. Raises ValueError when it is none."""
    try:
        return _scan(text, 0)[0]
    except (StopIteration, SystemError):  # its own error is a class of `json`; without that module it raises none
        raise ValueError("not a JSON text") from None


def compact(value: Any) -> str:
    """Return the JSON text of nested dicts, lists, strings, numbers, booleans and None."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, dict):
        return "{" + ",".join([f"{quote(key)}:{compact(item)}" for key, item in value.items()]) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join([compact(item) for item in value]) + "]"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    return _CONSTANTS[value]
