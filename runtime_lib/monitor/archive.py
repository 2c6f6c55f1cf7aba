"""Older files of a log, compressed; and read again as if they were not."""

from __future__ import annotations

import posix
import zlib

_GZIP = 31  # wbits of zlib for a gzip file
_FAST = 1  # level: the application waits
_BLOCK = 256 * 1024
_FLAGS = posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC | posix.O_NOFOLLOW | posix.O_CLOEXEC


def compress(path: str) -> None:
    """Replace a file by `path.gz`, which keeps its time. A disk without room leaves it as it is."""
    temporary = f"{path}.gz.tmp"
    try:
        source = posix.open(path, posix.O_RDONLY | posix.O_NOFOLLOW | posix.O_CLOEXEC)
        try:
            _copy(source, temporary)
            status = posix.fstat(source)
        finally:
            posix.close(source)
        posix.utime(temporary, ns=(status.st_mtime_ns, status.st_mtime_ns))
        posix.rename(temporary, f"{path}.gz")
        posix.unlink(path)
    except OSError:
        try:
            posix.unlink(temporary)
        except OSError:
            return


def _copy(source: int, path: str) -> None:
    packer = zlib.compressobj(_FAST, zlib.DEFLATED, _GZIP)
    target = posix.open(path, _FLAGS, 0o640)
    try:
        while True:
            data = posix.read(source, _BLOCK)
            _write(target, packer.compress(data) if data else packer.flush())
            if not data:
                return
    finally:
        posix.close(target)


def _write(target: int, data: bytes) -> None:
    while data:
        data = data[posix.write(target, data) :]


def unpacked(descriptor: int) -> int:
    """Return a descriptor of the content of a compressed file, in memory and with its time; the other one is closed.

    What a power cut has left of a file is read as far as it goes.
    """
    memory = posix.memfd_create("log", posix.MFD_CLOEXEC)
    unpacker = zlib.decompressobj(_GZIP)
    try:
        while True:
            data = posix.read(descriptor, _BLOCK)
            if not data:
                break
            _write(memory, unpacker.decompress(data))
    except zlib.error:
        pass  # the rest of it is lost
    status = posix.fstat(descriptor)
    posix.utime(memory, ns=(status.st_mtime_ns, status.st_mtime_ns))
    posix.lseek(memory, 0, 0)
    posix.close(descriptor)
    return memory
