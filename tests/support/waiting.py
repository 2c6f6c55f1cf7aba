"""Wait for what happens in another process."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], object], patience: float) -> None:
    """Ask again and again until a condition holds; fail after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
