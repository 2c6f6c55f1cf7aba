"""Archives that ADD unpacks, and contexts that are one."""

from __future__ import annotations

from ..errors import CorruptData
from ..images import compression, extract, tarheader
from ..images.paths import split
from ..images.stream import LayerStream
from ..images.tarreader import TarReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from ..images.tarheader import Entry as Member

_PIECE = 1 << 20


def unpack(file: BinaryIO, folder: int) -> None:
    """Unpack an archive into an open folder, whose own mode and owner stay. Raises CorruptData."""
    with LayerStream(file) as stream:
        extract.layer(_Members(stream.read), f"/proc/self/fd/{folder}")


class _Members(TarReader):
    """An archive's members without its root folder, whose mode and owner stay those of the destination."""

    def __iter__(self) -> Iterator[Member]:
        for member in super().__iter__():
            if split(member.name)[1]:
                yield member


def is_archive(file: BinaryIO) -> bool:
    """Whether a file is a tar archive, compressed or not, which ADD unpacks. It is rewound before and after."""
    file.seek(0)
    try:
        with compression.opened(lambda: file.read(_PIECE)) as pieces:
            block = next(iter(pieces), b"")[: tarheader.BLOCK]
        if len(block) < tarheader.BLOCK or not any(block):
            return False
        tarheader.parse(block)
    except CorruptData:
        return False
    finally:
        file.seek(0)
    return True
