"""Whether a description makes sense: a list of named checks, each of which raises InvalidSpec or does nothing."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..networks import names as host_names_of
from ..patterns import Pattern
from . import health, log_options, other_runtime, signals, userns
from .config_mounts import clean
from .devices import by_device
from .mounts import PROPAGATIONS
from .parts import Mount
from .spec import ContainerSpec

REALTIME_PERIOD = 1_000_000  # microseconds; the kernel's
MINIMUM_MEMORY = 6 * 1024 * 1024  # Docker's, below it nothing starts
RESTART_POLICIES = ("no", "on-failure", "always", "unless-stopped")
NAME = Pattern(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*\Z")
_HOSTNAME = Pattern(r"[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9])?\Z")
_PORT = Pattern(r"([0-9]{1,5})(-([0-9]{1,5}))?(/(tcp|udp|sctp))?\Z")
_SYSCTL = Pattern(r"[a-z0-9_]+(\.[a-zA-Z0-9_-]+)+\Z")
_IPC_SYSCTLS = ("kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax",
                "kernel.shmmni", "kernel.shm_rmid_forced")  # fmt: skip
_CPUSET = Pattern(r"[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*\Z")
_CGROUP = Pattern(r"[a-zA-Z0-9_][a-zA-Z0-9_.@-]*\Z")
_MAC = Pattern(r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}\Z")
_RESERVED_TARGETS = ("/", "/proc", "/sys")


def check(spec: ContainerSpec) -> None:
    """Raise InvalidSpec for the first thing that makes no sense."""
    for one in CHECKS:
        one(spec)


def name(spec: ContainerSpec) -> None:
    """A name is Docker's: letters, digits, `_.-`, at most 255."""
    if spec.name and (len(spec.name) > 255 or not NAME.match(spec.name)):
        _fail(f"container name {spec.name[:64]!r}: use letters, digits, '_', '.' and '-', first a letter or digit")


def texts(spec: ContainerSpec) -> None:
    """The kernel's strings end at NUL; files of lines end at a newline."""
    for what, words in (
        ("command", spec.command or ()),
        ("entrypoint", spec.entrypoint or ()),
        ("env", [f"{key}={value}" for key, value in spec.env.items()]),
    ):
        if any("\0" in word for word in words):
            _fail(f"{what} must not contain a NUL character")
    for key in spec.env:
        if not key or "=" in key:
            _fail(f"env: {key!r} is not the name of a variable")
    if spec.working_dir and not spec.working_dir.startswith("/"):
        _fail(f"working_dir {spec.working_dir!r} must be an absolute path")


def host_names(spec: ContainerSpec) -> None:
    """What is written into hostname, hosts and resolv.conf must not be able to add lines to them."""
    for what, value in (("hostname", spec.hostname), ("domainname", spec.domainname)):
        if value and (len(value) > 64 or not _HOSTNAME.match(value)):
            _fail(f"{what} {value[:80]!r}: use up to 64 letters, digits, '-', '_' and '.'")
    if spec.uts_mode not in ("", "private") and (spec.hostname or spec.domainname):
        _fail(f"hostname and domainname cannot be set together with uts_mode {spec.uts_mode}, which has its own")
    for host, address in spec.etc_hosts.items():
        if not _HOSTNAME.match(host) or (address != "host-gateway" and not _is_address(address)):
            _fail(f"etc_hosts: {host!r} -> {address!r} is not a host name and an address")
    for server in spec.dns_servers:
        if not _is_address(server):
            _fail(f"dns_servers: {server!r} is not an address")
    for word in (*spec.dns_search, *spec.dns_options):
        if not word or any(sign.isspace() or ord(sign) < 33 for sign in word):
            _fail(f"dns setting {word!r} must be one word")


def network(spec: ContainerSpec) -> None:
    """Modes none, host and container share nothing with published ports and networks."""
    if not spec.network_mode:
        _fail("network_mode is empty: use bridge, none, host, container:NAME or the name of a network")
    alone = spec.network_mode in ("none", "host") or spec.network_mode.startswith("container:")
    if spec.network_mode.startswith("container:"):
        if not spec.network_mode[10:]:
            _fail("network_mode 'container:' needs the name of a container")
        if spec.hostname or spec.published_ports or spec.publish_all_ports or spec.etc_hosts or spec.dns_servers:
            _fail("hostname, ports, etc_hosts and dns settings belong to the container that owns the network")
    for link in (*spec.links, *(text for entry in spec.networks for text in entry.links)):
        ref, colon, alias = link.partition(":")
        if not _HOSTNAME.match(ref) or (colon and not _HOSTNAME.match(alias)):
            _fail(f"links: {link!r} is not CONTAINER or CONTAINER:NAME")
    if alone and spec.links:
        _fail(f"links need a network, and network_mode {spec.network_mode} has none of the container's own")
    if alone and spec.networks:
        _fail(f"networks cannot be joined with network_mode {spec.network_mode}")
    for attachment in spec.networks:
        for alias in attachment.aliases:
            host_names_of.check_name(alias, f"network {attachment.name}: alias")
        if attachment.mac_address and not _MAC.match(attachment.mac_address):
            _fail(f"network {attachment.name}: {attachment.mac_address!r} is not a MAC address")
        for address in (attachment.ipv4_address, attachment.ipv6_address):
            if address and not _is_address(address):
                _fail(f"network {attachment.name}: {address!r} is not an address")
        if attachment.link_local_ips or attachment.driver_opts:
            from ..networks.wish import Attachment

            link_local, driver_options = attachment.link_local_ips, attachment.driver_opts
            Attachment(attachment.name, link_local=link_local, driver_options=driver_options).check()
    if spec.mac_address and not _MAC.match(spec.mac_address):
        _fail(f"mac_address {spec.mac_address!r} is not a MAC address")


def ports(spec: ContainerSpec) -> None:
    """Exposed ports are `80`, `80/udp` or `8000-8010/tcp`; published ones follow the parser of the networks."""
    for text in spec.exposed_ports:
        found = _PORT.match(text)
        if not found or not 1 <= int(found[1]) <= int(found[3] or found[1]) <= 65535:
            _fail(f"exposed_ports: {text!r} is not a port such as 80, 53/udp or 8000-8010/tcp")
    if spec.published_ports:
        from ..networks.ports import parse

        parse(spec.published_ports, spec.default_host_ip)


def mounts(spec: ContainerSpec) -> None:
    """Every target once, and never over the root, /proc or /sys (CVE-2023-27561)."""
    seen = set()
    for mount in spec.mounts:
        _mount(mount)
        target = clean(mount.target)
        if target in seen:
            _fail(f"mount {mount.target}: the container has two mounts with this target")
        seen.add(target)
    for path in spec.tmpfs:
        if clean(path) in seen:
            _fail(f"mount {path}: the container has two mounts with this target")
    for target in [mount.target for mount in spec.mounts] + list(spec.tmpfs):
        if clean(target) in _RESERVED_TARGETS:
            _fail(f"mount {target}: nothing can be mounted over {clean(target)}")
    if spec.shm_size is not None and spec.shm_size <= 0:
        _fail("shm_size must be above 0")


def memory(spec: ContainerSpec) -> None:
    """The rules of Docker between memory, reservation and swap."""
    if spec.memory < 0 or 0 < spec.memory < MINIMUM_MEMORY:
        _fail(f"memory: {spec.memory} bytes are too few; the minimum is 6 MiB")
    if spec.memory_swap > 0 and not spec.memory:
        _fail("memory_swap needs memory: it is the sum of both")
    if 0 < spec.memory_swap < spec.memory:
        _fail("memory_swap is the sum of memory and swap, so it cannot be below memory")
    if spec.memory_swap < -1:
        _fail("memory_swap must be a size, or -1 for unlimited swap")
    if spec.memory and spec.memory_reservation > spec.memory:
        _fail("memory_reservation cannot be above memory")
    if spec.memory_swappiness is not None and not -1 <= spec.memory_swappiness <= 100:
        _fail("memory_swappiness must be between 0 and 100, or -1 for the host's")


def processor(spec: ContainerSpec) -> None:
    """`cpus` and the CFS numbers say the same thing twice."""
    if spec.cpus < 0:
        _fail("cpus must not be negative")
    if spec.cpus and (spec.cpu_period or spec.cpu_quota):
        _fail("cpus cannot be combined with cpu_period or cpu_quota: it sets both")
    if spec.cpu_period and not 1000 <= spec.cpu_period <= 1_000_000:
        _fail("cpu_period must be between 1000 and 1000000 microseconds")
    if 0 < spec.cpu_quota < 1000:
        _fail("cpu_quota must be at least 1000 microseconds")
    for what, text in (("cpuset_cpus", spec.cpuset_cpus), ("cpuset_mems", spec.cpuset_mems)):
        if text and not _CPUSET.match(text):
            _fail(f"{what} {text!r}: use numbers and ranges such as 0-2,4")
    if spec.cpu_rt_period < 0 or spec.cpu_rt_runtime < 0:
        _fail("cpu_rt_period and cpu_rt_runtime are microseconds, and not negative")
    if spec.cpu_rt_runtime > (spec.cpu_rt_period or REALTIME_PERIOD):
        _fail("cpu_rt_runtime cannot be above cpu_rt_period: it is the part of it that real-time tasks may use")


def block_io(spec: ContainerSpec) -> None:
    """Weights and rates of block devices."""
    for weight in (spec.blkio_weight, *(one.rate for one in spec.blkio_weight_device)):
        if weight and not 10 <= weight <= 1000:
            _fail("blkio_weight must be between 10 and 1000")
    for throttle in by_device(spec):
        if throttle.rate <= 0:
            _fail(f"device rate of {throttle.path}: it must be above 0")


def process(spec: ContainerSpec) -> None:
    """Limits and signals of the process."""
    if not -1000 <= spec.oom_score_adj <= 1000:
        _fail("oom_score_adj must be between -1000 and 1000")
    if spec.stop_signal is not None:
        signals.number(spec.stop_signal)
    if spec.stop_timeout is not None and spec.stop_timeout < -1:
        _fail("stop_timeout must be a number of seconds, or -1 to wait for ever")
    for limit in spec.ulimits:
        if limit.name not in ULIMITS:
            _fail(f"ulimit {limit.name!r} is unknown; use one of {', '.join(ULIMITS)}")
        if limit.hard != -1 and (limit.soft == -1 or limit.soft > limit.hard):
            _fail(f"ulimit {limit.name}: the soft limit is above the hard limit")


def restart(spec: ContainerSpec) -> None:
    """A container cannot be restarted and removed at its end."""
    if spec.restart_policy not in RESTART_POLICIES:
        _fail(f"restart_policy {spec.restart_policy!r}: use one of {', '.join(RESTART_POLICIES)}")
    if spec.restart_retries < 0 or (spec.restart_retries and spec.restart_policy != "on-failure"):
        _fail("restart_retries is a number for restart_policy on-failure only")
    if spec.auto_remove and spec.restart_policy != "no":
        _fail("auto_remove cannot be combined with a restart_policy: the container would be gone")


def sysctls(spec: ContainerSpec) -> None:
    """Only what belongs to a namespace of the container (runc's validator), by an exact name (CVE-2022-0811)."""
    for key, value in spec.sysctls.items():
        if not _SYSCTL.match(key) or any(ord(sign) < 32 for sign in value):
            _fail(f"sysctl {key!r}: use a dotted name and a value of one line")
        if key.startswith("net."):
            if spec.network_mode == "host":
                _fail(f"sysctl {key}: with network_mode host it would change the host")
        elif key in _IPC_SYSCTLS or key.startswith("fs.mqueue."):
            if spec.ipc_mode == "host":
                _fail(f"sysctl {key}: with ipc_mode host it would change the host")
        else:
            _fail(f"sysctl {key} is not namespaced: it would change the host")


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
            _fail(f"{what} {mode!r}: use one of {', '.join(filter(None, allowed))}")


def cgroup_parent(spec: ContainerSpec) -> None:
    """A path below the root of the hierarchies, of ordinary names."""
    parts = spec.cgroup_parent.strip("/").split("/") if spec.cgroup_parent else []
    if not all(_CGROUP.match(part) for part in parts):
        _fail(f"cgroup_parent {spec.cgroup_parent!r}: use a path such as /web, of letters, digits, '_', '.', '-', '@'")


CHECKS = (name, texts, host_names, network, ports, mounts, memory, processor, block_io, process, restart, sysctls,
          log_options.check, health.check, security, namespaces, cgroup_parent, other_runtime.check,
          userns.check)  # fmt: skip
ULIMITS = ("as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss",
           "rtprio", "rttime", "sigpending", "stack")  # fmt: skip


def _mount(mount: Mount) -> None:
    if mount.kind not in ("bind", "volume", "image", "tmpfs"):
        _fail(f"mount {mount.target}: type {mount.kind!r} is unknown; use bind, volume, image or tmpfs")
    if not mount.target.startswith("/") or "\0" in mount.target:
        _fail(f"mount {mount.target!r}: the target must be an absolute path inside the container")
    if mount.kind == "bind" and not (mount.source or "").startswith("/"):
        _fail(f"mount {mount.target}: the source of a bind must be an absolute path on the host")
    if mount.kind == "volume" and mount.source is not None and not NAME.match(mount.source):
        _fail(f"mount {mount.target}: {mount.source!r} is not the name of a volume")
    if mount.kind == "image" and not mount.source:
        _fail(f"mount {mount.target}: the source of an image mount must be the name or id of an image")
    if mount.read_only_tree and not (mount.kind == "bind" and mount.read_only and mount.recursive):
        _fail(f"mount {mount.target}: read_only_force_recursive is for a bind that is read_only and not non_recursive")
    if mount.subpath is not None:
        _subpath(mount, mount.subpath)
    if mount.idmap is not None and mount.kind not in ("bind", "volume"):
        _fail(f"mount {mount.target}: idmap is for a bind or a volume")
    if mount.idmap:
        from ..oci import idmaps

        idmaps.parse(mount.idmap)
    if mount.kind == "tmpfs" and mount.source:
        _fail(f"mount {mount.target}: a tmpfs has no source")
    if mount.propagation and mount.propagation not in PROPAGATIONS:
        _fail(f"mount {mount.target}: propagation must be one of {', '.join(PROPAGATIONS)}")


def _subpath(mount: Mount, path: str) -> None:
    if mount.kind not in ("volume", "image") or mount.source is None:
        _fail(f"mount {mount.target}: a subpath is a path inside a volume with a name, or inside an image")
    if path.startswith("/") or "\0" in path or not path or ".." in path.split("/"):
        _fail(f"mount {mount.target}: subpath {path!r} must be a relative path without '..'")


def _is_address(text: str) -> bool:
    import socket

    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
            return True
        except (OSError, ValueError):
            continue
    return False


def _fail(sentence: str) -> None:
    raise InvalidSpec(sentence)
