"""Make a container: a name, a folder, its volumes; nothing runs yet."""

from __future__ import annotations

import _sqlite3 as sqlite3  # `sqlite3` imports `datetime`, which every start would pay for
import os
import time

from ..errors import NameTaken
from ..images import catalog as images
from ..images import layers
from ..jsontext import compact
from ..records import replace
from ..store import Store, sync_folder
from . import attach_volumes, events, host_limits, names, reconcile, userns, wiring
from .catalog import Container, find
from .config import arguments
from .spec import ContainerSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..images.catalog import Image


def create(store: Store, spec: ContainerSpec, container_id: str = "") -> Container:
    """Make a container from a description and return it; it has status "created". It gets `container_id`, if given.

    Raises InvalidSpec, HostLacks, ImageNotFound, NetworkNotFound, VolumeNotFound or NameTaken before anything is
    touched; whatever fails later leaves nothing. A killed creation is cleared away by the next call.
    """
    reconcile.reconcile(store)
    spec.check()
    host_limits.check(spec)
    userns.require(store, spec)
    image = images.find(store, spec.image)
    arguments(spec, image.defaults)
    spec = attach_volumes.complete(store, spec, image.defaults)
    wiring.check(store, spec)
    container_id = container_id or names.new_id()
    with store.lock("container", container_id):
        name = _reserve(store, container_id, spec, image)
        try:
            userns.lease(store, container_id, spec)
            _build(store, container_id, replace(spec, name=name), image)
        except BaseException:
            reconcile.erase(store, container_id)
            raise
        container = find(store, container_id)
        events.note(store, container, "create")
    return container


def _reserve(store: Store, container_id: str, spec: ContainerSpec, image: Image) -> str:
    """Insert the row that holds the name; it does not count yet. Return the name."""
    attempt = 0
    while True:
        name = spec.name or names.random_name(attempt)
        attempt += 1
        try:
            with store.transaction() as db:
                db.execute(
                    "INSERT INTO containers (id, name, image_id, spec, phase, created) VALUES (?, ?, ?, ?, ?, ?)",
                    (container_id, name, image.id, "{}", "creating", time.time_ns()),
                )
            return name
        except sqlite3.IntegrityError as error:
            taken = store.row("SELECT id FROM containers WHERE name = ?", (name,))
            if taken is None:
                images.get(store, image.id)  # somebody has removed it: this says so
                raise
            if spec.name:
                raise NameTaken(
                    f"the name {name!r} belongs to container {taken['id'][:12]}; remove or rename that, or take another"
                ) from error


def _build(store: Store, container_id: str, spec: ContainerSpec, image: Image) -> None:
    layer_folders = layers.folders(store, image.layers)
    _make_folders(store, container_id, layer_folders[0])
    spec = attach_volumes.create(store, container_id, spec, layer_folders)
    lasting = not spec.auto_remove  # see `afterboot`
    if lasting:
        folder = store.layout.container(container_id)
        for each in (folder, os.path.dirname(folder)):
            sync_folder(each)
    with store.transaction(durable=lasting) as db:
        text = compact(spec.to_json())
        db.execute("UPDATE containers SET spec = ?, phase = 'ready' WHERE id = ?", (text, container_id))


def _make_folders(store: Store, container_id: str, top_layer: str) -> None:
    folder = store.layout.container(container_id)
    os.makedirs(f"{folder}/work", mode=0o700)
    os.mkdir(f"{folder}/upper")
    # The root of the container's tree takes mode and owner from here.
    status = os.stat(top_layer)
    os.chown(f"{folder}/upper", status.st_uid, status.st_gid)
    os.chmod(f"{folder}/upper", status.st_mode & 0o7777)
