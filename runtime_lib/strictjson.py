"""JSON documents from strangers: of limited size, with unique keys, without the extensions of Python's parser."""

from __future__ import annotations

import json

from .errors import CorruptData

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

LIMIT = 4 * 1024 * 1024  # bytes; registries and other engines have the same limit for manifests


def parse(data: bytes, where: str) -> Any:
    """Return the document. Raises CorruptData that names `where` it came from."""
    if len(data) > LIMIT:
        raise CorruptData(f"{where} is larger than {LIMIT} bytes")
    try:
        return json.loads(data.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise CorruptData(f"{where} is nested too deeply") from None
    except ValueError as error:  # also of UTF-8, of a doubled key, and of a number with thousands of digits
        raise CorruptData(f"{where} is not valid JSON: {error}") from None


def parse_object(data: bytes, where: str) -> dict[str, Any]:
    """Return a document that must be an object. Raises CorruptData."""
    document = parse(data, where)
    if not isinstance(document, dict):
        raise CorruptData(f"{where} is not a JSON object")
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands there twice")
    return result


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
