"""The table of probes that run inside a container; those that watch one from outside are in test_outside.py.

Probes with equal options share a container.
"""

from __future__ import annotations

import os

from .option_probes import OPTIONS
from .probe import Probe, cgroups, dates, ids, mounts, namespaces, network, places, sorted_lines


def mount(place: str, *options: str, suffix: str = "", difference: str = "") -> Probe:
    command = f"awk '$5 == \"{place}\"' /proc/self/mountinfo"
    return Probe(f"mount {place}{suffix}", command, options, mounts, difference)


MEMORY = "/sys/fs/cgroup/memory/memory"
RATES = "cd /sys/fs/cgroup/blkio; grep . blkio.throttle.*_bps_device blkio.throttle.*_iops_device"


def _disk() -> str:
    """Return a block device of this host that no limit of a test harms."""
    names = [name for name in sorted(os.listdir("/sys/block")) if name.startswith(("vd", "sd", "nvme", "loop"))]
    usable = [name for name in names if os.path.exists(f"/dev/{name}")]
    return f"/dev/{usable[-1]}" if usable else "/dev/loop0"


DISK = _disk()


def opened(path: str) -> str:
    return f"head -c 1 {path} | wc -c"


NAMESPACES = [
    Probe(
        "namespaces", "cd /proc/self/ns; for n in cgroup ipc mnt net pid user uts; do readlink $n; done", (), namespaces
    ),
    Probe(
        "namespaces of the host",
        "cd /proc/self/ns; for n in ipc mnt net pid uts; do readlink $n; done",
        ("--ipc", "host", "--pid", "host", "--network", "host", "--uts", "host"),
        namespaces,
    ),
    Probe("user ids", "cat /proc/self/uid_map /proc/self/gid_map"),
    Probe("login user", "cat /proc/self/loginuid"),
    Probe("processes", "set -- /proc/[0-9]*; echo $#"),
]

MOUNTS = [
    mount("/"),
    mount("/proc"),
    mount("/dev"),
    mount("/dev/pts"),
    mount("/dev/shm"),
    mount("/dev/mqueue"),
    mount("/sys"),
    mount("/etc/hosts"),
    mount("/etc/hostname"),
    mount("/etc/resolv.conf"),
    mount("/sys/fs/cgroup", difference="cgroup-folder"),
    Probe("mounts of cgroups", "grep ' /sys/fs/cgroup/' /proc/self/mountinfo", (), mounts),
    Probe("all places", "grep -v -e thermal_throttle -e /proc/interrupts -e powercap /proc/self/mountinfo", (), places),
    mount("/dev/shm", "--shm-size", "16m", suffix=" of 16 MiB"),
    mount("/", "--read-only", suffix=" read-only"),
    mount("/t", "--tmpfs", "/t", "--tmpfs", "/u:size=1m,mode=700,exec", suffix=" as tmpfs"),
    mount("/u", "--tmpfs", "/t", "--tmpfs", "/u:size=1m,mode=700,exec", suffix=" as tmpfs with options"),
    mount("/v", "-v", "/v", "-v", "/etc:/e:ro", suffix=" as volume"),
    Probe(
        "propagation",
        "awk '$5 ~ /^.(v|e)?$/ { sub(/:.*/, \"\", $7); print $5, $7 }' /proc/self/mountinfo",
        ("-v", "/v", "-v", "/etc:/e:ro"),
        sorted_lines,
        difference="propagation",
    ),
    mount("/e", "-v", "/v", "-v", "/etc:/e:ro", suffix=" as bind mount"),
]

PROC_AND_SYS = [
    Probe("masked files", "for f in kcore keys latency_stats timer_list sched_debug; do wc -c < /proc/$f; done"),
    Probe("masked folders", "for d in /proc/acpi /proc/scsi /sys/firmware; do ls -A $d | wc -l; done"),
    Probe(
        "masked since 2024",
        "head -c 1 /proc/interrupts | wc -c; ls -A /sys/devices/virtual/powercap | wc -l",
        difference="masked-paths",
    ),
    Probe("read-only paths", "grep -E ' /proc/(bus|fs|irq|sys|sysrq-trigger) ' /proc/self/mountinfo", (), mounts),
    Probe("writing sysctls", "echo x > /proc/sys/kernel/hostname; echo 1 > /proc/sys/net/ipv4/ip_forward"),
    Probe("writing sysrq", "echo h > /proc/sysrq-trigger"),
    Probe("writing sys", "echo 1 > /sys/kernel/mm/ksm/run; mkdir /sys/fs/cgroup/memory/x"),
    Probe(
        "sysctls of the network", "cd /proc/sys/net/ipv4; cat ip_unprivileged_port_start ping_group_range ip_forward"
    ),
    Probe(
        "sysctls by option",
        "cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shm_rmid_forced",
        ("--sysctl", "net.ipv4.ip_forward=0", "--sysctl", "kernel.shm_rmid_forced=1"),
    ),
]

DEVICES = [
    Probe("nodes", "ls -l /dev", (), dates),
    Probe("open devices", "; ".join(opened(f"/dev/{name}") for name in ("zero", "random", "urandom", "null"))),
    Probe("write devices", "for d in null zero full tty; do echo x > /dev/$d; done"),
    Probe("make a block device", f"mknod /b b 7 0 && {opened('/b')}"),
    Probe("make /dev/mem", f"mknod /mem c 1 1 && {opened('/mem')}"),
    Probe("make /dev/kmsg", f"mknod /kmsg c 1 11 && {opened('/kmsg')}"),
    Probe("make /dev/fuse", f"mknod /fuse c 10 229 && {opened('/fuse')}"),
    Probe("make /dev/net/tun", "mknod /tun c 10 200 && : < /tun"),
    Probe("device by option", "ls -l /dev/x; : < /dev/x", ("--device", "/dev/loop-control:/dev/x:rw"), dates),
    Probe("device read-only", ": < /dev/x; : > /dev/x", ("--device", "/dev/loop-control:/dev/x:r")),
    Probe("rules of devices", "cat /sys/fs/cgroup/devices/devices.list", (), sorted_lines),
]

SETS = "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status"
CAPABILITIES = [
    Probe("capabilities", SETS),
    Probe("capabilities of a user", SETS, ("--user", "1000")),
    Probe("capabilities added", SETS, ("--cap-add", "NET_ADMIN", "--cap-add", "SYS_PTRACE")),
    Probe("capabilities dropped", SETS, ("--cap-drop", "MKNOD", "--cap-drop", "CAP_NET_RAW")),
    Probe("no capabilities", SETS, ("--cap-drop", "ALL")),
    Probe("one capability", SETS, ("--cap-drop", "ALL", "--cap-add", "CHOWN")),
    Probe("capability added for a user", SETS, ("--user", "1000", "--cap-add", "NET_ADMIN")),
    Probe("no new privileges", SETS, ("--security-opt", "no-new-privileges")),
    Probe("no filter", SETS, ("--security-opt", "seccomp=unconfined")),
    Probe("privileged", SETS, ("--privileged",), difference="privileged"),
]

CALLS = [
    Probe("calls denied", "calls denied"),
    Probe("calls allowed", "calls allowed"),
    Probe("calls that do not exist", "calls missing"),
    Probe("calls of recent years", "calls recent", difference="seccomp-2026"),
    Probe("address families", "calls families"),
    Probe("address families refused", "calls refused-families", difference="seccomp-2026"),
    Probe("namespaces by clone", "calls namespaces"),
    Probe("personalities", "calls personalities"),
    Probe("calls with CAP_SYS_ADMIN", "calls denied; calls namespaces", ("--cap-add", "SYS_ADMIN")),
    Probe("session keyring", "calls keyring", ("--security-opt", "seccomp=unconfined"), ids),
]

USERS = [
    Probe("root", "id; grep Groups /proc/self/status; echo $HOME"),
    Probe("user by number", "id; grep Groups /proc/self/status; echo $HOME", ("--user", "1000")),
    Probe("user by name", "id; grep Groups /proc/self/status; echo $HOME", ("--user", "u1")),
    Probe("user and group", "id; grep Groups /proc/self/status; echo $HOME", ("--user", "1000:4242")),
    Probe("unknown user", "id; grep Groups /proc/self/status; echo $HOME", ("--user", "5555:6666")),
    Probe(
        "added groups",
        "id; grep Groups /proc/self/status",
        ("--user", "u1", "--group-add", "extra", "--group-add", "7"),
    ),
    Probe("files of a user", "touch /tmp/f; ls -l /tmp; touch /etc/f", ("--user", "1000:4242"), dates),
]

LIMITS = [
    Probe("rlimits", "cat /proc/self/limits", difference="rlimits"),
    Probe(
        "rlimits by option",
        "grep -E 'open files|core' /proc/self/limits",
        ("--ulimit", "nofile=64:128", "--ulimit", "core=0"),
    ),
    Probe(
        "memory limit",
        "cd /sys/fs/cgroup/memory; cat memory.limit_in_bytes memory.memsw.limit_in_bytes",
        ("-m", "64m", "--pids-limit", "50", "--cpus", "0.5", "--cpu-shares", "512", "--cpuset-cpus", "0"),
    ),
    Probe(
        "other limits",
        "cd /sys/fs/cgroup; cat pids/pids.max cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpu/cpu.shares "
        "cpuset/cpuset.cpus",
        ("-m", "64m", "--pids-limit", "50", "--cpus", "0.5", "--cpu-shares", "512", "--cpuset-cpus", "0"),
    ),
    Probe(
        "memory and swap",
        "cd /sys/fs/cgroup/memory; cat memory.limit_in_bytes memory.memsw.limit_in_bytes memory.soft_limit_in_bytes",
        ("-m", "64m", "--memory-swap", "96m", "--memory-reservation", "32m"),
    ),
    Probe("unlimited swap", f"cat {MEMORY}.memsw.limit_in_bytes", ("-m", "64m", "--memory-swap", "-1")),
    Probe("swappiness", f"cat {MEMORY}.swappiness", ("--memory-swappiness", "10")),
    Probe("swappiness of 0", f"cat {MEMORY}.swappiness", ("--memory-swappiness", "0")),
    Probe("reservation alone", f"cat {MEMORY}.soft_limit_in_bytes", ("--memory-reservation", "24m")),
    Probe("oom killer", f"head -n 1 {MEMORY}.oom_control", ("-m", "64m", "--oom-kill-disable")),
    Probe("kernel memory", f"cat {MEMORY}.kmem.limit_in_bytes", ("--kernel-memory", "32m")),
    Probe(
        "quota of processors",
        "cd /sys/fs/cgroup/cpu; cat cpu.cfs_quota_us cpu.cfs_period_us",
        ("--cpu-period", "50000", "--cpu-quota", "25000"),
    ),
    Probe("period of processors", "cat /sys/fs/cgroup/cpu/cpu.cfs_period_us", ("--cpu-period", "20000")),
    Probe("nodes of memory", "cat /sys/fs/cgroup/cpuset/cpuset.mems", ("--cpuset-mems", "0")),
    Probe(
        "weight of block IO",
        "cat /sys/fs/cgroup/blkio/blkio.bfq.weight",
        ("--blkio-weight", "300"),
        difference="block-weight",
    ),
    Probe(
        "weight of a block device",
        "cat /sys/fs/cgroup/blkio/blkio.bfq.weight_device; echo",
        ("--blkio-weight-device", f"{DISK}:200"),
        difference="block-weight",
    ),
    Probe(
        "rates of a block device",
        RATES,
        (
            "--device-read-bps",
            f"{DISK}:1mb",
            "--device-write-bps",
            f"{DISK}:2mb",
            "--device-read-iops",
            f"{DISK}:100",
            "--device-write-iops",
            f"{DISK}:200",
        ),
    ),
    Probe("processes without limit by option", "cat /sys/fs/cgroup/pids/pids.max", ("--pids-limit", "-1")),
    Probe("processes with a limit of 0", "cat /sys/fs/cgroup/pids/pids.max", ("--pids-limit", "0")),
    Probe(
        "further rlimits",
        "grep -E 'stack|processes|locked|priority|file size' /proc/self/limits",
        (
            "--ulimit",
            "stack=1000000:2000000",
            "--ulimit",
            "nproc=100:200",
            "--ulimit",
            "memlock=65536",
            "--ulimit",
            "fsize=1000:-1",
        ),
    ),
    Probe(
        "an rlimit that root may not raise here",
        "grep nice /proc/self/limits",
        ("--ulimit", "nice=5:6"),
        difference="ulimits",
    ),
    Probe(
        "sysctls of IPC",
        "cd /proc/sys; cat kernel/sem kernel/msgmax fs/mqueue/msg_max",
        (
            "--sysctl",
            "kernel.sem=50 100 50 10",
            "--sysctl",
            "kernel.msgmax=4096",
            "--sysctl",
            "fs.mqueue.msg_max=20",
        ),
    ),
    Probe("no limits", "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.shares"),
    Probe("processes without limit", "cat /sys/fs/cgroup/pids/pids.max", difference="pids-limit"),
    Probe("oom score", "cat /proc/self/oom_score_adj; echo -10 > /proc/self/oom_score_adj"),
    Probe("oom score by option", "cat /proc/self/oom_score_adj", ("--oom-score-adj", "500")),
]

VERSION_2 = [
    Probe(
        "limits of version 2",
        "cd /sys/fs/cgroup; cat memory.max memory.swap.max pids.max cpu.max cpuset.cpus",
        ("-m", "64m", "--pids-limit", "50", "--cpus", "0.5", "--cpu-shares", "512", "--cpuset-cpus", "0"),
    ),
    Probe(
        "shares in version 2",
        "cat /sys/fs/cgroup/cpu.weight",
        ("-m", "64m", "--pids-limit", "50", "--cpus", "0.5", "--cpu-shares", "512", "--cpuset-cpus", "0"),
        difference="cpu-weight",
    ),
    Probe(
        "memory and swap of version 2",
        "cd /sys/fs/cgroup; cat memory.max memory.swap.max memory.low memory.high",
        ("-m", "64m", "--memory-swap", "96m", "--memory-reservation", "32m"),
    ),
    Probe(
        "other limits of version 2",
        "cd /sys/fs/cgroup; cat memory.swap.max cpu.max cpuset.mems",
        ("-m", "64m", "--memory-swap", "-1", "--cpu-period", "50000", "--cpu-quota", "25000", "--cpuset-mems", "0"),
    ),
    Probe("no limits of version 2", "cd /sys/fs/cgroup; cat memory.max memory.swap.max cpu.max cpu.weight"),
    Probe("files of version 2", "cd /sys/fs/cgroup; ls; cat cgroup.controllers cgroup.subtree_control cgroup.type"),
    Probe("pressure", "cd /sys/fs/cgroup; cut -d ' ' -f 1 cpu.pressure io.pressure memory.pressure"),
    Probe("own cgroup", "cat /proc/self/cgroup", (), cgroups),
]

ENVIRONMENT = [
    Probe("environment", "env", (), lambda text: sorted_lines(ids(text))),
    Probe(
        "environment by option",
        "env",
        ("-e", "A=b c", "-e", "EMPTY=", "-e", "NOT_SET", "-e", "HOME=/x", "--hostname", "h1", "--user", "u1"),
        sorted_lines,
    ),
    Probe("hostname", "hostname; cat /etc/hostname", (), ids),
    Probe(
        "hostname by option",
        "hostname; cat /etc/hostname; cat /proc/sys/kernel/domainname; cat /etc/hosts",
        ("--hostname", "h1", "--domainname", "example.org", "--add-host", "other:192.0.2.7"),
        network,
    ),
    Probe("hosts", "cat /etc/hosts", (), network),
    Probe("resolver", "cat /etc/resolv.conf"),
    Probe(
        "resolver by option",
        "cat /etc/resolv.conf",
        ("--dns", "9.9.9.9", "--dns-search", "example.org", "--dns-option", "ndots:2"),
        sorted_lines,
    ),
    Probe("owners of the files", "ls -l /etc/hosts /etc/hostname /etc/resolv.conf", (), dates),
    Probe("writing the files", "echo '192.0.2.8 x' >> /etc/hosts; echo y > /etc/hostname; tail -n 1 /etc/hosts"),
    Probe("umask", "umask"),
    Probe("open files", "ls /proc/1/fd"),
    Probe("working folder", "pwd; ls -ld .", ("-w", "/new/folder"), dates),
    Probe(
        "folder of the root",
        "ls -ld / /etc /root /tmp; ls -A / | grep -v -e dockerenv -e ^b$ -e ^mem$ -e ^kmsg$ -e ^fuse$ -e ^tun$",
        (),
        dates,
    ),
    Probe("session", "cut -d ' ' -f 1,5,6,7,8 /proc/1/stat"),
    Probe("command line", "tr '\\0' ' ' < /proc/1/cmdline | head -n 1 | cut -c 1-10"),
    Probe("timer slack and scheduling", "cat /proc/self/timerslack_ns; cut -d ' ' -f 18,19,40,41 /proc/self/stat"),
]

NETWORK = [
    Probe("interfaces", "ls /sys/class/net; cat /sys/class/net/eth0/mtu /sys/class/net/eth0/operstate"),
    Probe("routes", "ip route", (), network),
    Probe("loopback", "ip -o -4 address show lo", (), lambda text: text.replace("brd", "").strip()),
    Probe("no network", "ls /sys/class/net; cat /etc/hosts; ip route", ("--network", "none"), network),
    Probe("network of the host", "ls /sys/class/net | grep -c lo; hostname", ("--network", "host")),
    Probe("ping", "ping -c 1 -W 2 127.0.0.1 | grep -c '1 packets received'"),
    Probe("ping of a user", "ping -c 1 -W 2 127.0.0.1 | grep -c '1 packets received'", ("--user", "1000")),
    Probe("low ports of a user", "timeout 1 nc -l -p 80; echo $?", ("--user", "1000")),
]

PROBES = [
    *NAMESPACES,
    *MOUNTS,
    *PROC_AND_SYS,
    *DEVICES,
    *CAPABILITIES,
    *CALLS,
    *USERS,
    *LIMITS,
    *VERSION_2,
    *ENVIRONMENT,
    *NETWORK,
    *OPTIONS,
]

# Those that show a container's cgroup: they are asked on a host with version 2 alone, too.
OF_CGROUPS = [*VERSION_2, *DEVICES, *(probe for probe in (*MOUNTS, *NAMESPACES) if "cgroup" in probe.command)]
