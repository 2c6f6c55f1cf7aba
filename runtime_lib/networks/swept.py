"""What is left of containers that died without saying so."""

from __future__ import annotations

from ..linux.netlink.link import Rtnetlink

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

    from ..linux.process import Process
    from ..store import Store

_MARK = "netns:"


def mark(number: int) -> str:
    """Return what stands in place of the host's interface where an endpoint has none: its network namespace's id."""
    return f"{_MARK}{number}"


def namespace_id(host_interface: str) -> int | None:
    """Return the id of a network namespace from its mark; None of an interface."""
    return int(host_interface[len(_MARK) :]) if host_interface.startswith(_MARK) else None


def sweep(store: Store, db: sqlite3.Connection) -> set[str]:
    """Forget the endpoints whose container died without saying so: their interface is gone (`alive`).

    Rows and interfaces are made in one transaction, so an endpoint that somebody is just making is not swept. Returns
    the ids of containers that run all the same: somebody has taken an interface of theirs.
    """
    robbed = set()
    with Rtnetlink() as netlink:
        for row in db.execute("SELECT container_id, host_interface, interface FROM endpoints").fetchall():
            if alive(netlink, row["host_interface"], row["interface"]):
                continue
            if process(store, row["container_id"]):
                robbed.add(row["container_id"])
            else:
                forget(db, row["container_id"])
    return robbed


def process(store: Store, container_id: str) -> Process | None:
    """Return the first process of a container that runs."""
    from ..monitor.state import read

    found = read(store.layout.bundle(container_id), store.layout.container(container_id)).process
    return found if found is not None and found.alive() else None


def forget(db: sqlite3.Connection, container_id: str) -> None:
    """Release all addresses and ports of a container."""
    for table in ("ports", "leases", "endpoints"):
        db.execute(f"DELETE FROM {table} WHERE container_id = ?", (container_id,))


def alive(netlink: Rtnetlink, host_interface: str, interface: str) -> bool:
    """Whether there is the host's interface of an endpoint, or where it has none, that in the container's namespace."""
    number = namespace_id(host_interface)
    if number is not None:
        return netlink.exists_in(number, interface)
    return netlink.exists(host_interface)
