"""The images of the store: find them, list them, name them, remove them."""

from __future__ import annotations

from .. import eventlog
from ..errors import CorruptData, ImageNotFound, InUse, InvalidSpec
from ..jsontext import parse
from ..records import dataclass
from . import digest, layers, origins, reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


# Removed by force while stopped containers still need it: the row and the layers stay until the last of them is gone.
_THERE = "id NOT IN (SELECT image_id FROM removed_images)"

_LOST: dict[str, Any] = {"rootfs": {"type": "layers", "diff_ids": []}}  # the configuration of one that is damaged


@dataclass(frozen=True)
class Image:
    """One image.

    `names` are as Docker shows them (nginx:latest), `config` is the whole OCI image configuration, `layers` the chain
    ids from the lowest to the top one, `size` the bytes of all files, `created` nanoseconds since 1970. `damage` says
    what is wrong with one whose configuration is lost: then `config` is an empty one.
    """

    id: str
    names: tuple[str, ...]
    config: dict[str, Any]
    layers: tuple[str, ...]
    size: int
    created: int
    damage: str = ""

    def check_sound(self) -> None:
        """Raise CorruptData when its configuration is lost, so that no container can be made of it."""
        if self.damage:
            name = self.names[0] if self.names else self.id
            raise CorruptData(f"image {name} is damaged: {self.damage}; remove it and get it again")

    @property
    def defaults(self) -> dict[str, Any]:
        """What a container takes over from the image: Cmd, Entrypoint, Env, User, WorkingDir, Labels, ..."""
        inner = self.config.get("config")
        return inner if isinstance(inner, dict) else {}


@dataclass(frozen=True)
class Removed:
    """What a removal did: names taken away, and the id of the image where it is gone, too."""

    untagged: tuple[str, ...]
    deleted: str | None


def get(store: Store, image_id: str) -> Image:
    """Return the image of a full id, also a removed one that containers still use, and a damaged one.

    Raises ImageNotFound.
    """
    row = store.row("SELECT id, config, size, created FROM images WHERE id = ?", (image_id,))
    if row is None:
        raise ImageNotFound(f"no image has the id {image_id}")
    names = store.query("SELECT name FROM image_names WHERE image_id = ? ORDER BY name", (image_id,))
    layers = store.query("SELECT chain_id FROM image_layers WHERE image_id = ? ORDER BY position", (image_id,))
    config, damage = _configuration(row["config"])
    return Image(
        row["id"],
        tuple(reference.parse(name["name"]).familiar for name in names),
        config,
        tuple(layer["chain_id"] for layer in layers),
        row["size"],
        row["created"],
        damage,
    )


def document(store: Store, image: Image) -> bytes:
    """Return the configuration of an image as it came. Raises CorruptData when it is not the one of the image's id."""
    row = store.row("SELECT config FROM images WHERE id = ?", (image.id,))
    found = row["config"].encode() if row else b""
    if digest.of(found) != image.id:
        name = image.names[0] if image.names else image.id
        raise CorruptData(
            f"image {name} is damaged: its configuration is not that of its id; remove it and get it again"
        )
    return found


def known(store: Store, image_id: str) -> Image:
    """Return what is known of a container's image, also when a damaged store has lost it."""
    try:
        return get(store, image_id)
    except ImageNotFound:
        return Image(image_id, (), _LOST, (), 0, 0, "the store has lost it")


def _configuration(text: str) -> tuple[dict[str, Any], str]:
    try:
        found = parse(text)
    except ValueError:
        found = None
    if isinstance(found, dict) and isinstance((found.get("rootfs") or {}).get("diff_ids"), list):
        return found, ""
    return _LOST, "its configuration cannot be read"


def find(store: Store, ref: str) -> Image:
    """Return the image that `ref` means: a name, an id, or a prefix of an id that is unique.

    Raises ImageNotFound, CorruptData for an image whose configuration is lost.
    """
    image = find_any(store, ref)
    image.check_sound()
    return image


def find_any(store: Store, ref: str) -> Image:
    """Return the image that `ref` means, also a damaged one. Raises ImageNotFound."""
    image_id = resolve(store, ref)
    if image_id is None:
        raise ImageNotFound(f"no image {ref[:300]!r} is here; pull, load, import, bootstrap or build it first")
    return get(store, image_id)


def resolve(store: Store, ref: str) -> str | None:
    """Return the id that `ref` means, or None. A name comes before an id prefix of the same spelling, as in Docker."""
    if digest.valid(ref):
        row = store.row(f"SELECT id FROM images WHERE id = ? AND {_THERE}", (ref,))
        return row["id"] if row else None
    try:
        name = reference.parse(ref)
    except InvalidSpec:
        return _by_prefix(store, ref)
    if name.digest:
        return origins.find(store, name.name, name.digest)
    row = store.row("SELECT image_id FROM image_names WHERE name = ?", (name.full,))
    return row["image_id"] if row else _by_prefix(store, ref)


def _by_prefix(store: Store, ref: str) -> str | None:
    prefix = ref[7:] if ref.startswith("sha256:") else ref
    if not 0 < len(prefix) <= 64 or not set(prefix) <= set("0123456789abcdef"):
        return None
    rows = store.query(f"SELECT id FROM images WHERE id GLOB ? AND {_THERE} LIMIT 2", (f"sha256:{prefix}*",))
    if len(rows) > 1:
        raise InvalidSpec(f"the image id {ref!r} is ambiguous: several images start with it; give more digits")
    return rows[0]["id"] if rows else None


def listing(store: Store) -> list[Image]:
    """Return all images, the newest first."""
    rows = store.query(f"SELECT id FROM images WHERE {_THERE} ORDER BY created DESC, id")
    return [get(store, row["id"]) for row in rows]


def tag(store: Store, ref: str, name: str) -> bool:
    """Give the image `ref` one more name, which another image loses; return whether anything changed.

    Raises ImageNotFound, InvalidSpec for a name that is not valid or has a digest.
    """
    full = reference.new_name(name).full
    with store.transaction(durable=True) as db:
        image = find(store, ref)
        row = store.row("SELECT image_id FROM image_names WHERE name = ?", (full,))
        if row and row["image_id"] == image.id:
            return False
        db.execute("INSERT OR REPLACE INTO image_names (name, image_id) VALUES (?, ?)", (full, image.id))
    note(store, "tag", image, reference.parse(full).familiar)
    return True


def note(store: Store, action: str, image: Image, name: str = "") -> None:
    """Note in the log of events what has happened to an image."""
    labels = image.defaults.get("Labels") or {}
    said = {key: value for key, value in labels.items() if isinstance(value, str)}
    eventlog.append(store.layout.run, "image", (action,), image.id, {**said, "name": name or image.id})


def _note_removal(store: Store, image: Image, removed: Removed) -> None:
    for _name in removed.untagged:
        note(store, "untag", image)
    if removed.deleted:
        note(store, "delete", image)


def remove(store: Store, ref: str, force: bool = False) -> Removed:
    """Remove a name and, with the last one, the image; by an id, the image with all its names.

    As in Docker, `force` is needed by id for an image with several names, and for one that stopped containers use: they
    keep its files. One that a running container uses can lose its names, but not go. Raises ImageNotFound, InUse.
    """
    with store.transaction(durable=True) as db:
        image, removed = removal(store, ref, force)
        for familiar in removed.untagged:
            name = reference.parse(familiar)
            db.execute("DELETE FROM image_names WHERE name = ?", (name.full,))
            db.execute("DELETE FROM image_digests WHERE repository = ? AND digest = ?", (name.name, name.digest))
        if removed.deleted:
            db.execute("INSERT INTO removed_images (image_id) VALUES (?)", (image.id,))
    _note_removal(store, image, removed)
    if removed.deleted:
        layers.collect(store)
    return removed


def removal(store: Store, ref: str, force: bool = False) -> tuple[Image, Removed]:
    """Return the image that `remove` would find and what it would do; nothing is changed. Raises as `remove`."""
    image = find_any(store, ref)
    digests = origins.digests(store, image.id)
    return image, _removal(image, digests, _meant_name(store, ref), *_users(store, image.id), force)


def discard(store: Store, image_id: str) -> bool:
    """Remove an image with all its names, unless a container uses it; return whether it is gone."""
    with store.transaction(durable=True) as db:
        if store.row(f"SELECT 1 FROM containers WHERE {layers.USES}", (image_id, image_id)):
            return False
        image = get(store, image_id)
        db.execute("DELETE FROM image_names WHERE image_id = ?", (image_id,))
        db.execute("DELETE FROM image_digests WHERE image_id = ?", (image_id,))
        db.execute("INSERT OR IGNORE INTO removed_images (image_id) VALUES (?)", (image_id,))
    _note_removal(store, image, Removed(image.names, image_id))
    layers.collect(store)
    return True


def _users(store: Store, image_id: str) -> tuple[list[str], list[str]]:
    """Return the names of the containers that use an image: those that run, and the others."""
    from ..monitor.state import read

    running: list[str] = []
    stopped: list[str] = []
    query = f"SELECT id, name FROM containers WHERE {layers.USES} ORDER BY name"
    for row in store.query(query, (image_id, image_id)):
        state = read(store.layout.bundle(row["id"]), store.layout.container(row["id"]))
        users = running if state.status in ("running", "paused", "restarting") else stopped
        users.append(row["name"])
    return running, stopped


def _meant_name(store: Store, ref: str) -> str | None:
    """Return the name that `ref` is, or None when it is an id."""
    try:
        parsed = reference.parse(ref)
    except InvalidSpec:
        return None
    if parsed.digest:
        return f"{parsed.familiar_name}@{parsed.digest}" if origins.find(store, parsed.name, parsed.digest) else None
    return parsed.familiar if store.row("SELECT 1 FROM image_names WHERE name = ?", (parsed.full,)) else None


def _removal(
    image: Image, digests: list[str], name: str | None, running: list[str], stopped: list[str], force: bool
) -> Removed:
    """Decide what a removal does. Pure."""
    what = f"image {name or image.id}"
    if name:
        gone = _with_digests(name, image.names, digests)
        if len(gone) < len(image.names) + len(digests) or (running and force):
            return Removed(gone, None)
    if running and not name:
        raise InUse(f"{what} is used by container {running[0]}, which runs; remove the container first")
    if not name and len(image.names) > 1 and not force:
        raise InUse(f"{what} has several names ({', '.join(image.names)}); remove them or use force")
    if (running or stopped) and not force:
        raise InUse(f"{what} is used by container {[*running, *stopped][0]}; remove the container first, or use force")
    return Removed((*image.names, *digests), image.id)


def _with_digests(name: str, names: tuple[str, ...], digests: list[str]) -> tuple[str, ...]:
    """Return a name that goes, and with the last tag of a repository the digests there, as in Docker."""
    repository = reference.parse(name).name
    tags = [other for other in names if other != name and reference.parse(other).name == repository]
    if tags or name in digests:
        return (name,)
    return (name, *(other for other in digests if reference.parse(other).name == repository))
