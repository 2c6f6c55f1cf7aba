"""The volumes of a host: making, finding, describing and removing them."""

from __future__ import annotations

import errno
import os
import time

from .. import eventlog
from ..errors import Busy, InUse, NameTaken, VolumeNotFound
from ..jsontext import compact, parse
from ..linux.trees import remove_tree
from ..store import sync_folder
from . import mounting
from .model import Volume
from .spec import VolumeSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from typing import Any

    from ..store import Store


def create(store: Store, spec: VolumeSpec, anonymous: bool = False, user: str = "") -> Volume:
    """Make a volume, or return the one that exists already with the same driver options, as Docker does.

    A new one gets the container with the id `user` as its first user, in the same transaction: see `use`.
    Raises InvalidSpec, NameTaken (it exists with other options) and OSError.
    """
    spec.check()
    with store.lock("volume", spec.name):
        present = _find(store, spec.name)
        if present is None:
            return _create(store, spec, anonymous, user)
    if spec.driver_options and dict(spec.driver_options) != dict(present.spec.driver_options):
        raise NameTaken(f"there is a volume {spec.name} with other driver options: remove it, or choose another name")
    return present


def create_anonymous(store: Store, labels: dict[str, str] | None = None) -> Volume:
    """Make a volume with a random name; it goes away with the container that asked for it."""
    return create(store, VolumeSpec(os.urandom(32).hex(), labels=labels or {}), anonymous=True)


def find(store: Store, name: str) -> Volume:
    """Return a volume by its name. Raises VolumeNotFound."""
    volume = _find(store, name)
    if volume is None:
        raise VolumeNotFound(f"there is no volume {name}: create it first")
    return volume


def listing(store: Store) -> list[Volume]:
    """Return all volumes by name."""
    rows = store.query("SELECT * FROM volumes WHERE removing = 0 ORDER BY name")
    return [_volume(store, row) for row in rows]


def use(store: Store, names: Sequence[str], container_id: str) -> None:
    """Note that a container has these volumes: they stay until its row is removed. Raises VolumeNotFound."""
    with store.transaction() as db:
        for name in names:
            find(store, name)
            db.execute("INSERT OR IGNORE INTO volume_users (volume, container_id) VALUES (?, ?)", (name, container_id))


def users(store: Store, name: str) -> list[str]:
    """Return the names of the containers that have a volume, running or not."""
    rows = store.query(
        "SELECT containers.name FROM volume_users JOIN containers ON containers.id = container_id"
        " WHERE volume = ? ORDER BY containers.name",
        (name,),
    )
    return [row["name"] for row in rows]


def remove(store: Store, name: str, force: bool = False) -> None:
    """Remove a volume and all that is in it.

    Raises InUse that names the containers, or says that it is being read or filled, VolumeNotFound (not with `force`),
    and OSError (EBUSY) when something is still mounted in it; then its content is as it was, but for what lies beside
    that mount.
    """
    with store.lock("volume", name):
        volume = _find(store, name)
        if volume is None:
            if force:
                return
            raise VolumeNotFound(f"there is no volume {name}")
        with mounting.unused(store, volume):
            with store.transaction(durable=True) as db:
                names = users(store, name)
                if names:
                    raise InUse(f"volume {name} is in use by {', '.join(names)}: remove these containers first")
                db.execute("UPDATE volumes SET removing = 1 WHERE name = ?", (name,))
            mounting.release(volume)
            _finish_removal(store, name)


def retire_anonymous(store: Store, container_id: str) -> None:
    """Mark the anonymous volumes that only this container uses for removal: to be done when its row is gone."""
    with store.transaction() as db:
        db.execute(
            "UPDATE volumes SET removing = 1 WHERE anonymous AND name IN"
            " (SELECT volume FROM volume_users WHERE container_id = ?1) AND NOT EXISTS"
            " (SELECT 1 FROM volume_users WHERE volume = name AND container_id != ?1)",
            (container_id,),
        )


def finish_removals(store: Store) -> None:
    """Remove the volumes that are marked for it and that nobody uses any more; costs one query when there are none.

    One that somebody else works on, or in which something is still mounted, stays for the next time.
    """
    marked = "SELECT * FROM volumes WHERE removing = 1 AND name NOT IN (SELECT volume FROM volume_users)"
    for row in store.query(marked):
        try:
            with store.lock("volume", row["name"], patience=0.0):
                if store.row(f"{marked} AND name = ?", (row["name"],)):  # nobody was quicker
                    volume = _volume(store, row)
                    with mounting.unused(store, volume):
                        mounting.release(volume)
                        _finish_removal(store, volume.name)
        except (Busy, InUse):
            continue
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise


def unmount_unused(store: Store, container_id: str | None = None) -> None:
    """Unmount the volumes that nobody uses: those of a container that has ended, or all, which processes that were
    killed have left. Costs one query when there are none with driver options.
    """
    of_one = " AND name IN (SELECT volume FROM volume_users WHERE container_id = ?)" if container_id else ""
    given = (container_id,) if container_id else ()
    for row in store.query(f"SELECT * FROM volumes WHERE options != '{{}}'{of_one}", given):
        volume = _volume(store, row)
        if mounting.mounted(volume.folder):
            mounting.unmount_unused(store, volume, 5.0 if container_id else 0.0)


def sweep_folders(store: Store) -> None:
    """Remove the empty folders of volumes whose creation was killed before it counted. One with content stays."""
    parent = os.path.dirname(store.layout.volume("any"))
    known = {row["name"] for row in store.query("SELECT name FROM volumes")}
    for name in set(os.listdir(parent)) - known:
        try:
            with store.lock("volume", name, patience=0.0):
                if store.row("SELECT 1 FROM volumes WHERE name = ?", (name,)) is None:
                    _remove_empty(f"{parent}/{name}/_data", f"{parent}/{name}")
        except Busy:
            continue


def inspect(store: Store, name: str) -> dict[str, Any]:
    """Return what `docker volume inspect` tells."""
    volume = find(store, name)
    from datetime import datetime, timezone

    created = datetime.fromtimestamp(volume.created // 10**9, timezone.utc)
    return {
        "CreatedAt": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Driver": volume.spec.driver,
        "Labels": dict(volume.spec.labels),
        "Mountpoint": volume.folder,
        "Name": volume.name,
        "Options": dict(volume.spec.driver_options),
        "Scope": "local",
    }


def _create(store: Store, spec: VolumeSpec, anonymous: bool, user: str) -> Volume:
    row = store.row("SELECT * FROM volumes WHERE name = ?", (spec.name,))
    if row is not None:  # its removal was killed
        mounting.release(_volume(store, row))
        _finish_removal(store, spec.name)
    folder = store.layout.volume(spec.name)
    for path, mode in ((folder, 0o700), (f"{folder}/_data", 0o755)):
        try:
            os.mkdir(path)
        except FileExistsError:
            continue  # an earlier call was killed before its row; nobody but us makes folders here
        os.chmod(path, mode)
    for path in (folder, os.path.dirname(folder)):
        sync_folder(path)
    with store.transaction(durable=True) as db:
        db.execute(
            "INSERT INTO volumes (name, driver, options, labels, anonymous, created) VALUES (?, ?, ?, ?, ?, ?)",
            (
                spec.name,
                spec.driver,
                compact(dict(spec.driver_options)),
                compact(dict(spec.labels)),
                anonymous,
                time.time_ns(),
            ),
        )
        if user:
            use(store, [spec.name], user)
    _note(store, "create", spec.name, spec.driver)
    return find(store, spec.name)


def _note(store: Store, action: str, name: str, driver: str) -> None:
    eventlog.append(store.layout.run, "volume", (action,), name, {"driver": driver})


def _finish_removal(store: Store, name: str) -> None:
    _remove_files(store, name)
    with store.transaction() as db:
        db.execute("DELETE FROM volumes WHERE name = ?", (name,))
    _note(store, "destroy", name, "local")


def _remove_files(store: Store, name: str) -> None:
    parent = os.open(os.path.dirname(store.layout.volume(name)), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        remove_tree(parent, name)
    finally:
        os.close(parent)


def _remove_empty(*folders: str) -> None:
    for folder in folders:
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            continue
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            return


def _find(store: Store, name: str) -> Volume | None:
    row = store.row("SELECT * FROM volumes WHERE name = ? AND removing = 0", (name,))
    return None if row is None else _volume(store, row)


def _volume(store: Store, row: sqlite3.Row) -> Volume:
    options, labels = parse(row["options"]), parse(row["labels"])
    spec = VolumeSpec(row["name"], row["driver"], options, labels)
    folder = f"{store.layout.volume(spec.name)}/_data"
    return Volume(spec, folder, bool(row["anonymous"]), row["created"])
