"""Start the interpreters that a start or an exec needs before anything else is imported or opened.

Their start-up takes as long as all that a short-lived command has to import: so both go on side by side.
"""

from __future__ import annotations

import os

from .. import library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..monitor.client import Spawned
    from ..oci.helper import Helper
    from ..paths import Layout


def monitor(layout: Layout) -> Spawned | None:
    """Start a monitor for `run`; None where the library is not installed yet, or without root."""
    folder = _library(layout)
    if folder is None:
        return None
    from ..monitor.client import prespawn

    return prespawn(folder, f"/{layout.label}/monitors")


def helper(layout: Layout) -> Helper | None:
    """Start a helper for `execute.stream`; None where the library is not installed yet, or without root."""
    folder = _library(layout)
    if folder is None:
        return None
    from ..oci.helper import spawn

    return spawn(folder)


def _library(layout: Layout) -> str | None:
    return library.installed(layout) if os.geteuid() == 0 else None
