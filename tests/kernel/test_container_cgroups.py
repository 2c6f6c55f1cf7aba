"""What a container's cgroup does to it, by the command: devices, view, pressure, freezer, memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.linux.cgroups.hierarchy import detect
from tests.support import rootfs
from tests.support.skiff import Skiff

pytestmark = [pytest.mark.cgroups, pytest.mark.skipif(os.geteuid() != 0, reason="needs root")]
IMAGE = "busybox"
RUN = ("run", "--rm", "--network", "none")
COUNTER = "i=0; while :; do i=$((i + 1)); echo $i > /shared/count; done"


@pytest.fixture(scope="module")
def skiff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Skiff]:
    folder = tmp_path_factory.mktemp("skiff")
    host = Skiff(folder / "root")
    host.run("import", str(rootfs.tar(folder / "tree", folder / "rootfs.tar")), IMAGE)
    yield host
    host.remove_everything()


def test_devices_are_refused_unless_a_rule_allows_them(skiff: Skiff) -> None:
    script = "mknod /kmsg c 1 11; mknod /mem c 1 1; for d in kmsg mem dev/null; do (: < /$d) && echo $d; done; true"
    run = (*RUN, "--cap-add", "SYSLOG")  # a kernel may want that of who reads its messages
    refused = skiff.run(*run, IMAGE, "sh", "-c", script)
    assert refused.stdout == "dev/null\n"
    assert refused.stderr.count("Operation not permitted") == 2
    allowed = skiff.run(*run, "--device-cgroup-rule", "c 1:11 r", IMAGE, "sh", "-c", script)
    assert allowed.stdout == "kmsg\ndev/null\n"


def test_it_sees_its_own_cgroup_alone(skiff: Skiff) -> None:
    """On version 2: as the top of all, with what it is pressed for, and it cannot change a limit."""
    if detect().mode != "v2":
        pytest.skip("this machine: not version 2 alone")
    script = (
        "cat /proc/self/cgroup; cd /sys/fs/cgroup; head -n 1 cgroup.procs; cat pids.max;"
        " cut -d ' ' -f 1 memory.pressure; echo 1 > pids.max"
    )
    seen = skiff.run(*RUN, "--pids-limit", "50", IMAGE, "sh", "-c", script, check=False)
    assert seen.stdout.split() == ["0::/", "1", "50", "some", "full"]
    assert "Read-only file system" in seen.stderr


def test_a_paused_container_stands_still(skiff: Skiff, tmp_path: Path) -> None:
    words = ("--name", "counter", "--network", "none", "-v", f"{tmp_path}:/shared", IMAGE, "sh", "-c", COUNTER)
    skiff.run("run", "-d", *words)
    skiff.run("pause", "counter")
    first = (tmp_path / "count").read_text()
    skiff.run("ps")
    assert (tmp_path / "count").read_text() == first
    skiff.run("unpause", "counter")
    skiff.run("exec", "counter", "sh", "-c", f"while [ \"$(cat /shared/count)\" = '{first.strip()}' ]; do :; done")
    skiff.run("rm", "-f", "counter")


def test_a_container_that_takes_too_much_memory_is_killed_and_says_so(skiff: Skiff) -> None:
    words = ("-m", "16m", "--memory-swap", "16m", "--network", "none", IMAGE, "tail", "/dev/zero")
    assert skiff.run("run", "--name", "eater", *words, check=False).returncode == 137
    assert skiff.run("inspect", "-f", "{{.State.OOMKilled}}", "eater").stdout == "true\n"
    skiff.run("rm", "eater")
