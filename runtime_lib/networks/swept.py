"""What is left of containers that died without saying so."""

from __future__ import annotations

from ..linux.netlink.link import Rtnetlink

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

_MARK = "netns:"


def mark(number: int) -> str:
    """Return what stands in place of the host's interface where an endpoint has none: its network namespace's id."""
    return f"{_MARK}{number}"


def namespace_id(host_interface: str) -> int | None:
    """Return the id of a network namespace from its mark; None of an interface."""
    return int(host_interface[len(_MARK) :]) if host_interface.startswith(_MARK) else None


def sweep(db: sqlite3.Connection) -> None:
    """Forget the endpoints whose container died without saying so: the host's interface, or the namespace, is gone.

    Rows and interfaces are made in one transaction, so an endpoint that somebody is just making is not swept.
    """
    with Rtnetlink() as netlink:
        for row in db.execute("SELECT container_id, host_interface FROM endpoints").fetchall():
            if not _alive(netlink, row["host_interface"]):
                forget(db, row["container_id"])


def forget(db: sqlite3.Connection, container_id: str) -> None:
    """Release all addresses and ports of a container."""
    for table in ("ports", "leases", "endpoints"):
        db.execute(f"DELETE FROM {table} WHERE container_id = ?", (container_id,))


def _alive(netlink: Rtnetlink, host_interface: str) -> bool:
    number = namespace_id(host_interface)
    if number is not None:
        return netlink.has_namespace(number)
    try:
        return netlink.index(host_interface) > 0
    except OSError:
        return False
