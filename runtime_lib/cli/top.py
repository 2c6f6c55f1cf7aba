"""`skiff top`."""

from __future__ import annotations

from . import opened, output
from .options import Usage

_TOP = Usage("top", "CONTAINER [ps OPTIONS]", "List the processes of a container", (), 1)
_WIDTH = 20  # least signs of a column; Docker's


def top(words: list[str]) -> int:
    """List the processes of a container as `docker top` does."""
    from ..containers.top import top as processes

    wanted, *options = _TOP.parse(words, interspersed=False).arguments
    titles, rows = processes(opened.store(), wanted, options)
    output.write_lines(output.table(titles, rows, _WIDTH))
    return 0
