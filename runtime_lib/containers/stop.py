"""End containers: ask, then insist."""

from __future__ import annotations

import _signal as numbers
import time

from ..errors import Busy
from ..images import catalog as images
from ..monitor import client
from ..store import LOCK_PATIENCE, Store
from . import events, release, signals
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


def stop(store: Store, ref: str, timeout: float | None = None, signal: str | None = None) -> None:
    """Send the stop signal, or `signal`, and SIGKILL after `timeout` seconds.

    `timeout` None is the container's own, else 10; -1 is never. Returns when the container has ended and everything is
    given back; one that does not run is left alone. Raises Busy when a process does not even die of SIGKILL.
    """
    container = find(store, ref)
    number = signals.number(signal) if signal else stop_signal(container, images.known(store, container.image_id))
    end(store, container, number, stop_timeout(container, timeout), stops=True)


def kill_for_good(store: Store, container: Container, remove: bool = False) -> None:
    """Kill a container at once and give back what its run had taken."""
    end(store, container, numbers.SIGKILL, 0.0, remove)


def end(
    store: Store, container: Container, number: int, seconds: float, remove: bool = True, stops: bool = False
) -> None:
    """End a container with signal `number`, and SIGKILL after `seconds` (-1: never); no lock is held while waiting.

    An `auto_remove` container is removed, unless `remove` is False. With `stops` the log of events calls that a stop.
    Raises Busy.
    """
    lives = state(store, container).status in ALIVE
    session = announce(store, container, number)
    try:
        if not ended(store, container, session, None if seconds < 0 else seconds):
            insist(store, container)
            if number != numbers.SIGKILL:
                events.note(store, container, "kill", signal=str(int(numbers.SIGKILL)))
            if not ended(store, container, session, DEATH):
                raise survivor(store, container)
        if stops and lives:
            events.note(store, container, "stop")
        if session is None:
            finish(store, container, remove)
        else:
            finish_session(store, container, session, remove)
    finally:
        if session is not None:
            session.close()


def note_stopped(db: sqlite3.Connection, container_id: str) -> None:
    """Remember that the user does not want it to run: a reboot must not start it (`unless-stopped`)."""
    db.execute("UPDATE containers SET stopped_by_user = 1 WHERE id = ? AND NOT stopped_by_user", (container_id,))


def announce(
    store: Store, container: Container, number: int, by_user: bool = True, patience: float = LOCK_PATIENCE
) -> Session | None:
    """Say that the end is wanted and send the signal; return the monitor's connection where there is one.

    Unless it is `by_user`, the restart policy starts it again after the next boot. Raises Busy when somebody else
    works on the container for longer than `patience` seconds.
    """
    with store.lock("container", container.id, patience):
        found = state(store, container)
        if found.status not in ALIVE:
            return None
        if by_user:
            with store.transaction(durable=True) as db:
                note_stopped(db, container.id)
        session = _monitor(store, container)
        send(store, container, found, number)
        events.note(store, container, "kill", signal=str(int(number)))
        return session


def ended(store: Store, container: Container, session: Session | None, seconds: float | None) -> bool:
    """Wait up to `seconds` (None: for ever) for the end of a container; return whether it has come."""
    if session is not None:
        try:
            session.wait(seconds)
            return True
        except Busy:
            return False
        except ConnectionError:
            pass  # the monitor was killed meanwhile: nobody collects the exit code
    process = state(store, container).process
    deadline = None if seconds is None else time.monotonic() + seconds
    while process is not None and process.alive():
        if deadline is not None and time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True


def insist(store: Store, container: Container) -> None:
    """Kill a container."""
    send(store, container, state(store, container), numbers.SIGKILL)


def survivor(store: Store, container: Container) -> Busy:
    """Return the error for a container that does not even die of SIGKILL."""
    process = state(store, container).process
    pid = process.pid if process else 0
    return Busy(f"process {pid} of container {container.name} does not die; see why it waits, try again")


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
