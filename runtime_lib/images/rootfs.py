"""Make an image of one layer from the tar of a root file system, as `docker import` does."""

from __future__ import annotations

import time

from . import catalog, create, layers, platform, reference, times
from . import changes as dockerfile_changes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..store import Store
    from .catalog import Image
    from .stream import Readable


def import_rootfs(
    store: Store,
    file: Readable,
    name: str | None,
    changes: Sequence[str] = (),
    comment: str = "Imported from -",
    wanted: str = "",
) -> Image:
    """Return a new image made from the tar `file` (plain or compressed), called `name`, for the platform `wanted`.

    `changes` are Dockerfile instructions that set the defaults of its containers (CMD, ENTRYPOINT, ENV, EXPOSE, LABEL,
    ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR). `comment` stands in the history. Raises CorruptData for an archive that
    is damaged or unsafe, InvalidSpec for a wrong name, change or platform.
    """
    names = [reference.new_name(name).full] if name else []
    defaults = dockerfile_changes.defaults(changes)
    parts = platform.parts(wanted) if wanted else {}
    with layers.using(store):
        layer = layers.import_tar(store, file, None)
        document = {**configuration(layer.diff_id, defaults, comment), **parts}
        image = create.image(store, document, [layer.chain_id], names)
    catalog.note(store, "import", image)
    return image


def configuration(diff_id: str, defaults: dict[str, Any], comment: str) -> dict[str, Any]:
    """Return the OCI configuration of an image with this one layer for this host's architecture."""
    now = times.rfc3339(time.time_ns())
    return {
        "architecture": platform.architecture(),
        "config": defaults,
        "created": now,
        "history": [{"created": now, "comment": comment}],
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
    }
