"""The options of a `container` task, as what is wanted: a description, which parts of it the user set, and how.

Pure, apart from `env_file`, which the caller reads.
"""

from __future__ import annotations

from ..containers.parts import Attachment
from ..containers.sizes import size
from ..containers.spec import ContainerSpec
from ..errors import InvalidSpec
from ..records import dataclass, field, replace
from . import container_values as values
from .compare import modes
from .container_views import ALIASES, KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Options whose value goes into the description as it is, where the description has another name for it.
_PLAIN = {
    "auto_remove": "", "blkio_weight": "", "cgroup_parent": "", "cgroupns_mode": "", "cpu_period": "", "cpu_quota": "",
    "cpu_shares": "", "cpus": "", "cpuset_cpus": "", "cpuset_mems": "", "default_host_ip": "", "domainname": "",
    "hostname": "", "init": "", "interactive": "", "ipc_mode": "", "log_driver": "", "mac_address": "",
    "memory_swappiness": "", "network_mode": "", "oom_killer": "oom_kill_disable", "oom_score_adj": "", "pid_mode": "",
    "pids_limit": "", "privileged": "", "publish_all_ports": "", "read_only": "", "restart_policy": "",
    "restart_retries": "", "runtime": "oci_runtime", "stop_signal": "", "stop_timeout": "", "tty": "", "user": "",
    "userns_mode": "", "uts": "uts_mode", "working_dir": "",
}  # fmt: skip
_LISTS = {
    "cap_drop": "", "capabilities": "cap_add", "device_cgroup_rules": "", "dns_opts": "dns_options", "dns_servers": "",
    "dns_search_domains": "dns_search", "exposed_ports": "", "groups": "", "links": "", "published_ports": "",
    "security_opts": "", "volumes_from": "",
}  # fmt: skip
_SIZES = ("memory", "memory_reservation", "memory_swap", "shm_size")
_READERS: dict[str, Callable[[Any], Any]] = {
    "labels": values.labels,
    "log_options": values.numbers_as_texts,
    "sysctls": values.numbers_as_texts,
    "etc_hosts": values.etc_hosts,
    "healthcheck": values.healthcheck,
    "tmpfs": values.tmpfs,
    "devices": lambda entries: tuple(values.device(entry) for entry in entries),
    "ulimits": lambda entries: tuple(values.ulimit(entry) for entry in entries),
    **{
        f"device_{way}_{unit}": lambda entries: tuple(values.throttle(entry, "device rates") for entry in entries)
        for way in ("read", "write")
        for unit in ("bps", "iops")
    },
}
_COMPATIBLE = dict.fromkeys(
    ("auto_remove", "init", "interactive", "paused", "privileged", "read_only", "tty"), False
)  # what docker_container of 2.x took for granted
_IGNORED = {
    "kernel_memory": "the kernel has no such limit any more",
}
# option -> (values that mean what is done anyway, why there is nothing else)
_REFUSED: dict[str, tuple[tuple[Any, ...], str]] = {
    "device_requests": (([],), "there are no device drivers; give the device's nodes by `devices`"),
    "storage_opts": (({},), "there is no limit of space for one container, as with Docker outside of XFS with pquota"),
    "volume_driver": (("", "local"), "there is no other driver than local; its options mount NFS, CIFS and devices"),
}


@dataclass(frozen=True)
class Wish:
    """What a task wants of one container. `given` are the options that the user set; only they are compared."""

    name: str
    state: str = "started"
    spec: ContainerSpec = field(default_factory=ContainerSpec)
    given: frozenset[str] = frozenset()
    modes: dict[str, str] = field(default_factory=dict)
    image: str | None = None
    pull: str = "missing"
    pull_asks_in_check_mode: bool = False
    networks: tuple[Attachment, ...] | None = None
    recreate: bool = False
    restart: bool = False
    run_again: str = "always"
    platform: str = ""
    force_kill: bool = False
    kill_signal: str | None = None
    keep_volumes: bool = True
    paused: bool | None = None
    detach: bool = True
    cleanup: bool = False
    image_name_strict: bool = True
    compare_with_current_image: bool = False
    healthy_timeout: float = 300.0
    labels_must_cover_image: bool = False
    output_logs: bool = False
    warnings: tuple[str, ...] = ()


def wish(options: dict[str, Any], file_env: dict[str, str] | None = None) -> Wish:
    """Return the wish of a task's options; `file_env` are the variables of its env_file.

    Raises InvalidSpec for a value that makes no sense.
    """
    options = {key: value for key, value in options.items() if value is not None}
    _refuse(options)
    if options.get("container_default_behavior") == "compatibility":
        options = {**_COMPATIBLE, **options}
    given = frozenset(options) | ({"env"} if file_env else frozenset())
    networks = tuple(values.attachment(entry) for entry in options["networks"]) if "networks" in options else None
    spec = _spec(options, file_env or {}, networks)
    if options.get("state") != "absent":
        spec.check()
    return Wish(
        spec=spec,
        given=given,
        modes=modes(KINDS, ALIASES, options.get("comparisons", {})),
        networks=networks,
        warnings=_warnings(options),
        **_policies(options),
    )


def _policies(options: dict[str, Any]) -> dict[str, Any]:
    same = ("name", "state", "image", "recreate", "restart", "force_kill", "kill_signal", "keep_volumes", "paused")
    return {
        **{key: options[key] for key in (*same, "detach", "cleanup", "run_again", "platform") if key in options},
        "pull": _pull(options.get("pull", "missing")),
        "pull_asks_in_check_mode": options.get("pull_check_mode_behavior") == "always",
        "image_name_strict": options.get("image_name_mismatch", "recreate") == "recreate",
        "compare_with_current_image": options.get("image_comparison") == "current-image",
        "labels_must_cover_image": options.get("image_label_mismatch") == "fail",
        "output_logs": bool(options.get("output_logs")),
        "healthy_timeout": options.get("healthy_wait_timeout", 300.0),
    }


def _pull(value: Any) -> str:
    word = {"true": "always", "false": "missing"}.get(str(value).lower(), str(value).lower())
    if word not in ("always", "missing", "never"):
        raise InvalidSpec(f"pull must be always, missing, never, true or false, not {value!r}")
    return word


def _spec(options: dict[str, Any], file_env: dict[str, str], networks: tuple[Attachment, ...] | None) -> ContainerSpec:
    parts: dict[str, Any] = {"name": options.get("name", ""), "image": options.get("image", "")}
    parts.update({_PLAIN[key] or key: options[key] for key in _PLAIN if key in options})
    parts.update({_LISTS[key] or key: tuple(options[key]) for key in _LISTS if key in options})
    parts.update({key: size(options[key], key) for key in _SIZES if key in options})
    parts.update({key: read(options[key]) for key, read in _READERS.items() if key in options})
    if "env" in options or file_env:
        parts["env"] = {**file_env, **values.texts(options.get("env", {}), "env")}
    if parts.get("network_mode") == "default":
        parts["network_mode"] = "bridge"
    parts.update(_commands(options))
    parts["mounts"] = values.volumes(options.get("volumes", ())) + tuple(
        values.mount(entry) for entry in options.get("mounts", ())
    )
    return _networked(ContainerSpec(**parts), options, networks)


def _commands(options: dict[str, Any]) -> dict[str, Any]:
    compatible = options.get("command_handling") == "compatibility"
    return {key: words for key in ("command", "entrypoint") if key in options
            for words in [values.words(options[key], key, compatible)]}  # fmt: skip


def _networked(spec: ContainerSpec, options: dict[str, Any], networks: tuple[Attachment, ...] | None) -> ContainerSpec:
    if not networks:
        return spec
    if options.get("networks_cli_compatible", True) and "network_mode" not in options:
        return replace(spec, network_mode=networks[0].name, networks=networks)
    return replace(spec, networks=networks)


def _refuse(options: dict[str, Any]) -> None:
    for key, (harmless, reason) in _REFUSED.items():
        if key in options and options[key] not in harmless:
            raise InvalidSpec(f"{key} {options[key]!r} is refused: {reason}")


def _warnings(options: dict[str, Any]) -> tuple[str, ...]:
    return tuple(f"{key} has no effect: {reason}" for key, reason in _IGNORED.items() if key in options)
