"""Decompress a stream piece by piece: no piece is larger than 1 MiB, whatever an archive promises."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager, suppress

from ..errors import CorruptData, HostLacks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from subprocess import Popen

    Read = Callable[[], bytes]

PIECE = 1 << 20
_ZSTD_FOLDERS = ("/usr/bin", "/bin", "/usr/local/bin")


@contextmanager
def opened(read: Read) -> Iterator[Iterator[bytes]]:
    """Give the uncompressed pieces of what `read` returns: gzip, zstd, bzip2, xz or plain, told by the first bytes.

    Raises CorruptData for data that is damaged or cut off, HostLacks for zstd data without the `zstd` command.
    """
    first = read()
    with closing(_pieces(first, read)) as pieces:
        yield pieces


def digest(path: str) -> str:
    """Return the SHA-256 of a file's content without compression; "" when it is damaged or is not there."""
    import hashlib

    total = hashlib.sha256()
    try:
        with open(path, "rb") as file, opened(lambda: file.read(PIECE)) as plain:
            for piece in plain:
                total.update(piece)
    except (FileNotFoundError, CorruptData):
        return ""
    return total.hexdigest()


def compressed(first: bytes) -> bool:
    """Whether data that starts like this is in one of the compressed formats."""
    return first[:2] == b"\x1f\x8b" or first[:3] == b"BZh" or first[:6] == b"\xfd7zXZ\0" or _is_zstd(first)


def _pieces(first: bytes, read: Read) -> Generator[bytes, None, None]:
    if first[:2] == b"\x1f\x8b":
        return _gzip(first, read)
    if first[:3] == b"BZh":
        return _bzip2(first, read)
    if first[:6] == b"\xfd7zXZ\0":
        return _xz(first, read)
    if _is_zstd(first):
        return _zstd(first, read)
    return _plain(first, read)


def _is_zstd(first: bytes) -> bool:
    # RFC 8878, 3.1: a frame, or a skippable frame before it.
    magic = int.from_bytes(first[:4], "little")
    return magic == 0xFD2FB528 or 0x184D2A50 <= magic <= 0x184D2A5F


def _plain(first: bytes, read: Read) -> Generator[bytes, None, None]:
    while first:
        yield first
        first = read()


def _gzip(data: bytes, read: Read) -> Generator[bytes, None, None]:
    import zlib

    while data:
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            if not data:
                raise CorruptData("the gzip data ends too early; it is damaged or was cut off")
            try:
                piece = member.decompress(data, PIECE)
            except zlib.error as error:
                raise CorruptData(f"the gzip data is damaged: {error}") from error
            data = member.unconsumed_tail or (b"" if member.eof else read())
            if piece:
                yield piece
        data = (member.unused_data or read()).lstrip(b"\0")


def _bzip2(data: bytes, read: Read) -> Generator[bytes, None, None]:
    import bz2

    while data:
        member = bz2.BZ2Decompressor()
        yield from _stdlib(member, "bzip2", data, read)
        data = (member.unused_data or read()).lstrip(b"\0")


def _xz(data: bytes, read: Read) -> Generator[bytes, None, None]:
    import lzma

    while data:
        member = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=256 << 20)
        yield from _stdlib(member, "xz", data, read)
        data = (member.unused_data or read()).lstrip(b"\0")


def _stdlib(member: object, name: str, data: bytes, read: Read) -> Generator[bytes, None, None]:
    import lzma

    while not member.eof:  # type: ignore[attr-defined]
        try:
            piece = member.decompress(data, PIECE)  # type: ignore[attr-defined]
        except (OSError, ValueError, lzma.LZMAError) as error:
            raise CorruptData(f"the {name} data is damaged: {error}") from error
        if piece:
            yield piece
        data = b""
        if member.needs_input and not member.eof:  # type: ignore[attr-defined]
            data = read()
            if not data:
                raise CorruptData(f"the {name} data ends too early; it is damaged or was cut off")


def zstd_program() -> str | None:
    """Return the path of the host's zstd command, None when there is none."""
    return next((f"{folder}/zstd" for folder in _ZSTD_FOLDERS if os.access(f"{folder}/zstd", os.X_OK)), None)


def _zstd(first: bytes, read: Read) -> Generator[bytes, None, None]:
    """Have the zstd command do it: Python before 3.14 cannot."""
    import subprocess
    import threading

    program = zstd_program()
    if program is None:
        raise HostLacks("this archive is zstd-compressed and the host has no zstd command: install the package zstd")
    # Window sizes above 128 MiB are for archives of hundreds of gigabytes only, or for filling the host's memory.
    process = subprocess.Popen(
        [program, "-dcq", "--memory=128MB"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={},
        cwd="/",
    )
    failures: list[BaseException] = []
    feeder = threading.Thread(target=_feed, args=(process, first, read, failures), daemon=True)
    feeder.start()
    try:
        yield from iter(lambda: _stdout(process), b"")
        feeder.join()
        if failures:
            raise failures[0]
        message = process.stderr.read(2000).decode(errors="replace").strip() if process.stderr else ""
        if process.wait() != 0:
            raise CorruptData(f"the zstd data is damaged or was cut off: {message}")
    finally:
        _end(process, feeder)


def _stdout(process: Popen[bytes]) -> bytes:
    return process.stdout.read1(PIECE) if process.stdout else b""  # type: ignore[attr-defined]


def _feed(process: Popen[bytes], data: bytes, read: Read, failures: list[BaseException]) -> None:
    if process.stdin is None:
        return
    try:
        while data:
            process.stdin.write(data)
            data = read()
    except BrokenPipeError:
        pass  # it has ended; its exit code says why
    except BaseException as error:  # goes to the reader, which raises it
        failures.append(error)
    with suppress(BrokenPipeError):
        process.stdin.close()


def _end(process: Popen[bytes], feeder: object) -> None:
    process.kill()
    process.wait()
    feeder.join()  # type: ignore[attr-defined]
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()
