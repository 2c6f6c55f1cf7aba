"""End containers: ask, then insist."""

from __future__ import annotations

import _signal as numbers
import time

from ..errors import Busy
from ..images import catalog as images
from ..monitor import client
from ..store import Store
from . import release
from .catalog import Container, find, state
from .finish import ALIVE, finish, finish_session
from .stopping import stop_signal, stop_timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

    from ..monitor.client import Session
    from ..monitor.state import State

DEATH = 30.0  # seconds that a killed process may take; longer only in uninterruptible sleep (state D)
_POLL = 0.05  # seconds; only where a monitor was killed and nobody can tell the end


def stop(store: Store, ref: str, timeout: float | None = None) -> None:
    """Send the stop signal, and SIGKILL after `timeout` seconds (None: the container's own, else 10; -1: never).

    Returns when the container has ended and everything is given back; one that does not run is left alone. Raises
    Busy when a process does not even die of SIGKILL.
    """
    container = find(store, ref)
    number = stop_signal(container, images.get(store, container.image_id))
    end(store, container, number, stop_timeout(container, timeout))


def kill_for_good(store: Store, container: Container, remove: bool = False) -> None:
    """Kill a container at once and give back what its run had taken."""
    end(store, container, numbers.SIGKILL, 0.0, remove)


def end(store: Store, container: Container, number: int, seconds: float, remove: bool = True) -> None:
    """End a container with signal `number`, and SIGKILL after `seconds` (-1: never); no lock is held while waiting.

    An `auto_remove` container is removed, unless `remove` is False.
    """
    timeout = None if seconds < 0 else seconds
    session = _announce(store, container, number)
    if session is None:
        _end_unmonitored(store, container, timeout)
        finish(store, container, remove)
        return
    with session:
        try:
            _wait(store, container, session, timeout)
        except ConnectionError:  # the monitor was killed meanwhile
            _end_unmonitored(store, container, timeout)
        finish_session(store, container, session, remove)


def note_stopped(db: sqlite3.Connection, container_id: str) -> None:
    """Remember that the user does not want it to run: a reboot must not start it (`unless-stopped`)."""
    db.execute("UPDATE containers SET stopped_by_user = 1 WHERE id = ? AND NOT stopped_by_user", (container_id,))


def _wait(store: Store, container: Container, session: Session, timeout: float | None) -> None:
    try:
        session.wait(timeout)
    except Busy:
        _kill(store, container)
        session.wait(DEATH)


def _announce(store: Store, container: Container, number: int) -> Session | None:
    """Say that the end is wanted and send the signal; return the monitor's connection where there is one."""
    with store.lock("container", container.id):
        found = state(store, container)
        if found.status not in ALIVE:
            return None
        with store.transaction(durable=True) as db:
            note_stopped(db, container.id)
        session = _monitor(store, container)
        send(store, container, found, number)
        return session


def _monitor(store: Store, container: Container) -> Session | None:
    """Return the connection to the monitor, which knows that the end is near; None when it was killed."""
    try:
        session = client.connect(store.layout.bundle(container.id))
    except (FileNotFoundError, ConnectionError):
        return None
    try:
        session.own_cleanup()
        session.no_restart()
    except ConnectionError:
        session.close()
        return None
    return session


def send(store: Store, container: Container, found: State, number: int) -> None:
    """Send a signal to the first process of a container; one that is paused goes on, to be able to take it."""
    if found.process is None:
        return
    try:
        found.process.signal(number)
    except ProcessLookupError:
        return
    if found.status == "paused":
        release.cgroup(store, container.id).thaw()


def _kill(store: Store, container: Container) -> None:
    send(store, container, state(store, container), numbers.SIGKILL)


def _end_unmonitored(store: Store, container: Container, timeout: float | None) -> None:
    """Wait for a container whose monitor was killed: nobody collects its exit code."""
    process = state(store, container).process
    if process is None:
        return
    deadline = None if timeout is None else time.monotonic() + timeout
    while process.alive() and (deadline is None or time.monotonic() < deadline):
        time.sleep(_POLL)
    if process.alive():
        _kill(store, container)
    deadline = time.monotonic() + DEATH
    while process.alive():
        if time.monotonic() > deadline:
            raise Busy(f"process {process.pid} of container {container.name} does not die; see why it waits, try again")
        time.sleep(_POLL)
