"""How much of a container's output is kept."""

from __future__ import annotations

from ..errors import InvalidSpec
from .sizes import size
from .spec import ContainerSpec

DEFAULT_SIZE = 10 * 1024 * 1024
DEFAULT_FILES = 3


def limits(spec: ContainerSpec) -> tuple[int, int]:
    """Return (bytes of one file, number of files); (0, 0) when nothing is to be kept.

    Unlike Docker, whose default fills the disk, a log is at most 3 files of 10 MiB unless the user says otherwise;
    `max-size: -1` is no limit.
    """
    if spec.log_driver == "none":
        return 0, 0
    bytes_of_one = size(spec.log_options.get("max-size", DEFAULT_SIZE), "log option max-size")
    files = spec.log_options.get("max-file", str(DEFAULT_FILES))
    if not files.isascii() or not files.isdigit() or not 1 <= int(files) <= 1000:
        raise InvalidSpec(f"log option max-file: {files!r} is not a number of files from 1 to 1000")
    if bytes_of_one == 0 or bytes_of_one < -1:
        raise InvalidSpec("log option max-size must be a size above 0, or -1 for no limit")
    return bytes_of_one, int(files)
