"""Root file systems for images that a guest imports: made on the controller, for guests have no way to a mirror."""

from __future__ import annotations

import hashlib
from pathlib import Path

from . import image, places, recipe


def make(name: str) -> Path:
    """Return a root file system (tar, zstd) of a minimal Debian with the packages of guest/rootfs.NAME, from the cache.

    Raises FileNotFoundError for an unknown name, CalledProcessError when mmdebstrap fails.
    """
    packages = recipe.words(f"rootfs.{name}")
    digest = hashlib.sha256(" ".join((recipe.SUITE, *packages, Path(__file__).read_text())).encode()).hexdigest()
    final = places.cache() / "rootfs" / f"{name}-{digest[:16]}"
    with places.making(final) as draft:
        if draft:
            image.bootstrap(packages, draft / "rootfs.tar", "tar")
            image.run("zstd", "-q", "--rm", "-9", str(draft / "rootfs.tar"))
    return final / "rootfs.tar.zst"
