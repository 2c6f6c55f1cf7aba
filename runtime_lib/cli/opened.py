"""The store of this host, opened once for a call."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store import Store


def store() -> Store:
    """Return the store that SKIFF_ROOT names, or the default one. Raises HostLacks without root."""
    from ..paths import Layout
    from ..store import Store

    return Store(Layout.from_environment())
