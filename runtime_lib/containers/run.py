"""Create, start and follow a container to its end: `docker run` in the foreground."""

from __future__ import annotations

from ..store import Store
from .launch import Launch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..monitor.client import Session, Spawned
    from .catalog import Container
    from .spec import ContainerSpec


def run(
    store: Store, spec: ContainerSpec, stdio: tuple[int, int, int] = (0, 1, 2), spawned: Spawned | None = None
) -> int:
    """Run a new container in the foreground and return its exit code; `auto_remove` removes it at the end.

    `spawned` is a monitor that was started early.

    Signals that come meanwhile are passed on to it. A container that could not be started is removed as well with
    `auto_remove`, and stays created otherwise. Raises what `create` and `start` raise.
    """
    from . import names

    container_id = names.new_id()  # known before there is a container: an interrupt may come at any time
    try:
        with Launch(store, spawned) as launch:
            from .create import create  # beside the start-up of the monitor

            container = create(store, spec, container_id)
            with store.lock("container", container.id):
                session = launch.run(container, foreground=True)
    except BaseException:
        if spec.auto_remove:
            _remove(store, container_id)
        raise
    with session:
        return _to_the_end(store, container, session, stdio)


def _remove(store: Store, container_id: str) -> None:
    from ..errors import ContainerNotFound
    from .remove import remove

    try:
        remove(store, container_id, force=True, volumes=True)
    except ContainerNotFound:
        return  # its creation has failed


def start_attached(store: Store, ref: str, stdio: tuple[int, int, int] = (0, 1, 2)) -> int:
    """Start a container that exists in the foreground, or attach to one that runs; return its exit code.

    255 when its monitor was killed. Raises what `start` raises.
    """
    from .attach import attach
    from .catalog import find
    from .start import startable

    container = find(store, ref)
    with store.lock("container", container.id):
        session = None
        if startable(store, container):
            with Launch(store) as launch:
                session = launch.run(container, foreground=True)
    if session is None:
        code = attach(store, container.id, stdio)
        return 255 if code is None else code
    with session:
        return _to_the_end(store, container, session, stdio)


def _to_the_end(store: Store, container: Container, session: Session, stdio: tuple[int, int, int]) -> int:
    from . import attach, terminal
    from .finish import finish_session

    process = session.process

    def send(number: int) -> None:
        try:
            if process is not None:
                process.signal(number)
        except ProcessLookupError:
            return  # it has ended already; or, restarted, it is another one

    with terminal.forwarding(send):
        attach.follow(session, stdio, container.spec.tty, container.spec.interactive)
    if session.exit_code is None:
        raise ConnectionError(104, f"the monitor of container {container.name} was killed; its exit code is unknown")
    finish_session(store, container, session)
    return session.exit_code
