"""Completion of `skiff cp NAME:PATH`: names of containers, and what lies in their trees."""

from __future__ import annotations

import os
import stat

from ..containers.copy_paths import container_and_path
from ..errors import SkiffError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# A shell may put a name on the user's line as it is: whoever fills a container must not get words of a command there.
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+,@%/")
_MOST = 1000


def candidates(word: str, containers: Sequence[str]) -> list[str]:
    """Return what a word may become: `NAME:` of a container, or a path in it; a folder ends in a slash.

    Nothing for a path of this host, which the shell completes itself, and without root.
    """
    name, path = container_and_path(word)
    if not name:
        return [f"{one}:" for one in containers]
    if name not in containers or os.geteuid() != 0:
        return []
    folder = path[: path.rfind("/") + 1]
    return [f"{name}:{folder}{one}" for one in _names(name, folder, path[len(folder) :])]


def _names(container: str, folder: str, start: str) -> list[str]:
    from ..containers.catalog import find
    from ..containers.view import view
    from ..store import Store
    from .opened import layout

    store = Store.observer(layout())
    try:
        with view(store, find(store, container), writable=False, mount=False) as root:
            descriptor = root.open(folder or "/", os.O_RDONLY | os.O_DIRECTORY)
            try:
                return sorted(_listed(descriptor, start))
            finally:
                os.close(descriptor)
    except (SkiffError, OSError):
        return []  # a word that nobody can complete is no failure


def _listed(folder: int, start: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        plain = (entry for entry in entries if entry.name.startswith(start) and _PLAIN.issuperset(entry.name))
        for _number, entry in zip(range(_MOST), plain):
            mode = entry.stat(follow_symlinks=False).st_mode
            yield f"{entry.name}/" if stat.S_ISDIR(mode) else entry.name
