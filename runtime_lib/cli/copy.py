"""`skiff cp`."""

from __future__ import annotations

import os

from ..errors import InvalidSpec
from . import opened
from .options import FLAG, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_CP = Usage(
    "cp",
    "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|- or SRC_PATH|- CONTAINER:DEST_PATH",
    "Copy files and folders between a container and this host; '-' is a tar archive on standard input or output",
    (
        Option("archive", "a", FLAG, "What is copied into a container becomes its user's"),
        Option("follow-link", "L", FLAG, "Copy what a link in the source path leads to"),
        Option("quiet", "q", FLAG, "Accepted for Docker's sake: nothing is said about success"),
    ),
    2,
    2,
)
_PIECE = 1 << 18


def cp(words: list[str]) -> int:
    """Copy in either direction."""
    from ..containers.copy_paths import container_and_path

    parsed = _CP.parse(words)
    source, target = parsed.arguments
    if not source or not target:
        raise InvalidSpec("cp copies a path to a path: neither may be empty")
    (giver, from_path), (taker, to_path) = container_and_path(source), container_and_path(target)
    if taker and not to_path:
        raise InvalidSpec(f"cp copies a path to a path: name one behind {target}")
    if giver and taker:
        raise InvalidSpec("cp does not copy between containers: copy to this host first, or pipe one cp into another")
    if not giver and not taker:
        raise InvalidSpec("cp copies into or out of a container: write one of both paths as CONTAINER:PATH")
    if giver:
        _out(giver, from_path, to_path, bool(parsed.follow_link))
    else:
        _in(from_path, taker, to_path, bool(parsed.follow_link), bool(parsed.archive))
    return 0


def _out(container: str, path: str, target: str, follow: bool) -> None:
    from ..containers import copy
    from ..linux.writing import write_all

    store = opened.store()
    if target != "-":
        return copy.copy_out(store, container, path, target, follow)
    for piece in copy.pack(store, container, path, follow):
        write_all(1, piece)


def _in(path: str, container: str, target: str, follow: bool, own: bool) -> None:
    from ..containers import copy, copy_host
    from ..images import compression

    store = opened.store()
    if path != "-":
        return copy.copy_in(store, container, target, copy_host.source(path, follow), own)
    with compression.opened(lambda: os.read(0, _PIECE)) as pieces:
        copy.extract(store, container, target, _begun(pieces), own)


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Return the pieces; the first one is there, and with it whatever process decompresses them."""
    from itertools import chain

    return chain([next(pieces, b"")], pieces)
