"""The store of this host, opened once for a call."""

from __future__ import annotations

import os

from ..errors import HostLacks
from ..paths import Layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store import Store


def layout() -> Layout:
    """Return the installation that SKIFF_ROOT and SKIFF_RUN name, or the default one."""
    return Layout.from_environment()


def store() -> Store:
    """Return its store. Raises HostLacks without root."""
    if os.geteuid() != 0:
        raise HostLacks("containers need root: call this with sudo")
    from ..store import Store

    return Store(layout())
