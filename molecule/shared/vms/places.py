"""Where images, templates and machines live, and how a finished one gets its name."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]


def cache() -> Path:
    """Return the folder of images and templates (SKIFF_VMS_CACHE, else ~/.cache/skiff-vms)."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return _private(Path(os.environ.get("SKIFF_VMS_CACHE") or f"{home}/skiff-vms"))


def realm() -> str:
    """Return the name that the machines of this checkout share, so that checkouts do not meet."""
    return hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]


def run() -> Path:
    """Return the folder of this checkout's machines; short, for the paths of sockets end after 107 bytes."""
    base = _private(Path(os.environ.get("SKIFF_VMS_RUN") or f"/var/tmp/skiff-vms-{os.getuid()}"))
    return _private(base / realm())


def _private(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else")
    return folder


@contextlib.contextmanager
def making(final: Path) -> Iterator[Path | None]:
    """Give a folder to fill, which gets its name when the block succeeds; None when `final` is there already.

    One maker at a time: others wait for it. What a killed one left is removed by the next.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{final}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if final.exists():
            yield None
            return
        draft = Path(f"{final}.making")
        remove(draft)
        draft.mkdir()
        yield draft
        subprocess.run(["sync", "-f", draft], check=True)  # a name must not outlive a power cut without its content
        draft.rename(final)


def remove(folder: Path) -> None:
    """Remove a folder; a missing one is fine."""
    shutil.rmtree(folder, ignore_errors=not folder.exists())
