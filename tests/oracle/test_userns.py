"""What a container with user ids of its own sees: Docker's `--userns-remap` and Skiff's `--userns auto`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import dockerd

from .conftest import IMAGE, Engine
from .differences import as_documented
from .probe import Probe, mounts, namespaces, sorted_lines

IDS = "daemon:1900000000:65536\n"
_MORE = ("--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined")


def range_(text: str) -> str:
    """Replace the first id of the range, which each engine chooses by itself."""
    return re.sub(r"(?<=0 )(1900000000|1879048192|\d{9,10})(?= 65536)", "FIRST", re.sub(" +", " ", text))


def owners(text: str) -> str:
    """Leave of options of mounts those that name no ids of the host."""
    return re.sub(r"\b(uid|gid)=\d+,?", "", mounts(text))


PROBES = [
    Probe("map of users", "cat /proc/self/uid_map; cat /proc/self/gid_map; cat /proc/self/setgroups", (), range_),
    Probe("namespaces", "for n in /proc/self/ns/*; do readlink $n; done", (), namespaces),
    Probe("capabilities", "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status"),
    Probe("who it is", "id; stat -c '%u:%g %a' / /tmp /root /etc/passwd /bin/busybox"),
    Probe("files of the network", "stat -c '%n %u:%g %a' /etc/hosts /etc/hostname /etc/resolv.conf; echo >>/etc/hosts"),
    Probe("device nodes", "stat -c '%n %u:%g %a %t:%T' /dev/null /dev/zero /dev/full /dev/tty /dev/random; ls /dev"),
    Probe("use of devices", "echo x >/dev/null; head -c 2 /dev/zero | wc -c; echo x >/dev/full; : </dev/tty"),
    # Docker gives /dev/mqueue to the group nobody, since it mounts it before it enters the namespace.
    Probe("file systems of the kernel",
          "stat -c '%n %u:%g %a' /proc /sys /dev /dev/pts /dev/shm; stat -c %u:%a /dev/mqueue"),
    Probe("mounts", "awk '$5 ~ \"^/(proc$|sys$|dev$|dev/pts$|dev/mqueue$)\"' /proc/self/mountinfo", (), owners),
    Probe("nodes in the image", "awk '$5 == \"/\"' /proc/self/mountinfo", (), owners, "nodes-shifted"),
    Probe("output opened anew", "echo one >/dev/stdout; echo two >/proc/self/fd/2; stat -L -c %u /proc/self/fd/1"),
    Probe("a node of a device", "mknod /tmp/n b 8 0; mknod /tmp/c c 1 3; mknod /tmp/p p && echo fifo"),
    Probe("owners in the range", "touch /tmp/f; chown 65535:65535 /tmp/f; stat -c %u:%g /tmp/f; chown 70000 /tmp/f"),
    Probe("setuid", "cp /bin/busybox /tmp/su; chmod 4755 /tmp/su; stat -c %a /tmp/su"),
    Probe("mounting", "mkdir -p /m; mount -t tmpfs x /m; mount -t proc x /m"),
    Probe("parameters of the host", "echo 1 >/proc/sys/kernel/panic; echo x >/proc/sys/kernel/hostname"),
    Probe("limits", "ulimit -n 1048577; echo -500 >/proc/self/oom_score_adj; renice -n -5 $$"),
    Probe("clock and log of the host", "date -s 2000-01-01 2>&1 | tail -1; dmesg | head -1; hostname other"),
    Probe("masked", "cat /proc/kcore | wc -c; ls /sys/firmware; cat /proc/keys | wc -l; ls /proc/scsi"),
    Probe("trusted attributes", "setfattr -n trusted.x -v y /tmp; chattr +i /tmp 2>&1 | head -1"),
    Probe("mounting with the right", "mkdir -p /m; mount -t tmpfs x /m && echo tmpfs; umount /m && echo gone", _MORE),
    Probe("no disk with the right", "mount -t ext4 /dev/loop0 /m; mknod /tmp/n b 7 0; losetup -a", _MORE),
    Probe("a namespace within", "unshare -m true && echo mount; unshare -U true && echo user", _MORE),
    Probe("a host name with the right", "hostname other && hostname", _MORE),
    Probe("another user", "id; cat /proc/self/uid_map; touch /x; echo out >/dev/stdout", ("--user", "1000"), range_),
    Probe("a file of root of the host", "stat -c %u:%g /b /b/hosts; test -w /b/hosts; cat /b/hosts >/dev/null",
          ("-v", "/etc:/b")),
    Probe("a secret of root of the host", "cat /b/shadow; test -r /b/shadow", ("-v", "/etc:/b")),
    Probe("a tmpfs", "stat -c %u:%g:%a /t; touch /t/x; stat -c %u:%g /t/x", ("--tmpfs", "/t")),
    Probe("a parameter of its own", "cat /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax",
          ("--sysctl", "net.core.somaxconn=77", "--sysctl", "kernel.msgmax=5000")),
    Probe("its processes", "ps -o pid,user | head -2; stat -c %u /proc/1", (), sorted_lines),
]  # fmt: skip


@pytest.fixture(scope="module")
def remapped(archive: Path) -> Iterator[Engine]:
    """Docker with a user namespace for all its containers."""
    if not os.path.exists(dockerd.SERVER):
        pytest.skip("needs a Docker Engine: install docker.io")
    files = {"/etc/subuid": IDS, "/etc/subgid": IDS}
    engine = dockerd.Dockerd("--userns-remap=daemon", own_network=True, own_files=files)
    try:
        docker = Engine("docker", engine, dict(os.environ))
        imported = docker.call("import", str(archive), IMAGE)
        assert imported.returncode == 0, imported.stderr
        yield docker
    finally:
        engine.stop()


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.id)
def test_it_is_the_same_from_inside(remapped: Engine, skiff: Engine, probe: Probe) -> None:
    commands = {each.id: each.command for each in PROBES if each.options == probe.options}
    options = ("--network", "none", *probe.options)
    answers = [
        probe.normalise(remapped.answer(options, commands, probe.id)),
        probe.normalise(skiff.answer((*options, "--userns", "auto"), commands, probe.id)),
    ]
    assert "the container failed" not in answers[0]
    if probe.difference:
        assert as_documented(probe.id, probe.difference, answers[1])
        assert answers[1] != answers[0]
    else:
        assert answers[1] == answers[0]
