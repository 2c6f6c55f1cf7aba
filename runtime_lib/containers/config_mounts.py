"""The mounts of a container in the order in which they are made. Pure."""

from __future__ import annotations

from ..oci.plan import BENEATH
from ..records import dataclass
from . import profile
from .spec import ContainerSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from .parts import Mount

_TMPFS = ("nosuid", "nodev", "noexec")
_OPPOSITES = {"exec": "noexec", "suid": "nosuid", "dev": "nodev"}


@dataclass(frozen=True)
class ReadyMount:
    """A folder or file of the host, found and checked, that is to be bound at `target`.

    With `layers` (the top one first) it is the tree of an image instead, read-only without `writable`, a folder with
    an `upper` and a `work` that take what is written. `beneath` is a path inside of it. `flags` are more options.
    `idmap` lets its files belong to the container's users, in a container with a user namespace, and `ids` (see
    `oci.idmaps`) to others in any container.
    """

    target: str
    source: str
    read_only: bool = False
    propagation: str | None = None
    recursive: bool = True
    read_only_tree: bool = False
    beneath: str = ""
    layers: tuple[str, ...] = ()
    idmap: bool = False
    ids: str = ""
    writable: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Additions:
    """What one start has beyond the stored description: mounts and `NAME=value` texts that no file is to keep."""

    mounts: tuple[ReadyMount, ...] = ()
    env: tuple[str, ...] = ()


def mounts(spec: ContainerSpec, ready: Sequence[ReadyMount]) -> list[dict[str, Any]]:
    """Return OCI `mounts`: the kernel's file systems first, then the user's, parents before what is below them.

    A mount of the user replaces a default one with the same target.
    """
    own = [bind(mount) for mount in ready] + list(_temporary(spec))
    own.sort(key=lambda mount: clean(mount["destination"]).count("/"))
    taken = {clean(mount["destination"]) for mount in own}
    return [mount for mount in _defaults(spec) if mount["destination"] not in taken] + own


def bind(mount: ReadyMount) -> dict[str, Any]:
    """Return the OCI mount that binds a path of the host, or shows the tree of an image."""
    part = [f"{BENEATH}={mount.beneath}"] if mount.beneath else []
    part += shifted(mount.recursive and not mount.layers, mount.ids) if mount.idmap or mount.ids else []
    if mount.layers:
        own = [f"upperdir={mount.writable}/upper", f"workdir={mount.writable}/work"] if mount.writable else []
        options = [f"lowerdir={lowerdir(mount.layers)}", *own, "rprivate", *part]
        options += ["ro"] if mount.read_only or not own else []
        return {"destination": mount.target, "type": "overlay", "source": "overlay", "options": options}
    options = ["rbind" if mount.recursive else "bind", mount.propagation or "rprivate", *part, *mount.flags]
    options += ["rro" if mount.read_only_tree else "ro"] if mount.read_only else []
    return {"destination": mount.target, "type": "bind", "source": mount.source, "options": options}


def shifted(tree: bool = False, ids: str = "") -> tuple[str, ...]:
    """Return the options of what is shown with other owners, with `tree` also below: the container's, or by `ids`."""
    # A node in there would be open to the users that it seems to belong to, with all devices of a privileged container.
    text = f"={ids}" if ids else ""
    return (f"ridmap{text}", "rnodev") if tree else (f"idmap{text}", "nodev")


def lowerdir(layers: Iterable[str]) -> str:
    """Return folders, top first, as overlayfs's option has them."""
    return ":".join(path.replace("\\", "\\\\").replace(":", "\\:") for path in layers)


def clean(path: str) -> str:
    """Return an absolute path without `.`, `..` and doubled slashes."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def _defaults(spec: ContainerSpec) -> Iterable[dict[str, Any]]:
    for destination, kind, source, options in profile.MOUNTS:
        words = list(options)
        if spec.privileged and kind in ("sysfs", "cgroup"):
            words.remove("ro")
        if destination == "/dev/shm":
            if spec.ipc_mode == "none":
                continue
            words.append(f"size={spec.shm_size or profile.SHM_SIZE}")
        if spec.ipc_mode == "host" and destination == "/dev/shm":
            yield bind(ReadyMount(destination, destination))
            continue
        yield {"destination": destination, "type": kind, "source": source, "options": words}


def _temporary(spec: ContainerSpec) -> Iterable[dict[str, Any]]:
    for path, text in spec.tmpfs.items():
        yield _tmpfs(path, [word for word in text.split(",") if word])
    for mount in spec.mounts:
        if mount.kind == "tmpfs":
            yield _tmpfs(mount.target, _tmpfs_words(mount))


def _tmpfs_words(mount: Mount) -> list[str]:
    words = list(mount.tmpfs_options)
    words += ["ro"] if mount.read_only else []
    words += [f"size={mount.tmpfs_size}"] if mount.tmpfs_size else []
    words += [f"mode={mount.tmpfs_mode:o}"] if mount.tmpfs_mode is not None else []
    return words


def _tmpfs(path: str, words: list[str]) -> dict[str, Any]:
    defaults = [word for word in _TMPFS if not any(_OPPOSITES.get(given) == word for given in words)]
    options = list(dict.fromkeys([*defaults, *words]))
    return {"destination": path, "type": "tmpfs", "source": "tmpfs", "options": options}
