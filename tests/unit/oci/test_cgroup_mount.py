from __future__ import annotations

from runtime_lib.oci import cgroup_mount


def test_one_folder_for_each_hierarchy() -> None:
    paths = {
        "cpu": "/sys/fs/cgroup/cpu,cpuacct/x",
        "cpuacct": "/sys/fs/cgroup/cpu,cpuacct/x",
        "memory": "/sys/fs/cgroup/memory/x",
        "name=systemd": "/sys/fs/cgroup/systemd/x",
        "unified": "/sys/fs/cgroup/unified/x",
    }
    assert cgroup_mount.hierarchies(paths) == {
        "cpu,cpuacct": ["cpu", "cpuacct"],
        "memory": ["memory"],
        "systemd": ["name=systemd"],
    }


def test_shared_hierarchies_have_links() -> None:
    assert cgroup_mount.aliases("cpu,cpuacct", ["cpu", "cpuacct"]) == ["cpu", "cpuacct"]
    assert cgroup_mount.aliases("memory", ["memory"]) == []
