"""More probes that run inside a container: one for each option that the table of `probes` does not have."""

from __future__ import annotations

from pathlib import Path

from .probe import Probe, cgroups, dates, ids, mounts, namespaces, network, sorted_lines

HERE = Path(__file__).parent


def mount(place: str, options: tuple[str, ...], what: str) -> Probe:
    return Probe(f"{what}, mount", f"awk '$5 == \"{place}\"' /proc/self/mountinfo", options, mounts)


_MOUNTS = (
    "--mount", "type=bind,source=/etc,target=/m,readonly",
    "--mount", "type=tmpfs,target=/n,tmpfs-size=1m,tmpfs-mode=700",
    "--mount", "type=volume,target=/o",
    "--mount", "type=volume,target=/home,volume-nocopy",
    "--mount", "type=volume,target=/usr",
    "--mount", "type=volume,target=/q,volume-driver=local,volume-opt=type=tmpfs,volume-opt=device=tmpfs,"
    "volume-opt=o=size=1m",
)  # fmt: skip
_TREES = (
    "--mount", "type=bind,source=/sys,target=/m,bind-nonrecursive", "--mount", "type=bind,source=/sys,target=/n",
)  # fmt: skip
_MIXED = (
    "--init", "-i", "--device-cgroup-rule", "c 10:229 rwm", "--mac-address", "02:42:ac:11:00:99",
    "--env-file", str(HERE / "variables"), "-e", "BOTH=option", "--add-host", "gateway:host-gateway",
)  # fmt: skip
_OWN_GROUPS = ("--cgroupns", "private", "--ipc", "none", "--uts", "host")
_SHARED_GROUPS = ("--cgroupns", "host", "--ipc", "private", "--security-opt", "apparmor=unconfined")
_PROFILE = ("--security-opt", f"seccomp={HERE / 'no-mkdir.json'}", "--security-opt", "label=disable")
_PATHS = ("--security-opt", "systempaths=unconfined")
_HOST = ("--network", "host", "--hostname", "h9")
_PROGRAM = (
    "--entrypoint", "/bin/busybox", "--user", "u1:extra", "-w", "/tmp", "--dns-search", ".", "-e", "PATH=/bin:/x",
    "-e", "LINES=a\nb",
)  # fmt: skip
_ALONE = (
    "--network", "none", "--dns", "9.9.9.9", "--read-only", "--tmpfs", "/t:ro,size=1m", "--domainname", "example.org",
)  # fmt: skip

OPTIONS = [
    mount("/m", _MOUNTS, "read-only bind"),
    mount("/n", _MOUNTS, "tmpfs in the long form"),
    mount("/o", _MOUNTS, "anonymous volume"),
    mount("/q", _MOUNTS, "volume of a tmpfs"),
    Probe("volume without copy", "ls -A /home", _MOUNTS),
    Probe("volume with copy", "ls -lR /usr", _MOUNTS, dates),
    Probe("owner of a tmpfs", "ls -ld /n /o /q", _MOUNTS, dates),
    Probe("writing read-only mounts", "touch /m/x; touch /o/x /n/x /q/x && echo written", _MOUNTS),
    Probe("bind without what is below", "grep -c ' /m/' /proc/self/mountinfo", _TREES),
    Probe("bind with what is below", "grep -o ' /n/[^ ]*' /proc/self/mountinfo", _TREES, sorted_lines),
    Probe("processes with an init", "set -- /proc/[0-9]*; echo $#; cut -d ' ' -f 4 /proc/$$/stat", _MIXED),
    Probe("open input", "readlink /proc/self/fd/0 | cut -d : -f 1", _MIXED),
    Probe("input", "readlink /proc/self/fd/0 | cut -d : -f 1"),
    Probe("rule of a device", "mknod /fuse2 c 10 229 && : < /fuse2 && echo opened", _MIXED),
    Probe("rules of devices by option", "cat /sys/fs/cgroup/devices/devices.list", _MIXED, sorted_lines),
    Probe("hardware address", "cat /sys/class/net/eth0/address", _MIXED),
    Probe("environment of a file", "env | grep -E '^(FROM_FILE|BOTH|EMPTY)='", _MIXED, sorted_lines),
    Probe("address of the gateway", "grep -c gateway /etc/hosts; grep gateway /etc/hosts", _MIXED, network),
    Probe("own control groups", "cat /proc/self/cgroup", _OWN_GROUPS, sorted_lines),
    Probe("mounts of own control groups", "grep ' /sys/fs/cgroup/' /proc/self/mountinfo", _OWN_GROUPS, mounts),
    Probe("no shared memory", "grep -c ' /dev/shm ' /proc/self/mountinfo; ls -ld /dev/shm", _OWN_GROUPS, dates),
    Probe("name of the host", "hostname; readlink /proc/self/ns/uts", _OWN_GROUPS, namespaces),
    Probe("shared control groups", "cat /proc/self/cgroup; readlink /proc/self/ns/cgroup", _SHARED_GROUPS,
          lambda text: namespaces(cgroups(text))),
    Probe("user ids of the host", "cat /proc/self/uid_map; readlink /proc/self/ns/user", _SHARED_GROUPS, namespaces),
    Probe("unconfined by AppArmor", "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status", _SHARED_GROUPS),
    Probe("profile from a file", "mkdir /tmp/x; touch /tmp/y && echo made", _PROFILE),
    Probe("filter of a profile", "grep -E '^(NoNewPrivs|Seccomp:)' /proc/self/status", _PROFILE),
    Probe("paths without masks", "grep -c -E ' /proc/(kcore|keys|acpi|bus|fs|irq) ' /proc/self/mountinfo", _PATHS),
    Probe("sysctls without masks", "grep ' /proc/sys ' /proc/self/mountinfo | wc -l", _PATHS),
    Probe("own name in the network of the host", "hostname; cat /etc/hostname", _HOST),
    Probe("hosts in the network of the host", "cat /etc/hosts", _HOST),
    Probe("entrypoint", "tr '\\0' ' ' < /proc/1/cmdline | head -n 1 | cut -c 1-20", _PROGRAM),
    Probe("user and group by name", "id; grep Groups /proc/self/status; echo $HOME", _PROGRAM),
    Probe("folder that exists", "pwd; touch here; ls -l here", _PROGRAM, dates),
    Probe("no domains to search", "cat /etc/resolv.conf", _PROGRAM),
    Probe("values with lines and a path of one's own", "echo $PATH; echo \"$LINES\"", _PROGRAM),
    Probe("resolver without a network", "cat /etc/resolv.conf", _ALONE),
    Probe("domain alone", "hostname; cat /proc/sys/kernel/domainname; cat /etc/hosts", _ALONE, ids),
    mount("/t", _ALONE, "read-only tmpfs"),
    Probe("writing where nothing can be", "touch /x; touch /t/x; touch /dev/shm/x && echo written", _ALONE),
]  # fmt: skip
