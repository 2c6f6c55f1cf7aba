"""Fill a fresh installation with what the operations work on, and what they must leave alone. Runs in the guest."""

from __future__ import annotations

import os
from pathlib import Path

from runtime_lib.build.build import build
from runtime_lib.build.spec import BuildSpec
from runtime_lib.containers.create import create
from runtime_lib.containers.parts import Mount
from runtime_lib.images import archive
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.vm.guest.steps import ARCHIVES, COUNT, PLACE, container

KEPT = {"file": b"of a container that nobody touches\n" * 1000, "other": b"x" * 100_000}


def main() -> None:
    store = Store(Layout.from_environment())
    for name in ("base", *(f"old{number}" for number in range(ARCHIVES))):
        archive.load(store, f"{PLACE}/{name}.tar")
    for number in range(2):
        kept = create(store, container(f"kept{number}", Mount("volume", "/data", source=f"kept{number}")))
        fill(Path(store.layout.container(kept.id), "upper"))
        fill(Path(store.layout.volume(f"kept{number}"), "_data"))
    for number in range(COUNT):
        old = create(store, container(f"old{number}", Mount("volume", "/etc")))
        fill(Path(store.layout.container(old.id), "upper"))
    # Brings the library, its byte code and everything that a start reads into place and into memory.
    build(store, BuildSpec(str(PLACE / "context"), names=("kept:1",), args={"N": "kept"}, network="none"))
    os.sync()


def fill(folder: Path) -> None:
    for name, content in KEPT.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
