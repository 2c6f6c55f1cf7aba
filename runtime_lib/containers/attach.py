"""Between a user's terminal or pipes and a container that runs."""

from __future__ import annotations

import os
import select

from ..errors import WrongState
from ..monitor import client
from ..store import Store
from . import terminal
from .catalog import find, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..monitor.client import Session

_CHUNK = 32 * 1024
_STDERR = 2


def attach(store: Store, ref: str, stdio: tuple[int, int, int] = (0, 1, 2)) -> int | None:
    """Follow the output of a running container, and feed its input, until it ends; return its exit code.

    None when the monitor has gone without one.
    """
    container = find(store, ref)
    if not state(store, container).running():
        raise WrongState(f"container {container.name} does not run; start it to attach to it")
    with client.connect(store.layout.bundle(container.id)) as session:
        session.attach()
        follow(session, stdio, container.spec.tty, container.spec.interactive)
        return session.exit_code


def follow(session: Session, stdio: tuple[int, int, int], tty: bool, interactive: bool) -> None:
    """Pass output, and with `interactive` input, between `stdio` and an attached session until the container ends."""
    if not tty:
        _pump(session, stdio, interactive)
        return
    # Without input, the keys that make signals stay such, and the caller forwards those to the container.
    with terminal.raw(stdio[0] if interactive else -1), terminal.resizing(stdio[0], session.resize):
        _pump(session, stdio, interactive)


def _pump(session: Session, stdio: tuple[int, int, int], interactive: bool) -> None:
    sources = [session.fileno(), *([stdio[0]] if interactive else [])]
    while True:
        readable, _unused, _unused = select.select(sources, (), (), 0 if session.pending() else None)
        if stdio[0] in readable and stdio[0] in sources and not _input(session, stdio[0]):
            sources.remove(stdio[0])
        if session.pending() or session.fileno() in readable:
            chunks = session.output()
            if chunks is None:
                return
            for stream, data in chunks:
                write_all(stdio[2] if stream == _STDERR else stdio[1], data)


def _input(session: Session, descriptor: int) -> bool:
    """Pass on what was typed; False after the end of it."""
    data = os.read(descriptor, _CHUNK)
    try:
        if data:
            session.stdin(data)
        else:
            session.end_stdin()
    except BrokenPipeError:
        return False  # it has ended; its last output is still to be read
    return bool(data)


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything, however little a pipe takes at once."""
    while data:
        data = data[os.write(descriptor, data) :]
