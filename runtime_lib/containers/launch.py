"""One start, from a stored container to a running process; undone as a whole when a step fails."""

from __future__ import annotations

import os
from contextlib import ExitStack

from .. import library
from ..monitor import client
from ..store import Store

# Everything else is imported after the monitor's interpreter has been started, which takes as long as the imports.

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..images.catalog import Image
    from ..monitor.client import Session, Spawned
    from ..monitor.request import Request
    from .catalog import Container
    from .config_mounts import Additions

EXIT_MODULE = "runtime_lib.containers.exit"
_FOREVER = 10**6  # seconds; what is left of a timeout of -1 when the host shuts down


class Launch:
    """A start in progress. The monitor's interpreter starts up while the caller prepares what it will run.

    Use it as a context manager: a monitor that got no order is ended with the block.
    """

    def __init__(self, store: Store, spawned: Spawned | None = None) -> None:
        """Take over a monitor that waits for its order, or start one."""
        self._store = store
        self._given = spawned
        self._unused = ExitStack()

    def __enter__(self) -> Launch:
        store = self._store
        self._spawned = self._given or client.prespawn(library.install(store), f"/{store.layout.label}/monitors")
        self._unused.callback(self._spawned.cancel)
        return self

    def __exit__(self, *_unused: object) -> None:
        self._unused.close()

    def run(
        self,
        container: Container,
        foreground: bool = False,
        size: tuple[int, int] = (0, 0),
        more: Additions | None = None,
    ) -> Session:
        """Start the container, whose lock the caller holds; return the connection to its monitor.

        With `foreground` it is an attached one; `size` are the first (rows, columns) of its terminal, `more` is what
        this start alone has. Raises CommandFailed with 126 or 127 when the program cannot be executed, OSError for
        what the host refused; then nothing is left of the start.
        """
        from .attach_volumes import mounted
        from .release import release
        from .wiring import connect

        store = self._store
        with ExitStack() as undo:
            release(store, container.id)
            undo.callback(release, store, container.id)
            os.mkdir(store.layout.bundle(container.id), 0o700)
            netns = connect(store, container)
            if netns >= 0:
                undo.callback(os.close, netns)
            with mounted(store, container.spec):
                session = self._order(container, foreground, size, netns, more)
            undo.pop_all()
        if netns >= 0:
            os.close(netns)
        return session

    def _order(
        self, container: Container, foreground: bool, size: tuple[int, int], netns: int, more: Additions | None
    ) -> Session:
        from ..images import catalog as images
        from ..images.layers import folders
        from . import bundle, events, start_errors

        store = self._store
        image = images.get(store, container.image_id)
        image.check_sound()
        bundle.write(store, container, image, folders(store, image.layers), size, more)
        events.prepare(store, container, image)
        if store.row("SELECT 1 FROM containers WHERE id = ? AND stopped_by_user", (container.id,)):
            with store.transaction(durable=True) as db:
                db.execute("UPDATE containers SET stopped_by_user = 0 WHERE id = ?", (container.id,))
        request = _request(store, container, image, foreground)
        self._unused.pop_all()  # from here on it ends by itself when it fails
        try:
            return self._spawned.start(request, netns)
        except OSError as error:
            raise start_errors.explain(container.name, error) from error


def _request(store: Store, container: Container, image: Image, foreground: bool) -> Request:
    from ..monitor.request import Request
    from . import health
    from .log_settings import settings
    from .stopping import stop_signal, stop_timeout

    spec, layout = container.spec, store.layout
    folder = layout.container(container.id)
    runtime = ""
    if spec.oci_runtime:
        from .other_runtime import program

        runtime = program(spec)
    return Request(
        layout.bundle(container.id),
        folder,
        f"{folder}/container.log",
        name=container.name,
        log=settings(container, image.defaults),
        restart=spec.restart_policy,
        max_retries=spec.restart_retries,
        tty=spec.tty,
        stdin=spec.interactive,
        stdin_once=spec.stdin_once,
        foreground=foreground,
        auto_remove=spec.auto_remove,
        stop_signal=stop_signal(container, image),
        stop_timeout=stop_timeout(container) % _FOREVER,
        memory_cgroup=_memory_folder(store, container.id),
        cache=layout.cache,
        runtime=runtime,
        health=health.settings(spec.healthcheck, image.defaults),
        exit_module=EXIT_MODULE,
        exit_arguments=(layout.root, layout.run, container.id),
    )


def _memory_folder(store: Store, container_id: str) -> str:
    from .release import cgroup

    paths = cgroup(store, container_id).paths()
    return paths.get("memory") or paths.get("unified") or ""
