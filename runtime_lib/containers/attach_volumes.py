"""The volumes of a container: which it needs, their creation, and where they lie for a start."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager

from ..errors import HostLacks, InvalidSpec
from ..linux import kernel
from ..linux.mounts import sends
from ..records import replace
from ..store import Store
from . import names
from .catalog import find
from .config_mounts import ReadyMount, clean
from .parts import Mount
from .spec import ContainerSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

_NO_LAYERS: tuple[str, ...] = ()
_SPREADING = ("shared", "rshared", "slave", "rslave")
_FORBIDDEN = ("/", "/proc", "/sys", "/dev")


def complete(store: Store, spec: ContainerSpec, image: dict[str, Any]) -> ContainerSpec:
    """Return the description with the mounts of `volumes_from` and the volumes that the image declares."""
    mounts = list(spec.mounts)
    taken = {clean(mount.target) for mount in mounts} | {clean(path) for path in spec.tmpfs}
    for mount in [*_from_others(store, spec), *_declared(spec, image)]:
        if clean(mount.target) not in taken:
            taken.add(clean(mount.target))
            mounts.append(mount)
    _check_sources(store, mounts)
    return replace(spec, mounts=tuple(mounts))


def create(store: Store, container_id: str, spec: ContainerSpec, layers: Sequence[str]) -> ContainerSpec:
    """Make the volumes that do not exist, fill the new ones from the image, and say that this container uses them.

    Return the description with the names of anonymous volumes.
    """
    mounts = [_settled(store, mount) for mount in spec.mounts]
    named = [(given, mount) for given, mount in zip(spec.mounts, mounts) if mount.kind == "volume"]
    if named:
        from . import seed_volumes

        for given, mount in named:
            seed_volumes.create(store, container_id, mount, anonymous=given.source is None)
        whole = [mount for _unused, mount in named if mount.copy and not mount.subpath]
        seed_volumes.fill(store, whole, layers)
    return replace(spec, mounts=tuple(mounts))


@contextmanager
def mounted(store: Store, spec: ContainerSpec) -> Iterator[None]:
    """Have the volumes mounted that are to be, for a block: see `volume_content.used`."""
    names = {mount.source or "" for mount in spec.mounts if mount.kind == "volume"}
    with ExitStack() as stack:
        if names:
            from ..volumes import catalog
            from . import volume_content

            for volume in (catalog.find(store, name) for name in sorted(names)):
                if volume.spec.driver_options:
                    stack.enter_context(volume_content.used(store, volume))
        yield


def ready(store: Store, spec: ContainerSpec) -> tuple[ReadyMount, ...]:
    """Return the binds and volumes as paths of the host; a missing folder of a `-v` bind is made, as Docker does.

    Call it in a block of `mounted`.
    """
    result = []
    for mount in spec.mounts:
        if mount.kind == "tmpfs":
            continue
        source, layers = mount.source or "", _NO_LAYERS
        if mount.kind == "image":
            layers = _layers(store, mount)
        elif mount.kind == "volume":
            from ..volumes import catalog

            source = catalog.find(store, source).folder
        elif not os.path.lexists(source):
            _make_source(mount, source)
        ready_mount = ReadyMount(mount.target, source, mount.read_only, mount.propagation, mount.recursive)
        if mount.read_only_tree:
            kernel.require((5, 12), f"mount {mount.target}: read_only_force_recursive")
        idmap = mount.kind in ("volume", "image") or mount.idmap is not None
        part = replace(ready_mount, read_only_tree=mount.read_only_tree, beneath=mount.subpath or "", layers=layers)
        part = replace(part, idmap=idmap, ids=mount.idmap or "")
        result.append(part)
    return tuple(result)


def check_propagation(binds: Iterable[ReadyMount]) -> None:
    """Refuse, as Docker does, what would have no effect: mounts below a private one do not spread. Raises HostLacks."""
    for bind in binds:
        both = bind.propagation in ("shared", "rshared")
        if bind.propagation in _SPREADING and not sends(bind.source, back=both):
            wanted = "shared" if both else "shared or a slave"
            raise HostLacks(
                f"mount {bind.target}: {bind.propagation} needs {bind.source} on a mount that is {wanted}, and it is on"
                " a private one: run mount --make-rshared on that mount's point"
            )


def _layers(store: Store, mount: Mount) -> tuple[str, ...]:
    from ..images import catalog, layers
    from .tree import at_least_two

    return at_least_two(layers.folders(store, catalog.get(store, mount.image_id or "").layers))


def _from_others(store: Store, spec: ContainerSpec) -> list[Mount]:
    mounts = []
    for text in spec.volumes_from:
        ref, _unused, mode = text.partition(":")
        if mode not in ("", "rw", "ro", "z", "Z"):
            raise InvalidSpec(f"volumes_from {text!r}: use CONTAINER, CONTAINER:ro or CONTAINER:rw")
        for mount in find(store, ref).spec.mounts:
            if mount.kind != "tmpfs":
                mounts.append(replace(mount, read_only=mount.read_only or mode == "ro", copy=False, short=None))
    return mounts


def _declared(spec: ContainerSpec, image: dict[str, Any]) -> list[Mount]:
    declared = image.get("Volumes")
    if not isinstance(declared, dict):
        return []
    for path in declared:
        if not path.startswith("/") or "\0" in path or clean(path) in _FORBIDDEN:
            raise InvalidSpec(f"image {spec.image} declares a volume at {path!r}, where nothing can be mounted")
    return [Mount("volume", clean(path)) for path in sorted(declared)]


def _settled(store: Store, mount: Mount) -> Mount:
    """Return a mount with the name of its anonymous volume, or the id of its image."""
    if mount.kind == "image":
        from ..images import catalog

        return replace(mount, image_id=catalog.find(store, mount.source or "").id)
    return replace(mount, source=names.new_id()) if mount.kind == "volume" and not mount.source else mount


def _check_sources(store: Store, mounts: Iterable[Mount]) -> None:
    for mount in mounts:
        if mount.kind == "image":
            _settled(store, mount)  # says that it is missing before anything is touched
        if mount.kind == "bind" and not mount.create_source and not os.path.lexists(mount.source or ""):
            raise InvalidSpec(f"mount {mount.target}: {mount.source} does not exist on this host; make it first")


def _make_source(mount: Mount, source: str) -> None:
    if not mount.create_source:
        raise FileNotFoundError(2, "No such file or directory", source)
    before = os.umask(0o022)  # as Docker makes it, whatever the umask of who calls
    try:
        os.makedirs(source, exist_ok=True)
    finally:
        os.umask(before)
