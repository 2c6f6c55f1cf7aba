"""Signals, restarts, pauses and names of containers that exist."""

from __future__ import annotations

import _sqlite3 as sqlite3

from ..errors import InvalidSpec, NameTaken, WrongState
from ..images import catalog as images
from ..monitor import client
from ..networks import names as host_names
from ..patterns import NAME
from ..store import Store
from . import events, release, signals
from .catalog import Container, find, state
from .start import start
from .stop import end, note_stopped, send
from .stopping import stop_signal, stop_timeout


def kill(store: Store, ref: str, signal: str | int = "KILL") -> None:
    """Send a signal to the first process of a running container; returns at once.

    KILL and the container's stop signal also keep the restart policy from starting it again, as in Docker.
    Raises ContainerNotFound, InvalidSpec, WrongState.
    """
    container = find(store, ref)
    number = signals.number(signal)
    with store.lock("container", container.id):
        found = state(store, container)
        if not found.running():
            raise WrongState(f"container {container.name} does not run, so it cannot be sent a signal")
        if number in (9, stop_signal(container, images.known(store, container.image_id))):
            _no_restart(store, container)
        send(store, container, found, number)
        events.note(store, container, "kill", signal=str(number))


def restart(store: Store, ref: str, timeout: float | None = None, signal: str | None = None) -> Container:
    """Stop a container, if it runs, with `signal` in place of its stop signal, and start it."""
    container = find(store, ref)
    number = signals.number(signal) if signal else stop_signal(container, images.known(store, container.image_id))
    end(store, container, number, stop_timeout(container, timeout), remove=False, stops=True)
    container = start(store, container.id)
    events.note(store, container, "restart")
    return container


def pause(store: Store, ref: str) -> None:
    """Freeze all processes of a container. Raises WrongState when it does not run or is paused."""
    _freeze(store, ref, True)


def unpause(store: Store, ref: str) -> None:
    """Let a paused container go on. Raises WrongState when it is not paused."""
    _freeze(store, ref, False)


def rename(store: Store, ref: str, name: str) -> None:
    """Give a container another name. Raises NameTaken."""
    container = find(store, ref)
    if len(name) > 255 or not NAME.match(name):
        raise InvalidSpec(f"container name {name[:64]!r}: use letters, digits, '_', '.' and '-'")
    try:
        with store.transaction(durable=True) as db:
            db.execute("UPDATE containers SET name = ? WHERE id = ?", (name, container.id))
            networks = host_names.rename(db, container.id, name)
    except sqlite3.IntegrityError as error:
        raise NameTaken(f"the name {name!r} belongs to another container; remove or rename that") from error
    for network in networks:
        host_names.refresh(store, network)
    events.renamed(store, find(store, container.id), container.name)


def _freeze(store: Store, ref: str, wanted: bool) -> None:
    container = find(store, ref)
    with store.lock("container", container.id):
        status = state(store, container).status
        if status != ("running" if wanted else "paused"):
            verb = "paused" if wanted else "unpaused"
            raise WrongState(f"container {container.name} is {status}, so it cannot be {verb}")
        group = release.cgroup(store, container.id)
        if wanted:
            group.freeze()
        else:
            group.thaw()
        with client.connect(store.layout.bundle(container.id)) as session:
            session.paused(wanted)
        events.note(store, container, "pause" if wanted else "unpause")


def _no_restart(store: Store, container: Container) -> None:
    with store.transaction(durable=True) as db:
        note_stopped(db, container.id)
    try:
        with client.connect(store.layout.bundle(container.id)) as session:
            session.no_restart()
    except (FileNotFoundError, ConnectionError):
        return  # its monitor was killed, and the policy with it
