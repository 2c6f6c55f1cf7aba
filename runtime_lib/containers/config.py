"""A description and an image, as the OCI runtime-spec document that the low-level runtime obeys. Pure.

Everything that had to be looked up on the host is in `Settings`; the same settings give the same document.
"""

from __future__ import annotations

from ..errors import InvalidSpec
from ..oci import reaper
from ..records import dataclass, field
from . import profile
from .config_mounts import ReadyMount, lowerdir, mounts, shifted
from .devices import HostDevice
from .resources import resources, rlimits
from .security import capabilities, options
from .spec import ContainerSpec
from .users import User

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@dataclass(frozen=True)
class Overlay:
    """The root file system: the layers of the image, the top one first, and the container's own folders."""

    layers: tuple[str, ...]
    upper: str
    work: str

    def mount(self, idmap: bool) -> dict[str, Any]:
        """Return the mount at `/`, which the runtime makes in the container's own mount namespace."""
        options = [f"lowerdir={lowerdir(self.layers)}", f"upperdir={self.upper}", f"workdir={self.work}"]
        options += shifted() if idmap else ()
        return {"destination": "/", "type": "overlay", "source": "overlay", "options": options}


@dataclass(frozen=True)
class Settings:
    """What `oci_config` needs to know.

    `image` is the `config` object of the image's configuration; `available` are the capabilities that this process
    may give away; `joined` maps a namespace's type to the file of the one that is shared with another container;
    `own_network` says whether the container has a network namespace to itself; `cgroup_version` is 1 or 2.
    `id_maps` are the maps of user and group ids of a container with a user namespace, None without.
    `apparmor` is the profile of AppArmor, "" for none.
    `links` are the variables of its links.
    `throttles` are folders of the host's processors whose counters tell one container what the others do.
    """

    spec: ContainerSpec
    image: dict[str, Any]
    user: User
    hostname: str
    cgroup: str
    root: Overlay
    mounts: tuple[ReadyMount, ...] = ()
    devices: tuple[HostDevice, ...] = ()
    throttled: dict[str, str] = field(default_factory=dict)
    available: frozenset[str] = frozenset()
    joined: dict[str, str] = field(default_factory=dict)
    own_network: bool = True
    cgroup_version: int = 2
    throttles: tuple[str, ...] = ()
    apparmor: str = ""
    id_maps: tuple[list[dict[str, int]], list[dict[str, int]]] | None = None
    links: dict[str, str] = field(default_factory=dict)


def oci_config(settings: Settings) -> dict[str, Any]:
    """Return the OCI configuration (runtime-spec config.md). Raises InvalidSpec when there is no program to run."""
    spec = settings.spec
    result: dict[str, Any] = {
        "ociVersion": "1.0.2",
        "process": process(settings),
        "root": {"path": "rootfs", "readonly": spec.read_only},
        "mounts": [settings.root.mount(settings.id_maps is not None), *mounts(spec, settings.mounts)],
        "linux": _linux(settings),
    }
    if spec.uts_mode in ("", "private"):
        result["hostname"] = settings.hostname
        if spec.domainname:
            result["domainname"] = spec.domainname
    if spec.init:
        result["annotations"] = {reaper.ANNOTATION: "true"}
    return result


def process(settings: Settings) -> dict[str, Any]:
    """Return the `process` object: what runs, as whom, with which rights."""
    spec, user = settings.spec, settings.user
    names = capabilities(spec, set(settings.available))
    # Root keeps them over execve; anybody else has none, and can get none back but by a set-user-ID program.
    held = names if user.uid == 0 else []
    result: dict[str, Any] = {
        "terminal": spec.tty,
        "user": {"uid": user.uid, "gid": user.gid, "additionalGids": list(user.groups), "umask": 0o022},
        "args": arguments(spec, settings.image),
        "env": environment(settings),
        "cwd": working_dir(spec, settings.image),
        "capabilities": {
            "bounding": names,
            "permitted": held,
            "effective": held,
            "inheritable": [],
            "ambient": [],
        },
        "noNewPrivileges": options(spec).no_new_privileges,
        "oomScoreAdj": spec.oom_score_adj,
    }
    if settings.apparmor:
        result["apparmorProfile"] = settings.apparmor
    if spec.ulimits:
        result["rlimits"] = rlimits(spec)
    return result


def arguments(spec: ContainerSpec, image: dict[str, Any]) -> list[str]:
    """Return the program and its arguments: entrypoint, then command. A given entrypoint drops both of the image.

    Raises InvalidSpec.
    """
    entrypoint = spec.entrypoint
    command = spec.command
    if entrypoint is None:
        entrypoint = _words(image.get("Entrypoint"))
        command = _words(image.get("Cmd")) if command is None else command
    if tuple(entrypoint) == ("",):  # Docker's way to drop the image's entrypoint
        entrypoint = ()
    result = [*entrypoint, *(command or ())]
    if not result:
        raise InvalidSpec(f"no command was given, and image {spec.image} has none")
    return result


def environment(settings: Settings) -> list[str]:
    """Return `NAME=value` texts: PATH, HOSTNAME, TERM with a terminal, of links, the image's, the user's, and HOME.

    An entry of the image without `=` names nothing and is dropped: it must not take a value from the host
    (CVE-2026-57231).
    """
    spec = settings.spec
    values = {"PATH": profile.PATH, "HOSTNAME": settings.hostname}
    if spec.tty:
        values["TERM"] = "xterm"
    values.update(settings.links)
    for entry in _words(settings.image.get("Env")):
        name, equals, value = entry.partition("=")
        if name and equals and "\0" not in entry:
            values[name] = value
    values.update(spec.env)
    values.setdefault("HOME", settings.user.home)
    return [f"{name}={value}" for name, value in values.items()]


def working_dir(spec: ContainerSpec, image: dict[str, Any]) -> str:
    """Return the absolute path in which the program starts. Raises InvalidSpec."""
    path = spec.working_dir or image.get("WorkingDir") or "/"
    if not isinstance(path, str) or "\0" in path:
        raise InvalidSpec(f"image {spec.image} has a working directory that is no path")
    return path if path.startswith("/") else f"/{path}"


def _linux(settings: Settings) -> dict[str, Any]:
    spec = settings.spec
    security = options(spec)
    result: dict[str, Any] = {
        "cgroupsPath": settings.cgroup,
        "namespaces": namespaces(settings),
        "resources": resources(spec, settings.devices, settings.throttled),
        "sysctl": _sysctls(settings),
        "devices": [_device(device) for device in settings.devices],
    }
    if settings.id_maps:
        result["uidMappings"], result["gidMappings"] = settings.id_maps
    if not spec.privileged:
        result["maskedPaths"] = [*security.kept((*profile.MASKED_PATHS, *settings.throttles)), *security.mask]
        result["readonlyPaths"] = security.kept(profile.READONLY_PATHS)
    seccomp = _seccomp(settings)
    if seccomp:
        result["seccomp"] = seccomp
    return result


def namespaces(settings: Settings) -> list[dict[str, str]]:
    """Return the namespaces of the container: new ones, joined ones, and none where the host's is shared."""
    spec = settings.spec
    wanted = ["mount"]
    wanted += ["user"] if settings.id_maps else []
    wanted += ["network"] if spec.network_mode != "host" else []
    wanted += ["uts"] if spec.uts_mode != "host" else []
    wanted += ["pid"] if spec.pid_mode != "host" else []
    wanted += ["ipc"] if spec.ipc_mode != "host" else []
    default = "private" if settings.cgroup_version == 2 else "host"
    wanted += ["cgroup"] if (spec.cgroupns_mode or default) == "private" else []
    joined = settings.joined
    return [{"type": name, "path": joined[name]} if name in joined else {"type": name} for name in wanted]


def _sysctls(settings: Settings) -> dict[str, str]:
    # Inside a user namespace the kernel takes no range of groups that it does not have; the network has ours already.
    defaults = profile.NETWORK_SYSCTLS if settings.own_network and not settings.id_maps else {}
    return {**defaults, **settings.spec.sysctls}


def _seccomp(settings: Settings) -> Any:
    from ..linux.seccomp_profile import default

    chosen = options(settings.spec).seccomp
    if settings.spec.privileged or chosen == "unconfined":
        return None
    return chosen or default(capabilities(settings.spec, set(settings.available)))


def _device(device: HostDevice) -> dict[str, Any]:
    return {
        "path": device.path,
        "type": device.kind,
        "major": device.major,
        "minor": device.minor,
        "fileMode": device.mode,
        "uid": device.uid,
        "gid": device.gid,
    }


def _words(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, (list, tuple)):
        return ()
    return tuple(word for word in value if isinstance(word, str))
