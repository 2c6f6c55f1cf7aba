"""What an image is made from. Every word here is part of the key under which the image is cached."""

from __future__ import annotations

import hashlib
from pathlib import Path

SUITE = "bookworm"
DISK_SIZE = "6G"  # sparse: it costs what is written
GUEST = Path(__file__).parent / "guest"


def words(name: str) -> tuple[str, ...]:
    """Return the words of a file of guest/, without its comments."""
    lines = (GUEST / name).read_text().splitlines()
    return tuple(word for line in lines if not line.startswith("#") for word in line.split())


KINDS = {"base": words("packages.base"), "tools": words("packages.base") + words("packages.tools")}
MASKED = words("masked")


def key(kind: str) -> str:
    """Return the name of an image in the cache: its kind and a hash of all that goes into it."""
    digest = hashlib.sha256()
    for word in (SUITE, DISK_SIZE, *KINDS[kind]):
        digest.update(word.encode() + b"\0")
    guest = sorted(path for path in GUEST.iterdir() if not path.name.startswith(("packages.", "rootfs.")))
    for path in [*guest, Path(__file__).with_name("image.py"), Path(__file__).with_name("initrd.py")]:
        digest.update(path.read_bytes())
    return f"{kind}-{digest.hexdigest()[:16]}"
