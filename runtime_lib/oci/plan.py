"""What is to be mounted, and in which order: pure, from a bundle's configuration."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..linux import libc
from . import options as mount_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .idmaps import Maps
    from .options import Options

BENEATH = "x-skiff.beneath"
_REAL_FOLDERS = ("proc", "sysfs")  # masks and labels rely on what is there (CVE-2019-19921)


class Mount:
    """One mount: `kind` is a file system's name, "bind" or "cgroup"; `destination` is absolute in the container.

    `overlay` are the layers of one of that kind. Of a tree of which only a part is wanted, `beneath` is that part's
    path: our extension, the option `x-skiff.beneath=`; links are followed inside the tree. `opened` is a detached mount
    of it, where one has been made already (`outside`). `maps` are the ids of an id-mapped one that are not those of the
    container, `namespace` a user namespace that has them.
    """

    __slots__ = ("beneath", "destination", "kind", "maps", "namespace", "opened", "options", "overlay", "source")

    def __init__(self, destination: str, kind: str, source: str, options: Options) -> None:
        self.destination = destination
        self.kind = kind
        self.source = source
        self.options = options
        self.opened = self.namespace = -1
        self.maps: Maps | None = None
        self.beneath = options.value(BENEATH) or ""
        self.overlay = Root("", False, options) if kind == "overlay" and options.value("lowerdir") else None
        options.data = [(key, value) for key, value in options.data if key != BENEATH]

    @property
    def needs_real_folder(self) -> bool:
        """Whether no component of the destination may be a symbolic link."""
        return self.kind in _REAL_FOLDERS


class Root:
    """The root file system: an overlay's layers, top first, and perhaps upper and work folder; or a plain folder."""

    __slots__ = ("layers", "opened", "options", "path", "readonly", "upper", "work")

    def __init__(self, path: str, readonly: bool, overlay: Options | None) -> None:
        self.path = path
        self.readonly = readonly
        self.opened = -1
        self.layers = mount_options.layers(overlay.value("lowerdir") or "") if overlay else []
        self.upper = (overlay.value("upperdir") or "") if overlay else ""
        self.work = (overlay.value("workdir") or "") if overlay else ""
        self.options = overlay or mount_options.Options()


def root(config: dict[str, Any], bundle: str) -> Root:
    """Return the root file system: `root.path`, or our extension, a mount of type overlay at `/`.

    The extension is mounted in the container's own mount namespace, so that nothing is ever mounted on the host.
    Raises InvalidSpec.
    """
    section = config.get("root") or {}
    readonly = bool(section.get("readonly"))
    for entry in config.get("mounts") or ():
        if entry.get("destination") == "/" and entry.get("type") == "overlay":
            overlay = mount_options.parse(entry.get("options") or ())
            _check_overlay(overlay, "/")
            return Root("", readonly, overlay)
    if not section.get("path"):
        raise InvalidSpec("root.path is missing: name the folder of the root file system, or mount an overlay at /")
    return Root(_absolute(section["path"], bundle), readonly, None)


def mounts(config: dict[str, Any], bundle: str) -> list[Mount]:
    """Return all other mounts in the order of the configuration."""
    planned = []
    for entry in config.get("mounts") or ():
        if entry.get("destination") == "/" and entry.get("type") == "overlay":
            continue
        mount = _mount(entry, bundle)
        if mount.options.ids:
            from . import idmaps

            mount.maps = idmaps.parse(mount.options.ids, config.get("linux") or {})
        planned.append(mount)
    return planned


def _mount(entry: dict[str, Any], bundle: str) -> Mount:
    destination = entry.get("destination") or ""
    if not destination.startswith("/") or "\0" in destination or destination.rstrip("/.") == "":
        raise InvalidSpec(f"mount destination {destination!r}: give an absolute path below / in the container")
    parsed = mount_options.parse(entry.get("options") or ())
    kind = entry.get("type") or ""
    source = entry.get("source") or ""
    if parsed.bind or kind == "bind":
        parsed.bind = True
        return Mount(destination, "bind", _absolute(source, bundle), parsed)
    if not kind or kind == "none":
        raise InvalidSpec(f"mount at {destination}: give a type, or the option bind or rbind")
    if kind == "overlay" and parsed.value("lowerdir"):
        _check_overlay(parsed, destination)
    return Mount(destination, kind, source, parsed)


def _check_overlay(overlay: Options, place: str) -> None:
    if not overlay.value("lowerdir"):
        raise InvalidSpec(f"the overlay at {place} has no lowerdir: name at least one layer")
    if bool(overlay.value("upperdir")) != bool(overlay.value("workdir")):
        raise InvalidSpec(f"the overlay at {place} needs both upperdir and workdir, or none of them")
    overlay_paths = [*mount_options.layers(overlay.value("lowerdir") or "")]
    overlay_paths += [overlay.value(key) or "/" for key in ("upperdir", "workdir")]
    for path in overlay_paths:
        if not path.startswith("/"):
            raise InvalidSpec(f"the overlay at {place} names {path!r}: its folders must be absolute paths")


def _absolute(path: str, bundle: str) -> str:
    if not path or "\0" in path:
        raise InvalidSpec(f"{path!r} is not a path")
    return path if path.startswith("/") else f"{bundle}/{path}"


def namespaces(config: dict[str, Any]) -> dict[str, str]:
    """Return {kind: path to join, or "" for a new one}. Raises InvalidSpec for an unknown or double kind."""
    from ..linux.namespaces import KINDS

    wanted: dict[str, str] = {}
    for entry in (config.get("linux") or {}).get("namespaces") or ():
        kind = entry.get("type")
        if kind not in KINDS or kind in wanted:
            raise InvalidSpec(f"namespace {kind!r}: give each of {', '.join(KINDS)} at most once")
        wanted[kind] = entry.get("path") or ""
    if wanted.get("mount") != "":
        raise InvalidSpec("a container needs a mount namespace of its own: add it to linux.namespaces, without a path")
    return wanted


def propagation(config: dict[str, Any], planned: list[Mount]) -> int:
    """Return how the namespace's copy of the host's mounts is tied to the host: linux.rootfsPropagation.

    Without it the copy only receives, unless a bind is to be shared: that needs the host's own peer group.
    """
    text = (config.get("linux") or {}).get("rootfsPropagation") or ""
    if not text and any(mount.options.propagation == libc.MS_SHARED for mount in planned):
        return libc.MS_SHARED | libc.MS_REC
    return mount_options.propagation(text)


def host_flags(options: Options) -> int:
    """Return the attributes that a new file system is mounted with."""
    return options.attr_set | options.tree_set


def readonly_flag(options: Options) -> bool:
    """Whether a new file system is read-only as a whole, not only in this mount."""
    return bool(host_flags(options) & libc.MOUNT_ATTR_RDONLY)
