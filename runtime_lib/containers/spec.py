"""What a user asks for: one container, described completely and without any look at the host.

Sizes are bytes, times are seconds. None means "as the image or the host has it". The description is stored with the
container as JSON, and every later start obeys it.
"""

from __future__ import annotations

from ..errors import CorruptData
from ..records import asdict, dataclass, field, fields, known
from .parts import Attachment, Device, Healthcheck, Mount, Throttle, Ulimit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@dataclass(frozen=True)
class ContainerSpec:
    """One container. `check()` says whether it makes sense; the parsers of this seat make its parts from texts.

    `entrypoint` and `command`: None takes the image's; () is "none at all". A given entrypoint drops the image's
    command, as Docker has it. `network_mode`: bridge, none, host, container:REF or a network's name; `networks` given
    at creation are all joined, and the default bridge is then only joined when `network_mode` is "bridge" by name.
    `published_ports` are Docker's texts (`8080:80/udp`, `127.0.0.1:8080:80`, `80`, ranges), `exposed_ports` `80/tcp`.
    `tmpfs` maps a path to mount options. `groups` are names or numbers. `security_opts` are Docker's texts
    (`no-new-privileges`, `seccomp=unconfined`, `seccomp={...}`). `pids_limit`: None is the default limit, -1 none.
    `memory_swap` is memory plus swap, -1 is unlimited. `cpus` is a number of processors; `cpu_period`, `cpu_quota` and
    the real-time budget `cpu_rt_*` are microseconds. The rates of `blkio_weight_device` are weights.
    `stdin_once` ends an `interactive` one's standard input with the first client's, or when that client leaves.
    `userns_mode` is "" or "host", or "auto" for ids of its own (`auto:size=N,uidmapping=...`, see `userns_mode`).
    `oci_runtime` is the name or path of another OCI runtime, "" or "skiff" is our own.
    """

    name: str = ""
    image: str = ""
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    env: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    user: str = ""
    groups: tuple[str, ...] = ()
    working_dir: str = ""
    hostname: str = ""
    domainname: str = ""
    tty: bool = False
    interactive: bool = False
    stdin_once: bool = False
    init: bool = False
    stop_signal: str | None = None
    stop_timeout: int | None = None
    auto_remove: bool = False
    restart_policy: str = "no"
    restart_retries: int = 0
    healthcheck: Healthcheck | None = None
    log_driver: str = "json-file"
    log_options: dict[str, str] = field(default_factory=dict)

    network_mode: str = "bridge"
    networks: tuple[Attachment, ...] = ()
    links: tuple[str, ...] = ()
    mac_address: str | None = None
    published_ports: tuple[str, ...] = ()
    publish_all_ports: bool = False
    exposed_ports: tuple[str, ...] = ()
    default_host_ip: str = ""
    etc_hosts: dict[str, str] = field(default_factory=dict)
    dns_servers: tuple[str, ...] = ()
    dns_options: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()

    mounts: tuple[Mount, ...] = ()
    volumes_from: tuple[str, ...] = ()
    tmpfs: dict[str, str] = field(default_factory=dict)
    read_only: bool = False
    shm_size: int | None = None

    memory: int = 0
    memory_reservation: int = 0
    memory_swap: int = 0
    memory_swappiness: int | None = None
    cpus: float = 0.0
    cpu_period: int = 0
    cpu_quota: int = 0
    cpu_shares: int = 0
    cpu_rt_period: int = 0
    cpu_rt_runtime: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    pids_limit: int | None = None
    blkio_weight: int = 0
    blkio_weight_device: tuple[Throttle, ...] = ()
    device_read_bps: tuple[Throttle, ...] = ()
    device_write_bps: tuple[Throttle, ...] = ()
    device_read_iops: tuple[Throttle, ...] = ()
    device_write_iops: tuple[Throttle, ...] = ()
    oom_score_adj: int = 0
    oom_kill_disable: bool = False
    ulimits: tuple[Ulimit, ...] = ()
    sysctls: dict[str, str] = field(default_factory=dict)

    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    privileged: bool = False
    security_opts: tuple[str, ...] = ()
    devices: tuple[Device, ...] = ()
    device_cgroup_rules: tuple[str, ...] = ()
    ipc_mode: str = ""
    pid_mode: str = ""
    uts_mode: str = ""
    cgroupns_mode: str = ""
    cgroup_parent: str = ""
    userns_mode: str = ""
    oci_runtime: str = ""

    def check(self) -> None:
        """Raise InvalidSpec, with one sentence for the user, when the description makes no sense."""
        from .checks import check

        check(self)

    def to_json(self) -> dict[str, Any]:
        """Return a dict for `json.dumps`; `from_json` reverses it."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ContainerSpec:
        """Return the description that `to_json` gave. Raises CorruptData for missing parts.

        What only a newer version knows is left out (see `newer_settings`).
        """
        defaults = _defaults()
        told = {key: part for key, part in value.items() if key in defaults and part != defaults[key]}
        try:
            return cls(**{key: _restore(key, part) for key, part in told.items()})
        except TypeError as error:
            raise CorruptData(f"a stored container is damaged: {error}") from error


_DEFAULTS: dict[str, Any] = {}


def _defaults() -> dict[str, Any]:
    """Return the stored form of a description that says nothing: most of what is stored, and quickly passed over."""
    if not _DEFAULTS:
        plain = ContainerSpec().to_json()
        _DEFAULTS.update({key: list(part) if isinstance(part, tuple) else part for key, part in plain.items()})
    return _DEFAULTS


_NESTED = {
    "mounts": Mount,
    "networks": Attachment,
    "devices": Device,
    "ulimits": Ulimit,
    "blkio_weight_device": Throttle,
    "device_read_bps": Throttle,
    "device_write_bps": Throttle,
    "device_read_iops": Throttle,
    "device_write_iops": Throttle,
}


def _restore(key: str, part: Any) -> Any:
    if key == "healthcheck":
        return None if part is None else Healthcheck(**_tuples(known(Healthcheck, part)))
    if key in _NESTED:
        return tuple(_NESTED[key](**_tuples(known(_NESTED[key], entry))) for entry in part)
    return tuple(part) if isinstance(part, list) else part


def _tuples(part: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in part.items()}


def newer_settings(value: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of stored settings that only a newer version knows and that are set there.

    A new setting means nothing where it is empty, so that a newer version does not spoil a container for an older one.
    """
    defaults = _defaults()
    found = [name for name, part in value.items() if part and name not in defaults]
    for key, kind in _NESTED.items():
        if value.get(key):
            found += [f"{key}.{name}" for entry in value[key] for name in _unknown(kind, entry)]
    found += [f"healthcheck.{name}" for name in _unknown(Healthcheck, value.get("healthcheck") or {})]
    return tuple(sorted(set(found)))


def _unknown(kind: Any, value: dict[str, Any]) -> list[str]:
    names = {entry.name for entry in fields(kind)}
    return [name for name, part in value.items() if name not in names and part]
