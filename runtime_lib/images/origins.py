"""What registries know of the store's images: their digests there (RepoDigests), and the blobs of their layers."""

from __future__ import annotations

from ..records import dataclass
from . import digest, layers, reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store import Store


@dataclass(frozen=True)
class Blob:
    """A blob in a registry (OCI image-spec, descriptor.md); `size` is in bytes as it is stored there."""

    digest: str
    size: int
    media_type: str


def note_image(store: Store, repository: str, manifest: str, image_id: str) -> bool:
    """Remember that `repository@manifest` is an image; return whether that is new.

    `repository` is a full name without a tag, such as docker.io/library/nginx.
    """
    with store.transaction(durable=True) as db:
        if find(store, repository, manifest) == image_id:
            return False
        values = (repository, manifest, image_id)
        db.execute("INSERT OR REPLACE INTO image_digests (repository, digest, image_id) VALUES (?, ?, ?)", values)
    return True


def find(store: Store, repository: str, manifest: str) -> str | None:
    """Return the id of the image that `repository@manifest` is, or None."""
    sql = "SELECT image_id FROM image_digests WHERE repository = ? AND digest = ?"
    row = store.row(sql, (repository, manifest))
    return row["image_id"] if row else None


def digests(store: Store, image_id: str) -> list[str]:
    """Return an image's names with digests as Docker shows them (RepoDigests): nginx@sha256:..."""
    sql = "SELECT repository, digest FROM image_digests WHERE image_id = ? ORDER BY repository, digest"
    rows = store.query(sql, (image_id,))
    return [f"{reference.parse(row['repository']).familiar_name}@{row['digest']}" for row in rows]


def note_blob(store: Store, diff_id: str, blob: Blob, repository: str) -> None:
    """Remember under which digest a repository has a layer."""
    with store.transaction() as db:
        db.execute(
            "INSERT OR REPLACE INTO layer_blobs (diff_id, repository, digest, size, media_type) VALUES (?, ?, ?, ?, ?)",
            (diff_id, repository, blob.digest, blob.size, blob.media_type),
        )


def blobs(store: Store, diff_id: str) -> list[tuple[str, Blob]]:
    """Return (repository, blob) of a layer for every repository that is known to have it, the latest first."""
    sql = "SELECT repository, digest, size, media_type FROM layer_blobs WHERE diff_id = ? ORDER BY rowid DESC"
    return [(row[0], Blob(row[1], row[2], row[3])) for row in store.query(sql, (diff_id,))]


def missing(store: Store, diff_ids: list[str]) -> list[str]:
    """Return the diff ids of the layers that the store lacks, the lowest first."""
    found = zip(diff_ids, digest.chains(diff_ids))
    return [diff_id for diff_id, chain_id in found if layers.find(store, chain_id) is None]
