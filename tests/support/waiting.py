"""Wait for what happens in another process."""

from __future__ import annotations

import os
import time
from collections.abc import Callable


def until(condition: Callable[[], object], patience: float, what: str = "what was waited for") -> None:
    """Ask again and again until a condition holds; fail after `patience` seconds, and say `what` has not happened."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"not after {patience:g} seconds: {what}; load {os.getloadavg()}"
        time.sleep(0.02)
