"""Compress a stream while it is written."""

from __future__ import annotations

from contextlib import contextmanager

from ..errors import CommandFailed, HostLacks, InvalidSpec
from ..linux.writing import write_all
from .compression import zstd_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    Write = Callable[[bytes], None]

KINDS = ("none", "gzip", "zstd")


def writing(descriptor: int, kind: str) -> AbstractContextManager[Write]:
    """Give a function that writes, compressed as `kind` of KINDS, to an open file; it is complete after the block.

    The same bytes always give the same file. Raises InvalidSpec, HostLacks for zstd without the `zstd` command.
    """
    if kind not in KINDS:
        raise InvalidSpec(f"compression {kind!r}: there are {', '.join(KINDS)}")
    return {"none": _plain, "gzip": _gzip, "zstd": _zstd}[kind](descriptor)


@contextmanager
def _plain(descriptor: int) -> Iterator[Write]:
    yield lambda data: write_all(descriptor, data)


@contextmanager
def _gzip(descriptor: int) -> Iterator[Write]:
    import zlib

    packer = zlib.compressobj(6, zlib.DEFLATED, 31)  # zlib writes no name and no time into the header
    yield lambda data: write_all(descriptor, packer.compress(data))
    write_all(descriptor, packer.flush())


@contextmanager
def _zstd(descriptor: int) -> Iterator[Write]:
    import subprocess

    program = zstd_program()
    if program is None:
        raise HostLacks("compression zstd: the host has no zstd command; install the package zstd, or use gzip")
    process = subprocess.Popen([program, "-cq"], stdin=subprocess.PIPE, stdout=descriptor, env={}, cwd="/")
    entry = process.stdin
    try:
        if entry:
            yield lambda data: write_all(entry.fileno(), data)
            entry.close()
        if process.wait():
            raise CommandFailed(f"zstd ended with {process.returncode}", process.returncode)
    finally:
        process.kill()
        process.wait()
