"""How each option of a container is seen for comparison: the same view of what is wanted and of what is there."""

from __future__ import annotations

from ..records import asdict, dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..containers.parts import Mount
    from ..containers.spec import ContainerSpec


@dataclass(frozen=True)
class ImageFacts:
    """An image: its id and its config's `config` part, as the OCI image specification has it (Env, Cmd, ...).

    `platform` are the entries os, architecture and variant of its config.
    """

    id: str
    config: dict[str, Any] = field(default_factory=dict)
    platform: dict[str, Any] = field(default_factory=dict)

    def env(self) -> dict[str, str]:
        """The image's own variables."""
        return dict(entry.partition("=")[::2] for entry in self.config.get("Env") or ())


@dataclass(frozen=True)
class View:
    """`kind` is one of `compare`'s; `live` means that a running container takes a new value without recreation."""

    kind: str
    read: Callable[[ContainerSpec, ImageFacts], Any]
    live: bool = False


def _plain(kind: str, name: str, live: bool = False) -> View:
    return View(kind, lambda spec, _image: getattr(spec, name), live)


def _or_image(kind: str, name: str, key: str) -> View:
    return View(kind, lambda spec, image: getattr(spec, name) or image.config.get(key) or "")


def _command(spec: ContainerSpec, image: ImageFacts) -> Any:
    if spec.command is not None:
        return spec.command
    return () if spec.entrypoint is not None else tuple(image.config.get("Cmd") or ())


def _entrypoint(spec: ContainerSpec, image: ImageFacts) -> Any:
    return spec.entrypoint if spec.entrypoint is not None else tuple(image.config.get("Entrypoint") or ())


def _env(spec: ContainerSpec, image: ImageFacts) -> Any:
    return tuple(f"{name}={value}" for name, value in {**image.env(), **spec.env}.items())


def _exposed(spec: ContainerSpec, image: ImageFacts) -> Any:
    from ..networks.ports import spread

    ports = spread((*spec.exposed_ports, *spec.published_ports))
    return tuple(dict.fromkeys([*ports, *(image.config.get("ExposedPorts") or ())]))


def _published(spec: ContainerSpec, _image: ImageFacts) -> Any:
    from ..networks.ports import parse

    result: dict[str, list[str]] = {}
    for mapping in parse(spec.published_ports, spec.default_host_ip):
        host = f"{mapping.host_ip or '0.0.0.0'}:{mapping.host_port or ''}"
        result.setdefault(f"{mapping.container_port}/{mapping.protocol}", []).append(host)
    return {key: sorted(hosts) for key, hosts in result.items()}


def _labels(spec: ContainerSpec, image: ImageFacts) -> Any:
    return {**(image.config.get("Labels") or {}), **spec.labels}


def _volumes(spec: ContainerSpec, image: ImageFacts) -> Any:
    declared = set(image.config.get("Volumes") or ()) - {mount.target for mount in spec.mounts} - set(spec.tmpfs)
    shown = (_volume(mount) for mount in spec.mounts if mount.kind in ("bind", "volume"))
    return tuple(shown) + tuple(declared)


def _volume(mount: Mount) -> str:
    if mount.anonymous:
        return mount.target
    options = ["ro" if mount.read_only else "rw", *([mount.propagation] if mount.propagation else [])]
    options += mount.idmap_words()
    return ":".join((str(mount.source), mount.target, ",".join(options + ([] if mount.copy else ["nocopy"]))))


def _mounts(spec: ContainerSpec, _image: ImageFacts) -> Any:
    # How to prepare the host, what it had then, and in which words it was asked for; not what was asked for.
    hidden = ("create_source", "image_id", "short", "told")
    named = (asdict(mount) for mount in spec.mounts if not mount.anonymous)
    return tuple({key: part for key, part in mount.items() if key not in hidden} for mount in named)


def _hosts(spec: ContainerSpec, _image: ImageFacts) -> Any:
    return tuple(f"{host}:{address}" for host, address in spec.etc_hosts.items())


def _records(name: str) -> View:
    return View("records", lambda spec, _image: tuple(asdict(entry) for entry in getattr(spec, name)))


def _health(spec: ContainerSpec, image: ImageFacts) -> Any:
    return asdict(spec.healthcheck) if spec.healthcheck else None


def _capabilities(name: str) -> View:
    def read(spec: ContainerSpec, _image: ImageFacts) -> Any:
        return tuple(text.upper() if text.upper()[:4] == "CAP_" or text.upper() == "ALL" else f"CAP_{text.upper()}"
                     for text in getattr(spec, name))  # fmt: skip

    return View("set", read)


VIEWS: dict[str, View] = {
    **{
        name: _plain("value", name)
        for name in (
            "auto_remove", "cgroup_parent", "cgroupns_mode", "domainname", "hostname", "init", "interactive",
            "ipc_mode", "log_driver", "mac_address", "oom_score_adj", "pid_mode", "privileged", "publish_all_ports",
            "read_only", "shm_size", "stop_timeout", "tty",
        )
    },
    **{
        name: _plain("value", name, live=True)
        for name in (
            "blkio_weight", "cpu_period", "cpu_quota", "cpu_shares", "cpus", "cpuset_cpus", "cpuset_mems", "memory",
            "memory_reservation", "memory_swap", "memory_swappiness", "pids_limit", "restart_policy",
            "restart_retries",
        )
    },
    "network_mode": View("value", lambda spec, _image: spec.network_mode),
    "oom_killer": _plain("value", "oom_kill_disable"),
    "userns_mode": View("value", lambda spec, _image: spec.userns_mode or "host"),
    "uts": _plain("value", "uts_mode"),
    "runtime": _plain("value", "oci_runtime"),
    "user": _or_image("value", "user", "User"),
    "working_dir": _or_image("value", "working_dir", "WorkingDir"),
    "stop_signal": _or_image("value", "stop_signal", "StopSignal"),
    "command": View("list", _command),
    "entrypoint": View("list", _entrypoint),
    "dns_servers": _plain("list", "dns_servers"),
    "device_cgroup_rules": _plain("list", "device_cgroup_rules"),
    "env": View("set", _env),
    "exposed_ports": View("set", _exposed),
    "etc_hosts": View("set", _hosts),
    "volumes": View("set", _volumes),
    "capabilities": _capabilities("cap_add"),
    "cap_drop": _capabilities("cap_drop"),
    "dns_opts": _plain("set", "dns_options"),
    "dns_search_domains": _plain("set", "dns_search"),
    **{name: _plain("set", name) for name in ("groups", "links", "security_opts", "volumes_from")},
    "labels": View("dict", _labels),
    "healthcheck": View("dict", _health),
    "published_ports": View("dict", _published),
    "log_options": _plain("dict", "log_options", live=True),
    **{name: _plain("dict", name) for name in ("sysctls", "tmpfs")},
    "mounts": View("records", _mounts),
    **{
        name: _records(name)
        for name in (
            "devices", "device_read_bps", "device_read_iops", "device_write_bps", "device_write_iops", "ulimits",
        )
    },
}  # fmt: skip

# `image` and `networks` are compared in ways of their own.
KINDS = {**{name: view.kind for name, view in VIEWS.items()}, "image": "value", "networks": "records"}
ALIASES = {
    "exposed": "exposed_ports",
    "expose": "exposed_ports",
    "log_opt": "log_options",
    "oci_runtime": "runtime",
    "ports": "published_ports",
}


def shown(kind: str, value: Any) -> Any:
    """Return a value as it stands in a diff: sets sorted, so that two runs look alike."""
    if kind == "set":
        return sorted(value or ())
    if kind in ("list", "records"):
        return list(value or ())
    return value
