"""Copy files and folders into and out of containers, running or not, as `docker cp` does."""

from __future__ import annotations

import os
import stat

from ..errors import InvalidSpec, NotFound
from ..images import catalog as images
from ..images.tarreader import TarReader
from ..images.unpack import unpack
from ..linux.saferoot import SafeRoot
from ..store import Store
from . import copy_host, copy_paths, copy_tree, events, userns, users
from .catalog import Container, find
from .copy_host import Source
from .shifted import ShiftedRoot, unpack_inside
from .view import view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def copy_in(store: Store, ref: str, path: str, source: Source, own: bool = False) -> None:
    """Copy a file or folder of this host to a path of a container; with `own` it becomes the container's user's.

    Otherwise owners stay as they are. Raises ContainerNotFound, NotFound, InvalidSpec, WrongState, OSError.
    """
    container = find(store, ref)
    with view(store, container) as root:
        folder, name = copy_paths.place(source.name, source.is_folder, copy_tree.target(root, path))
        put(container, root, folder, source.archive(name), user(store, container, root) if own else None)
    events.note(store, container, "extract-to-dir")


def extract(store: Store, ref: str, path: str, pieces: Iterator[bytes], own: bool = False) -> None:
    """Unpack an archive into a folder of a container, as `docker cp -` does. Raises what `copy_in` does."""
    container = find(store, ref)
    with view(store, container) as root:
        target = copy_tree.target(root, path)
        if not target.is_folder:
            raise InvalidSpec(
                f"an archive can be unpacked into a folder only; {path} is none in container {container.name}"
            )
        put(container, root, target.path, pieces, user(store, container, root) if own else None)
    events.note(store, container, "extract-to-dir")


def copy_out(store: Store, ref: str, path: str, target: str, follow: bool = False) -> None:
    """Copy a file or folder of a container to a path of this host; the copy is the caller's.

    Raises what `copy_in` does.
    """
    container = find(store, ref)
    with view(store, container, writable=not userns.wanted(container.spec)) as root:
        source = source_in(container, root, path, follow)
        folder, name = copy_paths.place(source.name, source.is_folder, copy_host.target(target))
        with SafeRoot.at(folder) as place:
            unpack(reader(source.archive(name)), place, "", (os.geteuid(), os.getegid()))
    events.note(store, container, "archive-path")


def pack(store: Store, ref: str, path: str, follow: bool = False) -> Iterator[bytes]:
    """Yield the archive of a file or folder of a container, as `docker cp CONTAINER:PATH -` writes it.

    Take all of it, or close it: the container's tree is open meanwhile. Raises what `copy_in` does.
    """
    container = find(store, ref)
    with view(store, container, writable=not userns.wanted(container.spec)) as root:
        yield from source_in(container, root, path, follow).archive("")
    events.note(store, container, "archive-path")


def source_in(container: Container, root: SafeRoot, path: str, follow: bool = False) -> Source:
    """Return a file or folder of a container's tree; its archive called "" is for others: with Docker's name.

    Raises NotFound.
    """
    place, other = copy_paths.absolute(path), ""
    try:
        found = copy_tree.look(root, place)
        if follow and stat.S_ISLNK(found.st_mode):
            place, other = copy_paths.behind_link(place, copy_tree.resolve(root, place))
            found = copy_tree.look(root, place)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"there is no {path} in container {container.name}") from None
    is_folder, name = stat.S_ISDIR(found.st_mode), copy_paths.split(place)[1]
    top = root.descriptor

    def archive(member: str) -> Iterator[bytes]:
        return copy_host.archive(SafeRoot(os.dup(top)), place, is_folder, member or name, sparse=bool(member))

    return Source(other or name, is_folder, archive)


def put(
    container: Container,
    root: SafeRoot,
    folder: str,
    pieces: Iterator[bytes],
    owner: tuple[int, int] | None = None,
    mode: int | None = None,
) -> None:
    """Unpack an archive into a folder of a container's tree. Raises NotFound, WrongState where it is read-only."""
    try:
        opened = root.open(folder, os.O_PATH | os.O_DIRECTORY)
    except FileNotFoundError:
        raise NotFound(f"there is no folder {folder} in container {container.name}; make it first") from None
    try:
        place = copy_tree.real(root, opened)
    finally:
        os.close(opened)
    copy_tree.writable(container.spec, place)
    if isinstance(root, ShiftedRoot):
        unpack_inside(root, pieces, place, owner, mode)
    else:
        unpack(reader(pieces), root, place, owner, mode)


def user(store: Store, container: Container, root: SafeRoot) -> tuple[int, int]:
    """Return user and group that the container's processes have."""
    declared = images.known(store, container.image_id).defaults.get("User")
    found = users.lookup(root, container.spec.user or (declared if isinstance(declared, str) else ""), ())
    return found.uid, found.gid


def reader(pieces: Iterator[bytes]) -> TarReader:
    """Return the members of an archive that comes in pieces."""
    return TarReader(lambda: next((piece for piece in pieces if piece), b""))
