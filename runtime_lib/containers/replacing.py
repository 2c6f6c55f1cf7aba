"""Put a new container in the place of an old one; finish or undo what a killed process has left of that.

The row in `replacements` comes first and goes last. Until its `done` is set, the old container is the one that counts.
"""

from __future__ import annotations

import os

from ..errors import Busy, ContainerNotFound, SkiffError, WrongState
from ..records import replace as changed
from ..store import Store
from . import names
from .catalog import find, state
from .finish import ALIVE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .catalog import Container
    from .spec import ContainerSpec


def replace(
    store: Store, old: Container, spec: ContainerSpec, end: Callable[[], None], start: bool, volumes: bool
) -> None:
    """Make a container from `spec` under the name of `old`, and start it with `start`; only then `old` goes.

    `end` stops the old one, if it runs. With `volumes` its anonymous volumes go, too. When anything fails, the old one
    stands, and runs, as before, and the error is raised. After a kill or a power cut `recover` decides.
    """
    running = _alive(store, old)
    new_id = names.new_id()
    with store.lock("replacement", old.name):
        _note(store, new_id, old, running, volumes)
        try:
            _put_in_place(store, old, new_id, spec, end if running else None)
            if start:
                _start(store, new_id)
        except BaseException as error:
            failure = _undo(store, new_id, old.id, old.name, running)
            if failure and isinstance(error, (SkiffError, OSError)):
                raise WrongState(f"{error}; and the old container could not be started again: {failure}") from error
            raise
        with store.transaction(durable=True) as db:
            db.execute("UPDATE replacements SET done = 1 WHERE new_id = ?", (new_id,))
        _finish(store, new_id, old.id, volumes)


def recover(store: Store) -> None:
    """Finish the replacements that got as far as a new container that runs, and undo the others.

    Costs one query when there are none. Those that somebody is at work on are left to them.
    """
    for row in store.query("SELECT * FROM replacements"):
        try:
            with store.lock("replacement", row["name"], patience=0.0):
                left = store.row("SELECT * FROM replacements WHERE new_id = ?", (row["new_id"],))
                if left and left["done"]:
                    _finish(store, left["new_id"], left["old_id"], bool(left["volumes"]))
                elif left:
                    _undo(store, left["new_id"], left["old_id"], left["name"], bool(left["was_running"]))
        except Busy:
            continue


def _note(store: Store, new_id: str, old: Container, running: bool, volumes: bool) -> None:
    with store.transaction(durable=True) as db:
        db.execute(
            "INSERT INTO replacements (new_id, old_id, name, was_running, volumes) VALUES (?, ?, ?, ?, ?)",
            (new_id, old.id, old.name, running, volumes),
        )


def _put_in_place(
    store: Store, old: Container, new_id: str, spec: ContainerSpec, end: Callable[[], None] | None
) -> None:
    from .create import create
    from .verbs import rename

    spare = f"{old.name[:200]}.{os.urandom(3).hex()}"
    create(store, changed(spec, name=spare), new_id)
    if end:
        end()
    with store.transaction(durable=True):
        if _found(store, old.id):  # one with `auto_remove` is gone
            rename(store, old.id, f"{spare}.old")
        rename(store, new_id, old.name)


def _finish(store: Store, new_id: str, old_id: str, volumes: bool) -> None:
    _remove(store, old_id, volumes)
    _forget(store, new_id)


def _undo(store: Store, new_id: str, old_id: str, name: str, was_running: bool) -> str:
    """Bring the old container back; return why it could not be started, or "". May be repeated."""
    old, new = _found(store, old_id), _found(store, new_id)
    if old is None:  # it had `auto_remove`, or somebody has removed it: the new one is all that is left
        _call(store, new, name)
        _forget(store, new_id)
        return ""
    _remove(store, new_id, volumes=True)
    _call(store, old, name)
    failure = ""
    if was_running and not _alive(store, old):
        try:
            _start(store, old_id)
        except (SkiffError, OSError) as error:
            failure = str(error)
    _forget(store, new_id)
    return failure


def _call(store: Store, container: Container | None, name: str) -> None:
    from .verbs import rename

    if container and container.name != name:
        rename(store, container.id, name)


def _start(store: Store, container_id: str) -> None:
    from .start import start

    start(store, container_id)


def _remove(store: Store, container_id: str, volumes: bool) -> None:
    from .remove import remove

    if _found(store, container_id):
        remove(store, container_id, force=True, volumes=volumes)


def _alive(store: Store, container: Container) -> bool:
    return state(store, container).status in ALIVE


def _found(store: Store, container_id: str) -> Container | None:
    try:
        return find(store, container_id)
    except ContainerNotFound:
        return None


def _forget(store: Store, new_id: str) -> None:
    with store.transaction(durable=True) as db:
        db.execute("DELETE FROM replacements WHERE new_id = ?", (new_id,))
