"""What the engine notes in the log of events about containers."""

from __future__ import annotations

from contextlib import suppress

from .. import eventlog
from ..jsontext import compact, parse
from ..monitor.events import FILE, VOLUMES
from ..store import Store, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..images.catalog import Image
    from .catalog import Container
    from .parts import Mount


def note(store: Store, container: Container, *actions: str, **more: str) -> None:
    """Note what has happened to a container; several actions have happened at once."""
    values = {**attributes(store, container), "name": container.name, **more}
    eventlog.append(store.layout.run, "container", actions, container.id, values)


def ending(store: Store, container: Container, **more: str) -> dict[str, Any]:
    """Return what another process needs to note something of the container later: run folder, actor, attributes."""
    values = {**attributes(store, container), "name": container.name, **more}
    return {"run": store.layout.run, "actor": container.id, "attributes": values}


def attributes(store: Store, container: Container) -> dict[str, str]:
    """Return what events say of a container: image, name and labels."""
    try:
        with open(_path(store, container.id), encoding="ascii") as file:
            found: dict[str, str] = parse(file.read())
            return found
    except (FileNotFoundError, ValueError):
        from ..images import catalog as images

        return _values(container, images.known(store, container.image_id))


def prepare(store: Store, container: Container, image: Image) -> None:
    """Leave these values for the monitor of a start, in the run folder."""
    write_file(_path(store, container.id), compact(_values(container, image)).encode("ascii"))
    volumes = [(mount.source, _mounted(mount)) for mount in container.spec.mounts if mount.kind == "volume"]
    if volumes:
        path = f"{store.layout.bundle(container.id)}/{VOLUMES}"
        write_file(path, compact(volumes).encode("ascii"))


def _mounted(mount: Mount) -> dict[str, str]:
    writable = "false" if mount.read_only else "true"
    propagation = mount.propagation or ""
    return {"destination": mount.target, "driver": "local", "propagation": propagation, "read/write": writable}


def renamed(store: Store, container: Container, before: str) -> None:
    """Note the new name, also for what the monitor will note."""
    values = {**attributes(store, container), "name": container.name}
    with suppress(FileNotFoundError):  # it does not run
        write_file(_path(store, container.id), compact(values).encode("ascii"))
    note(store, container, "rename", oldName=f"/{before}")


def _values(container: Container, image: Image) -> dict[str, str]:
    labels = image.defaults.get("Labels")
    inherited = {key: value for key, value in labels.items() if isinstance(value, str)} if labels else {}
    return {**inherited, **container.spec.labels, "image": container.spec.image, "name": container.name}


def _path(store: Store, container_id: str) -> str:
    return f"{store.layout.bundle(container_id)}/{FILE}"
