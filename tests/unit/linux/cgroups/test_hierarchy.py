"""What is mounted where, from the kernel's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime_lib.linux.cgroups.hierarchy import Hierarchy, controllers, counts_swap, parse_mounts, parse_own

V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = """\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
33 31 0:30 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
34 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
"""
UNIFIED = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"


@pytest.mark.parametrize(("mountinfo", "mode"), [(V2, "v2"), (V1, "v1"), (V1 + UNIFIED, "hybrid")])
def test_mode(mountinfo: str, mode: str) -> None:
    mounts, roots = parse_mounts(mountinfo)
    assert Hierarchy(mounts, parse_own("", roots)).mode == mode


def test_controllers_that_share_a_mount() -> None:
    mounts, _roots = parse_mounts(V1)
    assert mounts == {
        "cpu": "/sys/fs/cgroup/cpu,cpuacct",
        "cpuacct": "/sys/fs/cgroup/cpu,cpuacct",
        "memory": "/sys/fs/cgroup/memory",
        "name=systemd": "/sys/fs/cgroup/systemd",
    }


def test_a_mount_elsewhere_is_second_choice() -> None:
    copy = "50 23 0:30 / /var/lib/jail/memory rw - cgroup cgroup rw,memory\n"
    assert parse_mounts(copy + V1)[0]["memory"] == "/sys/fs/cgroup/memory"
    assert parse_mounts(copy)[0]["memory"] == "/var/lib/jail/memory"


def test_own_group() -> None:
    _mounts, roots = parse_mounts(V1 + UNIFIED)
    own = parse_own("9:memory:/user/7\n3:cpu,cpuacct:/\n1:name=systemd:/a:b\n0::/user\n", roots)
    assert own == {"memory": "/user/7", "cpu": "", "cpuacct": "", "name=systemd": "/a:b", "unified": "/user"}


def test_own_group_seen_from_a_part_of_the_tree() -> None:
    line = "33 31 0:30 {} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    assert parse_own("9:memory:/docker/ab/sub\n", parse_mounts(line.format("/docker/ab"))[1]) == {"memory": "/sub"}
    assert parse_own("9:memory:/docker/abc\n", parse_mounts(line.format("/docker/ab"))[1]) == {"memory": ""}


def test_versions_of_controllers() -> None:
    mounts, roots = parse_mounts(V1 + UNIFIED)
    hierarchy = Hierarchy(mounts, parse_own("", roots), ["hugetlb", "io"])
    versions = [hierarchy.version(name) for name in ("memory", "hugetlb", "blkio", "pids")]
    assert versions == [1, 2, 2, 0]


def test_what_a_version_2_tree_can_give(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    (tmp_path / "cgroup.subtree_control").write_text("pids\n")
    (tmp_path / "cgroup.procs").write_text("1\n2\n")
    assert controllers(str(tmp_path)) == ["cpu", "memory", "pids"]  # the real root
    (tmp_path / "cgroup.type").write_text("domain\n")
    assert controllers(str(tmp_path)) == ["pids"]  # it has processes, so it cannot pass on any other
    (tmp_path / "cgroup.procs").write_text("")
    assert controllers(str(tmp_path)) == ["cpu", "memory", "pids"]


def test_whether_swap_is_counted(tmp_path: Path) -> None:
    (tmp_path / "without.memory").mkdir()
    assert counts_swap(str(tmp_path))
    (tmp_path / "group").mkdir()
    (tmp_path / "group" / "memory.current").touch()
    assert not counts_swap(str(tmp_path))
    (tmp_path / "group" / "memory.swap.max").touch()
    assert counts_swap(str(tmp_path))


def test_folder() -> None:
    mounts, roots = parse_mounts(V2)
    hierarchy = Hierarchy(mounts, parse_own("", roots))
    assert hierarchy.folder("unified", "/skiff/abc") == "/sys/fs/cgroup/skiff/abc"
