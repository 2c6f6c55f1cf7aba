"""Damaged containers, volumes and networks, and rows that refer to nothing."""

from __future__ import annotations

import os

from ..containers import catalog
from ..errors import ImageNotFound
from ..images import catalog as images_catalog
from ..jsontext import parse
from .soundness_finding import Finding
from .soundness_steps import DeleteRow, RemoveContainer, RemoveFolder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..containers.catalog import Container
    from ..store import Store

# What has a look of its own says more than that a row refers to nothing.
_LOOKED_AT = (("containers", "images"), ("image_layers", "layers"), ("layers", "layers"))


def database(store: Store) -> list[Finding]:
    """Return what SQLite says of its own file."""
    said = [row[0] for row in store.query("PRAGMA integrity_check(10)")]
    advice = "stop all containers, restore the file or make it anew with sqlite3's .recover"
    return [Finding("database", store.layout.database, cause, advice) for cause in said if cause != "ok"]


def containers(store: Store) -> list[Finding]:
    """Return the containers that cannot start again, and the folders of containers that no row knows."""
    found = []
    for container in catalog.listing(store):
        cause = _cause(store, container)
        if cause:
            forced = RemoveContainer(container.id, container.name)
            advice = "copy out what you need, then remove it and create it anew"
            found.append(Finding("container", container.name, cause, advice, None, forced))
    return [*found, *_strays(store)]


def _cause(store: Store, container: Container) -> str:
    folder = store.layout.container(container.id)
    if container.damaged:
        return "its settings cannot be read"
    if not os.path.isdir(folder):
        return f"its folder {folder} is gone, with all that it has written"
    try:
        images_catalog.get(store, container.image_id)
    except ImageNotFound:
        return f"its image {container.image_id} is lost"
    return ""


def _strays(store: Store) -> list[Finding]:
    parent = os.path.dirname(store.layout.container("any"))
    # First the names, then the rows: a container has its row before its folder.
    names = os.listdir(parent)
    known = {row["id"] for row in store.query("SELECT id FROM containers")}
    return [
        Finding("file", f"{parent}/{name}", "no container is known there", "", None, RemoveFolder(parent, name))
        for name in sorted(set(names) - known)
    ]


def volumes(store: Store) -> list[Finding]:
    """Return the volumes without a folder or with settings that cannot be read: their owner alone can help."""
    found = []
    for row in store.query("SELECT name, options, labels FROM volumes WHERE NOT removing ORDER BY name"):
        folder = store.layout.volume(row["name"])
        if not (_is_object(row["options"]) and _is_object(row["labels"])):
            found.append(Finding("volume", row["name"], "its settings cannot be read", "remove it and create it anew"))
        elif not os.path.isdir(folder):
            cause = f"its folder {folder} is gone"
            found.append(Finding("volume", row["name"], cause, "restore it from a backup, or remove the volume"))
    return found


def networks(store: Store) -> list[Finding]:
    """Return the networks whose settings cannot be read."""
    return [
        Finding("network", row["name"], "its settings cannot be read", "remove it and create it anew")
        for row in store.query("SELECT name, spec FROM networks ORDER BY name")
        if not _is_object(row["spec"])
    ]


def rows(store: Store) -> list[Finding]:
    """Return the rows that refer to something that does not exist."""
    found = []
    for row in store.query("PRAGMA foreign_key_check"):
        table, rowid, parent = row[0], row[1], row[2]
        if (table, parent) not in _LOOKED_AT:
            what = _words(store, table, rowid)
            cause = f"it belongs to one of the {parent} that does not exist"
            found.append(Finding("entry", what, cause, "", DeleteRow(table, rowid, what)))
    return found


def _words(store: Store, table: str, rowid: int) -> str:
    row = store.row(f"SELECT * FROM {table} WHERE rowid = ?", (rowid,))
    return f"{table} ({', '.join(str(value) for value in tuple(row))})" if row else table


def _is_object(text: str) -> bool:
    try:
        return isinstance(parse(text), dict)
    except ValueError:
        return False
