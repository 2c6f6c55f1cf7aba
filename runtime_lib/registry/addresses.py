"""Addresses that strangers write: parsed without surprises. Pure."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

_PORTS = {"http": 80, "https": 443}


def parse(text: str) -> SplitResult | None:
    """Return the parts of an http or https address, None for anything else, also where its port is none."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    fine = parts.scheme in _PORTS and parts.hostname and port != 0 and text.isprintable() and " " not in text
    return parts if fine else None


def place(parts: SplitResult) -> tuple[str, str, int]:
    """Return scheme, host and port: two addresses with the same ones are of the same server."""
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]
