"""Whether the mounts of a description make sense: checks as in `checks`."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..patterns import NAME
from .config_mounts import clean
from .mounts import PROPAGATIONS
from .parts import Mount
from .spec import ContainerSpec

_RESERVED_TARGETS = ("/", "/proc", "/sys")


def mounts(spec: ContainerSpec) -> None:
    """Every target once, and never over the root, /proc or /sys (CVE-2023-27561)."""
    seen = set()
    for mount in spec.mounts:
        _mount(mount)
        target = clean(mount.target)
        if target in seen:
            raise InvalidSpec(f"mount {mount.target}: the container has two mounts with this target")
        seen.add(target)
    for path in spec.tmpfs:
        if clean(path) in seen:
            raise InvalidSpec(f"mount {path}: the container has two mounts with this target")
    for target in [mount.target for mount in spec.mounts] + list(spec.tmpfs):
        if clean(target) in _RESERVED_TARGETS:
            raise InvalidSpec(f"mount {target}: nothing can be mounted over {clean(target)}")
    if spec.shm_size is not None and spec.shm_size <= 0:
        raise InvalidSpec("shm_size must be above 0")


def _mount(mount: Mount) -> None:
    if mount.kind not in ("bind", "volume", "image", "tmpfs"):
        raise InvalidSpec(f"mount {mount.target}: type {mount.kind!r} is unknown; use bind, volume, image or tmpfs")
    if not mount.target.startswith("/") or "\0" in mount.target:
        raise InvalidSpec(f"mount {mount.target!r}: the target must be an absolute path inside the container")
    _source(mount)
    if mount.subpath is not None:
        _subpath(mount, mount.subpath)
    _options(mount)


def _source(mount: Mount) -> None:
    if mount.kind == "bind" and not (mount.source or "").startswith("/"):
        raise InvalidSpec(f"mount {mount.target}: the source of a bind must be an absolute path on the host")
    if mount.kind == "volume" and mount.source is not None and not NAME.match(mount.source):
        raise InvalidSpec(f"mount {mount.target}: {mount.source!r} is not the name of a volume")
    if mount.kind == "image" and not mount.source:
        raise InvalidSpec(f"mount {mount.target}: the source of an image mount must be the name or id of an image")
    if mount.kind == "tmpfs" and mount.source:
        raise InvalidSpec(f"mount {mount.target}: a tmpfs has no source")


def _subpath(mount: Mount, path: str) -> None:
    if mount.kind not in ("volume", "image") or mount.source is None:
        raise InvalidSpec(f"mount {mount.target}: a subpath is a path inside a volume with a name, or inside an image")
    if path.startswith("/") or "\0" in path or not path or ".." in path.split("/"):
        raise InvalidSpec(f"mount {mount.target}: subpath {path!r} must be a relative path without '..'")


def _options(mount: Mount) -> None:
    if mount.read_only_tree and not (mount.kind == "bind" and mount.read_only and mount.recursive):
        raise InvalidSpec(
            f"mount {mount.target}: read_only_force_recursive is for a bind that is read_only and not non_recursive"
        )
    if mount.idmap is not None and mount.kind not in ("bind", "volume"):
        raise InvalidSpec(f"mount {mount.target}: idmap is for a bind or a volume")
    if mount.idmap:
        from ..oci import idmaps

        idmaps.parse(mount.idmap)
    if mount.propagation and mount.propagation not in PROPAGATIONS:
        raise InvalidSpec(f"mount {mount.target}: propagation must be one of {', '.join(PROPAGATIONS)}")
