"""Whether a description makes sense: a list of named checks, each of which raises InvalidSpec or does nothing."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..patterns import NAME, Pattern
from . import health, log_options, mount_checks, network_checks, other_runtime, signals, userns
from .devices import by_device
from .spec import ContainerSpec

REALTIME_PERIOD = 1_000_000  # microseconds; the kernel's
MINIMUM_MEMORY = 6 * 1024 * 1024  # Docker's, below it nothing starts
RESTART_POLICIES = ("no", "on-failure", "always", "unless-stopped")
_SYSCTL = Pattern(r"[a-z0-9_]+(\.[a-zA-Z0-9_-]+)+\Z")
_IPC_SYSCTLS = ("kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax",
                "kernel.shmmni", "kernel.shm_rmid_forced")  # fmt: skip
_CPUSET = Pattern(r"[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*\Z")
_CGROUP = Pattern(r"[a-zA-Z0-9_][a-zA-Z0-9_.@-]*\Z")


def check(spec: ContainerSpec) -> None:
    """Raise InvalidSpec for the first thing that makes no sense."""
    for one in CHECKS:
        one(spec)


def name(spec: ContainerSpec) -> None:
    """A name is Docker's: letters, digits, `_.-`, at most 255."""
    if spec.name and (len(spec.name) > 255 or not NAME.match(spec.name)):
        raise InvalidSpec(
            f"container name {spec.name[:64]!r}: use letters, digits, '_', '.' and '-', first a letter or digit"
        )


def texts(spec: ContainerSpec) -> None:
    """The kernel's strings end at NUL; files of lines end at a newline."""
    for what, words in (
        ("command", spec.command or ()),
        ("entrypoint", spec.entrypoint or ()),
        ("env", [f"{key}={value}" for key, value in spec.env.items()]),
    ):
        if any("\0" in word for word in words):
            raise InvalidSpec(f"{what} must not contain a NUL character")
    for key in spec.env:
        if not key or "=" in key:
            raise InvalidSpec(f"env: {key!r} is not the name of a variable")
    if spec.working_dir and not spec.working_dir.startswith("/"):
        raise InvalidSpec(f"working_dir {spec.working_dir!r} must be an absolute path")


def memory(spec: ContainerSpec) -> None:
    """The rules of Docker between memory, reservation and swap."""
    if spec.memory < 0 or 0 < spec.memory < MINIMUM_MEMORY:
        raise InvalidSpec(f"memory: {spec.memory} bytes are too few; the minimum is 6 MiB")
    if spec.memory_swap > 0 and not spec.memory:
        raise InvalidSpec("memory_swap needs memory: it is the sum of both")
    if 0 < spec.memory_swap < spec.memory:
        raise InvalidSpec("memory_swap is the sum of memory and swap, so it cannot be below memory")
    if spec.memory_swap < -1:
        raise InvalidSpec("memory_swap must be a size, or -1 for unlimited swap")
    if spec.memory and spec.memory_reservation > spec.memory:
        raise InvalidSpec("memory_reservation cannot be above memory")
    if spec.memory_swappiness is not None and not -1 <= spec.memory_swappiness <= 100:
        raise InvalidSpec("memory_swappiness must be between 0 and 100, or -1 for the host's")


def processor(spec: ContainerSpec) -> None:
    """`cpus` and the CFS numbers say the same thing twice."""
    if spec.cpus < 0:
        raise InvalidSpec("cpus must not be negative")
    if spec.cpus and (spec.cpu_period or spec.cpu_quota):
        raise InvalidSpec("cpus cannot be combined with cpu_period or cpu_quota: it sets both")
    if spec.cpu_period and not 1000 <= spec.cpu_period <= 1_000_000:
        raise InvalidSpec("cpu_period must be between 1000 and 1000000 microseconds")
    if 0 < spec.cpu_quota < 1000:
        raise InvalidSpec("cpu_quota must be at least 1000 microseconds")
    for what, text in (("cpuset_cpus", spec.cpuset_cpus), ("cpuset_mems", spec.cpuset_mems)):
        if text and not _CPUSET.match(text):
            raise InvalidSpec(f"{what} {text!r}: use numbers and ranges such as 0-2,4")
    if spec.cpu_rt_period < 0 or spec.cpu_rt_runtime < 0:
        raise InvalidSpec("cpu_rt_period and cpu_rt_runtime are microseconds, and not negative")
    if spec.cpu_rt_runtime > (spec.cpu_rt_period or REALTIME_PERIOD):
        raise InvalidSpec(
            "cpu_rt_runtime cannot be above cpu_rt_period: it is the part of it that real-time tasks may use"
        )


def block_io(spec: ContainerSpec) -> None:
    """Weights and rates of block devices."""
    for weight in (spec.blkio_weight, *(one.rate for one in spec.blkio_weight_device)):
        if weight and not 10 <= weight <= 1000:
            raise InvalidSpec("blkio_weight must be between 10 and 1000")
    for throttle in by_device(spec):
        if throttle.rate <= 0:
            raise InvalidSpec(f"device rate of {throttle.path}: it must be above 0")


def process(spec: ContainerSpec) -> None:
    """Limits and signals of the process."""
    if not -1000 <= spec.oom_score_adj <= 1000:
        raise InvalidSpec("oom_score_adj must be between -1000 and 1000")
    if spec.stop_signal is not None:
        signals.number(spec.stop_signal)
    if spec.stop_timeout is not None and spec.stop_timeout < -1:
        raise InvalidSpec("stop_timeout must be a number of seconds, or -1 to wait for ever")
    for limit in spec.ulimits:
        if limit.name not in ULIMITS:
            raise InvalidSpec(f"ulimit {limit.name!r} is unknown; use one of {', '.join(ULIMITS)}")
        if limit.hard != -1 and (limit.soft == -1 or limit.soft > limit.hard):
            raise InvalidSpec(f"ulimit {limit.name}: the soft limit is above the hard limit")


def restart(spec: ContainerSpec) -> None:
    """A container cannot be restarted and removed at its end."""
    if spec.restart_policy not in RESTART_POLICIES:
        raise InvalidSpec(f"restart_policy {spec.restart_policy!r}: use one of {', '.join(RESTART_POLICIES)}")
    if spec.restart_retries < 0 or (spec.restart_retries and spec.restart_policy != "on-failure"):
        raise InvalidSpec("restart_retries is a number for restart_policy on-failure only")
    if spec.auto_remove and spec.restart_policy != "no":
        raise InvalidSpec("auto_remove cannot be combined with a restart_policy: the container would be gone")


def sysctls(spec: ContainerSpec) -> None:
    """Only what belongs to a namespace of the container (runc's validator), by an exact name (CVE-2022-0811)."""
    for key, value in spec.sysctls.items():
        if not _SYSCTL.match(key) or any(ord(sign) < 32 for sign in value):
            raise InvalidSpec(f"sysctl {key!r}: use a dotted name and a value of one line")
        if key.startswith("net."):
            if spec.network_mode == "host":
                raise InvalidSpec(f"sysctl {key}: with network_mode host it would change the host")
        elif key in _IPC_SYSCTLS or key.startswith("fs.mqueue."):
            if spec.ipc_mode == "host":
                raise InvalidSpec(f"sysctl {key}: with ipc_mode host it would change the host")
        else:
            raise InvalidSpec(f"sysctl {key} is not namespaced: it would change the host")


def security(spec: ContainerSpec) -> None:
    """Capabilities and security options by their names."""
    from .security import capabilities, options

    capabilities(spec, set())
    options(spec)


def namespaces(spec: ContainerSpec) -> None:
    """Which namespaces may be shared, and with whom."""
    for what, mode, allowed in (
        ("ipc_mode", spec.ipc_mode, ("", "private", "shareable", "host", "none")),
        ("pid_mode", spec.pid_mode, ("", "private", "host")),
        ("uts_mode", spec.uts_mode, ("", "private", "host")),
        ("cgroupns_mode", spec.cgroupns_mode, ("", "private", "host")),
    ):
        container = what != "cgroupns_mode" and mode.startswith("container:") and len(mode) > 10
        if mode not in allowed and not container:
            raise InvalidSpec(f"{what} {mode!r}: use one of {', '.join(filter(None, allowed))}")


def cgroup_parent(spec: ContainerSpec) -> None:
    """A path below the root of the hierarchies, of ordinary names."""
    parts = spec.cgroup_parent.strip("/").split("/") if spec.cgroup_parent else []
    if not all(_CGROUP.match(part) for part in parts):
        raise InvalidSpec(
            f"cgroup_parent {spec.cgroup_parent!r}: use a path such as /web, of letters, digits, '_', '.', '-', '@'"
        )


CHECKS = (name, texts, network_checks.host_names, network_checks.network, network_checks.ports, mount_checks.mounts,
          memory, processor, block_io, process, restart, sysctls, log_options.check, health.check, security,
          namespaces, cgroup_parent, other_runtime.check, userns.check)  # fmt: skip
ULIMITS = ("as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss",
           "rtprio", "rttime", "sigpending", "stack")  # fmt: skip
