"""The host's end of `docker cp`: a file or folder that is copied, or the place of a copy."""

from __future__ import annotations

import os

from ..errors import InvalidSpec, NotFound
from ..images import packing
from ..linux.saferoot import SafeRoot
from ..records import dataclass
from . import copy_paths
from .copy_paths import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_MOST_LINKS = 10  # Docker's


@dataclass(frozen=True)
class Source:
    """What is copied: the name of the copy if none is given, and its archive under any name."""

    name: str
    is_folder: bool
    archive: Callable[[str], Iterator[bytes]]


def source(path: str, follow: bool = False) -> Source:
    """Return a file or folder of this host; with `follow`, what the link at its path leads to.

    Raises NotFound, NotADirectoryError for a file whose path ends in a slash.
    """
    given = copy_paths.absolute(path, os.getcwd())
    try:
        found, other = _followed(given) if follow else _behind_parents(given)
        is_folder = os.path.isdir(found) and not os.path.islink(found)
        if not is_folder:
            os.lstat(found)
    except FileNotFoundError:
        raise NotFound(f"there is no {path} on this host") from None
    name = other or copy_paths.split(found)[1]
    return Source(name, is_folder, lambda member: archive(SafeRoot.at("/"), found, is_folder, member))


def archive(root: SafeRoot, path: str, is_folder: bool, member: str, sparse: bool = True) -> Iterator[bytes]:
    """Yield the archive of a path of a tree, called `member`; closes the tree. `sparse` as in `packing`."""
    with root:
        head, name = copy_paths.split(path)
        if is_folder:
            descriptor = root.open(path, os.O_RDONLY | os.O_DIRECTORY)
            prefix = "" if member == "/" else f"{member}/"
            parts = packing.folder(descriptor, prefix or "/", prefix, sparse)
        else:
            descriptor = root.open(head, os.O_PATH | os.O_DIRECTORY)
            parts = packing.leaf(descriptor, name, member, sparse)
        try:
            yield from parts
        finally:
            os.close(descriptor)


def target(path: str) -> Target:
    """Return the place of a copy, behind all links. Raises NotFound when even its folder does not exist."""
    place = copy_paths.absolute(path, os.getcwd())
    for _unused in range(_MOST_LINKS + 1):
        try:
            linked = os.readlink(place)
        except FileNotFoundError:
            if not os.path.isdir(copy_paths.split(place)[0]):
                raise NotFound(f"there is no folder {copy_paths.split(place)[0]} on this host; make it first") from None
            return Target(place)
        except OSError:  # EINVAL: no link
            return Target(place, os.path.exists(place), os.path.isdir(place))
        place = os.path.join(copy_paths.split(place)[0], linked)
    raise InvalidSpec(f"too many links at {path}")


def _followed(given: str) -> tuple[str, str]:
    os.stat(given)
    return copy_paths.behind_link(given, os.path.realpath(given))


def _behind_parents(given: str) -> tuple[str, str]:
    """Return the path with the links of its folder resolved, and the name where the last one has changed by that."""
    head, _unused, name = given.rpartition("/")
    os.stat(head or "/")
    found = f"{os.path.realpath(head or '/').rstrip('/')}/{name}"
    os.lstat(found)
    changed = given.endswith("/") and copy_paths.split(given)[1] != copy_paths.split(found)[1]
    return found, copy_paths.split(given)[1] if changed else ""
