"""Waiting for what ends just now: until the kernel has ended a namespace, its interfaces keep their addresses."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

LIMIT = 5.0  # seconds; the kernel takes 10 to 30 ms on a quiet host
_PAUSE = 0.01


def patiently(errnos: Collection[int], call: Callable[..., object], *arguments: object) -> None:
    """Call until it does not fail with one of these errnos any more, for up to `LIMIT` seconds. Raises OSError."""
    deadline = time.monotonic() + LIMIT
    while True:
        try:
            call(*arguments)
        except OSError as error:
            if error.errno not in errnos or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)
        else:
            return
