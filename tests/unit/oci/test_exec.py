from __future__ import annotations

from runtime_lib.oci import exec as executing


def test_each_hierarchy_is_joined_once() -> None:
    paths = {"cpu": "/c/cpu,cpuacct/skiff/id", "cpuacct": "/c/cpu,cpuacct/skiff/id", "unified": "/c/unified/skiff/id"}
    assert executing.cgroup_files(paths, "/skiff/id") == [
        "/c/cpu,cpuacct/skiff/id/tasks",
        "/c/unified/skiff/id/cgroup.procs",
    ]


def test_a_container_that_manages_its_own_cgroups_is_joined_where_its_first_process_is() -> None:
    files = executing.cgroup_files({"unified": "/sys/fs/cgroup/skiff/id"}, "/skiff/id/init.scope")
    assert files == ["/sys/fs/cgroup/skiff/id/init.scope/cgroup.procs"]
    assert executing.cgroup_files({"unified": "/g/skiff/id"}, "/other") == ["/g/skiff/id/cgroup.procs"]
    assert executing.cgroup_files({"unified": "/g/skiff/id"}, "/skiff/id/../../x") == ["/g/skiff/id/cgroup.procs"]
