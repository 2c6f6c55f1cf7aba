"""Create, start and follow a container to its end: `docker run` in the foreground."""

from __future__ import annotations

from ..store import Store
from .launch import Launch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..monitor.client import Session, Spawned
    from .attach import Wishes
    from .catalog import Container
    from .spec import ContainerSpec


def run(
    store: Store,
    spec: ContainerSpec,
    wishes: Wishes | None = None,
    spawned: Spawned | None = None,
    created: Callable[[str], None] = lambda _id: None,
) -> int:
    """Run a new container in the foreground and return its exit code; `auto_remove` removes it at the end.

    `wishes` says what is passed on between it and the caller; `spawned` is a monitor that was started early;
    `created` is called with the container's id before it is started.

    A container that could not be started is removed as well with `auto_remove`, and stays created otherwise. Raises
    what `create` and `start` raise, and Detached.
    """
    from . import names

    container_id = names.new_id()  # known before there is a container: an interrupt may come at any time
    try:
        with Launch(store, spawned) as launch:
            from .create import create  # beside the start-up of the monitor

            container = create(store, spec, container_id)
            created(container_id)
            with store.lock("container", container.id):
                session = launch.run(container, foreground=True, size=_size(container, wishes))
    except BaseException:
        if spec.auto_remove:
            _remove(store, container_id)
        raise
    with session:
        return _to_the_end(store, container, session, wishes, True)


def _remove(store: Store, container_id: str) -> None:
    from ..errors import ContainerNotFound
    from .remove import remove

    try:
        remove(store, container_id, force=True, volumes=True)
    except ContainerNotFound:
        return  # its creation has failed


def start_attached(store: Store, ref: str, wishes: Wishes | None = None) -> int:
    """Start a container that exists in the foreground, or attach to one that runs; return its exit code.

    255 when its monitor was killed. Raises what `start` raises, and Detached.
    """
    from .attach import Wishes, attach
    from .catalog import find
    from .start import startable

    container = find(store, ref)
    with store.lock("container", container.id):
        session = None
        if startable(store, container):
            with Launch(store) as launch:
                session = launch.run(container, foreground=True, size=_size(container, wishes))
    if session is None:
        code = attach(store, container.id, wishes or Wishes())
        return 255 if code is None else code
    with session:
        return _to_the_end(store, container, session, wishes, not container.spec.tty)


def _size(container: Container, wishes: Wishes | None) -> tuple[int, int]:
    """Return (rows, columns) of the caller's terminal, which the container's begins with."""
    from . import terminal

    return terminal.size(wishes.stdio[0] if wishes else 0) if container.spec.tty else (0, 0)


def _to_the_end(store: Store, container: Container, session: Session, wishes: Wishes | None, proxy: bool) -> int:
    from . import attach
    from .finish import finish_session

    wishes = wishes or attach.Wishes()
    send = attach.sender(store, container) if proxy and wishes.proxy else None
    attach.follow(session, container.spec.tty, container.spec.interactive, wishes, send)
    if session.exit_code is None:
        raise ConnectionError(104, f"the monitor of container {container.name} was killed; its exit code is unknown")
    finish_session(store, container, session)
    return session.exit_code
