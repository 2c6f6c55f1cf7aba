"""Stages side by side: one thread for each that the target needs, with a store and a working directory of its own.

A stage that needs another one waits at its lock; needed stages always come earlier in the file, so nobody waits in a
circle. The first failure ends the others: their containers are removed, and what they have finished stays in the cache.
"""

from __future__ import annotations

import os
import queue
import threading

from ..linux import libc
from ..store import Store
from . import run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .state import State

    Make = Callable[[Store, int], State]

_POLL = 0.2  # seconds between two looks at whether a stage has failed, or its thread has ended


class Stopped(Exception):
    """Another stage has failed; what this one was about to do is not wanted any more."""


class Shared:
    """What the threads of one build share: a lock and an outcome for each stage, and room for some steps at once."""

    def __init__(self, stages: int) -> None:
        """Make room for so many stages."""
        self.outcomes: dict[int, State | BaseException] = {}
        self._locks = [threading.Lock() for _unused in range(stages)]
        self._room = threading.Semaphore(max(2, os.cpu_count() or 1))
        self._keys: dict[str, threading.Lock] = {}
        self.stopped = threading.Event()

    def stage(self, index: int, walk: Callable[[], State]) -> State:
        """Return the state of a stage: `walk` makes it, once, while others that need it wait. Raises Stopped."""
        while not self._locks[index].acquire(timeout=_POLL):
            self.check()
        try:
            if index not in self.outcomes:
                try:
                    self.outcomes[index] = walk()
                except BaseException as error:
                    self.outcomes[index] = error
            found = self.outcomes[index]
        finally:
            self._locks[index].release()
        if isinstance(found, BaseException):
            raise found
        return found

    def key(self, key: str) -> threading.Lock:
        """Return the lock of a step: the same one in two stages is made once."""
        return self._keys.setdefault(key, threading.Lock())

    def check(self) -> None:
        """Raise Stopped when another stage has failed."""
        if self.stopped.is_set():
            raise Stopped

    def __enter__(self) -> None:
        self._room.acquire()

    def __exit__(self, *_unused: object) -> None:
        self._room.release()


def _make_apart(store: Store, index: int, make: Make) -> None:
    """Make a stage in a thread of its own, with a connection, a working directory and an umask of its own."""
    libc.unshare(libc.CLONE_FS)
    own = Store(store.layout)
    try:
        make(own, index)
    finally:
        own.close()


def walk(store: Store, shared: Shared, stages: Iterable[int], target: int, make: Make) -> State:
    """Return the state of `target`, one of the `stages`, each made by a thread; raise what the first of them raises.

    The caller's thread only watches: it is the one that ends the others, also when the user interrupts it.
    """
    ended: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

    def work(index: int) -> None:
        try:
            _make_apart(store, index, make)
        except BaseException as error:  # it is raised where it can be told
            ended.put(error)
        else:
            ended.put(None)

    threads = [threading.Thread(target=work, args=(index,), name=f"stage {index}") for index in stages]
    for thread in threads:
        thread.start()
    try:
        for _unused in threads:
            failure = ended.get()
            if failure is not None:
                raise failure
    finally:
        shared.stopped.set()
        for thread in threads:
            while thread.is_alive():
                run.cancel(store)
                thread.join(_POLL)
    return shared.stage(target, lambda: make(store, target))
