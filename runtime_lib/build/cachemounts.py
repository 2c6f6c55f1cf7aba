"""The folders behind `RUN --mount=type=cache`: they outlive the build and are in no layer."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import ExitStack, contextmanager

from ..errors import Busy
from ..images import layers
from ..linux import treecopy, trees
from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..store import Store
    from .mount import RunMount

_LOCK = "build-cache"
_PATIENCE = 86400.0  # seconds: another RUN may use it for as long as it takes


@dataclass(frozen=True)
class CacheFolder:
    """One of them: its name below `place`, the id that Dockerfiles give it, nanoseconds of its last use."""

    name: str
    ident: str
    used: int


def place(store: Store) -> str:
    """Return the folder that holds all of them."""
    return f"{store.layout.cache}/build-mounts"


@contextmanager
def used(store: Store, mount: RunMount, mark: str, seed: int = -1) -> Iterator[str]:
    """Give the folder of a cache mount, made where it is missing; locked as `sharing` says.

    With `from`, `mark` tells what that is, and `seed` is an open folder in it: a new cache starts with a copy of it.
    """
    # Owner and mode count: a cache with another owner is another cache, as in BuildKit.
    material = json.dumps([mount.ident, mark, mount.mode, mount.uid, mount.gid])
    key = hashlib.sha256(material.encode(errors="surrogateescape")).hexdigest()
    with ExitStack() as stack:
        name = _private(store, key, stack) if mount.sharing == "private" else key
        if mount.sharing != "private":
            stack.enter_context(store.lock(_LOCK, name, _PATIENCE, shared=mount.sharing == "shared"))
        _make(store, name, mount, seed)
        os.utime(f"{place(store)}/{name}")
        yield f"{place(store)}/{name}/data"


def listing(store: Store) -> list[CacheFolder]:
    """Return all of them, sorted by name."""
    found = []
    for name in sorted(os.listdir(place(store))) if os.path.isdir(place(store)) else ():
        try:
            with open(f"{place(store)}/{name}/id", encoding="utf-8", errors="surrogateescape") as file:
                ident = file.read()
            found.append(CacheFolder(name, ident, os.stat(f"{place(store)}/{name}").st_mtime_ns))
        except FileNotFoundError:
            continue  # somebody has removed it
    return found


def size(store: Store, name: str) -> int:
    """Return the bytes that one takes on the disk."""
    return trees.tree_size(f"{place(store)}/{name}/data")


def remove(store: Store, name: str) -> None:
    """Remove one. Raises Busy when a RUN uses it."""
    with store.lock(_LOCK, name, 0), layers.scratch(store) as work:
        if os.path.isdir(f"{place(store)}/{name}"):
            os.rename(f"{place(store)}/{name}", f"{work}/cache")


def _private(store: Store, key: str, stack: ExitStack) -> str:
    """Lock the first folder of this key that nobody uses, and return its name."""
    number = 0
    while True:
        name = f"{key}.{number}" if number else key
        try:
            stack.enter_context(store.lock(_LOCK, name, 0))
        except Busy:
            number += 1
        else:
            return name


def _make(store: Store, name: str, mount: RunMount, seed: int) -> None:
    os.makedirs(place(store), mode=0o700, exist_ok=True)
    with store.lock(f"{_LOCK}-new", name, _PATIENCE):
        if os.path.isdir(f"{place(store)}/{name}"):
            return
        with layers.scratch(store) as work:
            os.mkdir(f"{work}/new", 0o700)
            os.mkdir(f"{work}/new/data")
            _fill(f"{work}/new/data", mount, seed)
            with open(f"{work}/new/id", "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(mount.ident)
            os.rename(f"{work}/new", f"{place(store)}/{name}")


def _fill(folder: str, mount: RunMount, seed: int) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if seed >= 0:
            treecopy.copy(seed, descriptor)
        if seed < 0 or mount.uid or mount.gid:
            os.fchown(descriptor, mount.uid, mount.gid)
        if seed < 0 or mount.mode is not None:
            os.fchmod(descriptor, 0o755 if mount.mode is None else mount.mode)
    finally:
        os.close(descriptor)
