"""Layers unpacked side by side: making files is the kernel's work, and a second processor does that of the next layer.

They are installed one after the other, the lowest first, by the thread that asks: it has the store's database.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

from . import layers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..store import Store
    from .fetching import Fetch
    from .layers import Layer

_AT_ONCE = 2  # each takes a few MiB
_PARTING = 5.0  # seconds for a thread that may be waiting for another process; what it leaves does not count


class Job:
    """One layer: the blob that comes, what it lies on, and its digest without compression."""

    def __init__(self, fetch: Fetch, parent: str | None, diff_id: str) -> None:
        self.fetch, self._parent, self._diff_id = fetch, parent, diff_id
        self._install: Callable[[], Layer] | None = None
        self._failure: BaseException | None = None
        self._ready, self._over = threading.Event(), threading.Event()

    def run(self, store: Store) -> None:
        """Unpack the layer, and keep it until it is installed or not wanted any more."""
        try:
            if not self._over.is_set():
                with layers.unpacked(store, self.fetch, self._parent, self._diff_id) as self._install:
                    self._ready.set()
                    self._over.wait()
        except BaseException as error:  # goes to whoever installs it
            self._failure = error
        self._ready.set()

    def install(self) -> None:
        """Wait until it is unpacked, and have it count. Raises what that has failed with."""
        self._ready.wait()
        try:
            if self._install is None:
                raise self._failure or RuntimeError("a layer that nobody wants any more is installed")
            if self._failure:
                raise self._failure
            self._install()
        finally:
            self._over.set()

    def abandon(self) -> None:
        """It is not wanted any more, if it is not installed."""
        self._over.set()
        self.fetch.abandon()


@contextmanager
def unpacking(store: Store, jobs: Sequence[Job]) -> Iterator[None]:
    """Unpack layers, in this order, while a block installs them."""
    waiting = iter(jobs)
    turn = threading.Lock()

    def work() -> None:
        while True:
            with turn:
                job = next(waiting, None)
            if job is None:
                return
            job.run(store)

    threads = [threading.Thread(target=work, daemon=True) for _unused in range(min(_AT_ONCE, len(jobs)))]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for job in jobs:
            job.abandon()
        deadline = time.monotonic() + _PARTING
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
