"""Log records as Docker's json-file driver writes them, but byte for byte.

A record is `{"log":"text\\n","stream":"stdout","time":"2026-01-02T03:04:05.678901234Z"}`. Bytes that are not UTF-8
stand in the text as lone surrogates (\\udc80 to \\udcff, PEP 383), so that a reader gets the very bytes back.
"""

from __future__ import annotations

import time

from ..jsontext import quote_utf8

LINE_LIMIT = 16 * 1024  # Docker cuts longer lines into records of this many bytes


def rfc3339(time_ns: int) -> str:
    """Return a time in nanoseconds since 1970 as RFC 3339 text in UTC, with nine digits."""
    second, fraction = divmod(time_ns, 1_000_000_000)
    year, month, day, hour, minute, rest = time.gmtime(second)[:6]
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{rest:02}.{fraction:09}Z"


def record(data: bytes, stream: str, stamp: str, attributes: str = "") -> bytes:
    """Return one record, with the new line that ends it; `attributes` is `,"attrs":{...}` or nothing."""
    text = quote_utf8(data.decode("utf-8", "surrogateescape"))
    # A lone surrogate has no UTF-8 form: `backslashreplace` writes it as \udcXX, which is its JSON form too.
    return f'{{"log":{text},"stream":"{stream}"{attributes},"time":"{stamp}"}}\n'.encode("utf-8", "backslashreplace")


def split(pending: bytes, data: bytes) -> tuple[list[bytes], bytes]:
    """Cut a stream into records: return (whole lines and pieces of LINE_LIMIT bytes, the rest to keep)."""
    lines = (pending + data).split(b"\n")
    rest = lines.pop()
    pieces: list[bytes] = []
    for line in lines:
        pieces += _pieces(line + b"\n")
    while len(rest) >= LINE_LIMIT:
        pieces.append(rest[:LINE_LIMIT])
        rest = rest[LINE_LIMIT:]
    return pieces, rest


def _pieces(line: bytes) -> list[bytes]:
    if len(line) <= LINE_LIMIT + 1:  # the new line does not count
        return [line]
    return [line[start : start + LINE_LIMIT] for start in range(0, len(line), LINE_LIMIT)]
