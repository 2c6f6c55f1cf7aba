"""Writing into the tree of a running container with a user namespace: by a child in that namespace.

There every owner is what the container knows, and the host's root could make no file at all: the tree, an overlay of
id-mapped layers, has no place for ids from outside of the container's range.
"""

from __future__ import annotations

import os

from .. import errors
from ..images.tarreader import TarReader
from ..images.unpack import unpack
from ..jsontext import compact, parse
from ..linux import libc, userns
from ..linux.saferoot import SafeRoot
from ..linux.writing import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import NoReturn

    from ..images.tarheader import Entry

_PIECE = 65536


class ShiftedRoot(SafeRoot):
    """The tree as the host sees it, and `userns`, a descriptor of the namespace whose ids it has."""

    userns = -1


class _Within(TarReader):
    """An archive all of whose owners must be known in this process's user namespace."""

    def __iter__(self) -> Iterator[Entry]:
        """Yield every member. Raises InvalidSpec for one of another owner."""
        users, groups = (userns.mappings(os.getpid(), file) for file in ("uid_map", "gid_map"))
        for entry in super().__iter__():
            if -1 in (userns.outside(users, entry.uid), userns.outside(groups, entry.gid)):
                raise errors.InvalidSpec(
                    f"{entry.name} belongs to {entry.uid}:{entry.gid}, and the container's user namespace has no such"
                    " user or group: copy it with -a, which gives it to the container's user, or change its owner"
                )
            yield entry


def unpack_inside(
    root: ShiftedRoot, pieces: Iterator[bytes], folder: str, owner: tuple[int, int] | None, mode: int | None
) -> None:
    """Do what `images.unpack.unpack` does, with the owners of the container. Raises as that does."""
    source, archive = os.pipe2(os.O_CLOEXEC)
    answer, report = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        os.close(archive)
        reader = (TarReader if owner else _Within)(lambda: os.read(source, _PIECE))
        _be(lambda: unpack(reader, root, folder, owner, mode), root.userns, report)
    os.close(source)
    os.close(report)
    try:
        _send(pieces, archive)
        with open(answer, "rb", closefd=False) as file:
            told = file.read()
    finally:
        os.close(answer)
        os.waitpid(pid, 0)
    _raise(told)


def _send(pieces: Iterator[bytes], archive: int) -> None:
    try:
        for piece in pieces:
            write_all(archive, piece)
    except BrokenPipeError:
        return  # it has failed, and says why
    finally:
        os.close(archive)


def _be(work: Callable[[], None], userns: int, report: int) -> NoReturn:
    told = b""
    try:
        libc.setns(userns, libc.CLONE_NEWUSER)
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        work()
        told = b"ok"
    except OSError as error:
        told = compact(["", error.errno or 5, error.strerror or str(error), str(error.filename or "")]).encode()
    except errors.SkiffError as error:
        told = compact([type(error).__name__, str(error)]).encode()
    finally:
        os.write(report, told)
        os._exit(0)


def _raise(told: bytes) -> None:
    if told == b"ok":
        return
    kind, *rest = parse(told.decode()) if told else ("", 5, "the process that writes into the container ended", "")
    if kind:
        raise getattr(errors, kind)(rest[0])
    number, message, path = rest
    raise OSError(number, message, path or None)
