"""One start, from a stored container to a running process; undone as a whole when a step fails."""

from __future__ import annotations

import os
from contextlib import ExitStack

from .. import library
from ..errors import InvalidSpec, WrongState
from ..images import catalog as images
from ..images import layers
from ..monitor import client
from ..monitor.request import Request
from ..store import Store
from . import bundle, release, signals, start_errors, wiring
from .catalog import Container, state
from .log_limits import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..images.catalog import Image
    from ..monitor.client import Session

EXIT_MODULE = "runtime_lib.containers.exit"
STOP_TIMEOUT = 10  # seconds; Docker's


class Launch:
    """A start in progress. The monitor's interpreter starts up while the caller prepares what it will run.

    Use it as a context manager: a monitor that got no order is ended with the block.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._unused = ExitStack()

    def __enter__(self) -> Launch:
        store = self._store
        self._spawned = client.prespawn(library.install(store), f"/{store.layout.label}/monitors")
        self._unused.callback(self._spawned.cancel)
        return self

    def __exit__(self, *_: object) -> None:
        self._unused.close()

    def run(self, container: Container, foreground: bool = False) -> Session:
        """Start the container, whose lock the caller holds; return the connection to its monitor.

        With `foreground` it is an attached one. Raises CommandFailed with 126 or 127 when the program cannot be
        executed, OSError for what the host refused; then nothing is left of the start.
        """
        store = self._store
        with ExitStack() as undo:
            release.release(store, container.id)
            undo.callback(release.release, store, container.id)
            os.mkdir(store.layout.bundle(container.id), 0o700)
            netns = wiring.connect(store, container)
            if netns >= 0:
                undo.callback(os.close, netns)
            session = self._order(container, foreground, netns)
            undo.pop_all()
        if netns >= 0:
            os.close(netns)
        return session

    def _order(self, container: Container, foreground: bool, netns: int) -> Session:
        store = self._store
        image = images.get(store, container.image_id)
        bundle.write(store, container, image, layers.folders(store, image.layers))
        with store.transaction() as db:
            db.execute("UPDATE containers SET stopped_by_user = 0 WHERE id = ?", (container.id,))
        self._unused.pop_all()  # from here on it ends by itself when it fails
        try:
            return self._spawned.start(_request(store, container, image, foreground), netns)
        except OSError as error:
            raise start_errors.explain(container.name, error) from error


def _request(store: Store, container: Container, image: Image, foreground: bool) -> Request:
    spec, layout = container.spec, store.layout
    folder = layout.container(container.id)
    log_size, log_files = limits(spec)
    return Request(
        layout.bundle(container.id),
        folder,
        f"{folder}/container.log" if log_files else None,
        name=container.name,
        log_max_size=max(log_size, 0),
        log_max_files=log_files,
        restart=spec.restart_policy,
        max_retries=spec.restart_retries,
        tty=spec.tty,
        stdin=spec.interactive,
        stdin_once=foreground and spec.interactive,
        foreground=foreground,
        auto_remove=spec.auto_remove,
        stop_signal=stop_signal(container, image),
        stop_timeout=STOP_TIMEOUT if spec.stop_timeout is None else spec.stop_timeout,
        memory_cgroup=_memory_folder(store, container.id),
        exit_module=EXIT_MODULE,
        exit_arguments=(layout.root, layout.run, container.id),
    )


def check_startable(store: Store, container: Container) -> bool:
    """Whether the container is to be started: False when it runs already. Raises WrongState for a paused one."""
    status = state(store, container).status
    if status == "paused":
        raise WrongState(f"container {container.name} is paused; unpause it instead of starting it")
    return status not in ("running", "restarting")


def stop_signal(container: Container, image: Image | None) -> int:
    """Return the signal that asks the container to end: its own, the image's, or SIGTERM."""
    if container.spec.stop_signal:
        return signals.number(container.spec.stop_signal)
    declared = image.defaults.get("StopSignal") if image else None
    try:
        return signals.number(declared) if isinstance(declared, str) and declared else 15
    except InvalidSpec:
        return 15  # a stranger's image; Docker falls back as well


def _memory_folder(store: Store, container_id: str) -> str:
    paths = release.cgroup(store, container_id).paths()
    return paths.get("memory") or paths.get("unified") or ""


