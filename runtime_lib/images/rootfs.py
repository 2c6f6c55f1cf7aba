"""Make an image of one layer from the tar of a root file system, as `docker import` does."""

from __future__ import annotations

import os
import time

from . import create, layers, times

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, BinaryIO

    from ..store import Store
    from .catalog import Image

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386", "riscv64": "riscv64"}


def import_rootfs(store: Store, file: BinaryIO, name: str | None, changes: Sequence[str] = ()) -> Image:
    """Return a new image made from the tar `file` (plain or compressed), called `name`.

    Raises CorruptData for an archive that is damaged, InvalidSpec for a wrong name or change.
    """
    layer = layers.import_tar(store, file, None)
    return create.image(store, configuration(layer.diff_id), [layer.chain_id], [name] if name else [])


def configuration(diff_id: str) -> dict[str, Any]:
    """Return the OCI configuration of an image with this one layer for this host's architecture."""
    machine = os.uname().machine
    now = times.rfc3339(time.time_ns())
    return {
        "architecture": _ARCHITECTURES.get(machine, machine),
        "config": {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},
        "created": now,
        "history": [{"created": now, "comment": "Imported from a tar archive"}],
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
    }
