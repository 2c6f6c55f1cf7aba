"""What the power is cut in: each operation as a list of steps, every one a call that may be repeated.

Runs in the guest. A step is reported when its call has returned; a repeated one finds what is there already.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from runtime_lib.build.build import build
from runtime_lib.build.spec import BuildSpec
from runtime_lib.containers.create import create
from runtime_lib.containers.parts import Mount
from runtime_lib.containers.remove import remove
from runtime_lib.containers.spec import ContainerSpec
from runtime_lib.errors import ContainerNotFound, ImageNotFound, NameTaken
from runtime_lib.images import archive, catalog
from runtime_lib.store import Store

PLACE = Path("/root/power")  # archives and the context of the builds
BASE = "base:1"
COUNT = 6
ARCHIVES = 3
BUILDS = 2
Step = Callable[[Store], object]


def container(name: str, *mounts: Mount) -> ContainerSpec:
    return ContainerSpec(name=name, image=BASE, command=("sleep", "1000"), network_mode="none", mounts=tuple(mounts))


def _create(number: int) -> Step:
    def step(store: Store) -> None:
        with suppress(NameTaken):
            seeded = Mount("volume", "/etc", source=f"volume{number}")
            create(store, container(f"new{number}", seeded, Mount("volume", "/home")))

    return step


def _remove(number: int) -> Step:
    def step(store: Store) -> None:
        with suppress(ContainerNotFound):
            remove(store, f"old{number}", volumes=True)

    return step


def _load(number: int) -> Step:
    return lambda store: archive.load(store, f"{PLACE}/new{number}.tar")


def _rmi(number: int) -> Step:
    def step(store: Store) -> None:
        with suppress(ImageNotFound):
            catalog.remove(store, f"old{number}:1")

    return step


def _build(number: int) -> Step:
    return lambda store: build(
        store, BuildSpec(str(PLACE / "context"), names=(f"built{number}:1",), args={"N": str(number)}, network="none")
    )


STEPS: dict[str, dict[str, Step]] = {
    "create": {f"new{number}": _create(number) for number in range(COUNT)},
    "remove": {f"old{number}": _remove(number) for number in range(COUNT)},
    "load": {f"new{number}:1": _load(number) for number in range(ARCHIVES)},
    "rmi": {f"old{number}:1": _rmi(number) for number in range(ARCHIVES)},
    "build": {f"built{number}:1": _build(number) for number in range(BUILDS)},
}
