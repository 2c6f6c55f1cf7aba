"""The store of this host, opened once for a call."""

from __future__ import annotations

from ..paths import Layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store import Store


def layout() -> Layout:
    """Return the installation that SKIFF_ROOT and SKIFF_RUN name, or the default one."""
    return Layout.from_environment()


def store() -> Store:
    """Return its store. Raises HostLacks without root."""
    from ..store import Store

    return Store(layout())
