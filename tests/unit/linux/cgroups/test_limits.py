"""Resources of the OCI specification as files and texts, for version 1, version 2 and both."""

from __future__ import annotations

from typing import Any

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.linux.cgroups import limits
from runtime_lib.linux.cgroups.hierarchy import SWAP, UNIFIED, Hierarchy
from runtime_lib.linux.cgroups.v2 import weight_of_shares

CONTROLLERS = (
    "cpu",
    "cpuset",
    "memory",
    "devices",
    "freezer",
    "blkio",
    "pids",
    "hugetlb",
    "rdma",
    "net_cls",
    "net_prio",
)
MEMSW = "memory.memsw.limit_in_bytes"
V1 = Hierarchy({name: f"/cg/{name}" for name in CONTROLLERS}, {}, (), [MEMSW, "blkio.bfq.io_serviced"])
V1_WITHOUT_BFQ = Hierarchy({"blkio": "/cg/blkio"}, {})
_V2 = ["cpu", "cpuset", "memory", "io", "pids", "hugetlb", "rdma"]
V2 = Hierarchy({UNIFIED: "/cg"}, {}, _V2, [SWAP])
V2_WITHOUT_SWAP = Hierarchy({UNIFIED: "/cg"}, {}, _V2)
HYBRID = Hierarchy({"memory": "/cg/memory", "pids": "/cg/pids", UNIFIED: "/cg/unified"}, {}, ["hugetlb"])
MIB = 1 << 20

CASES: list[tuple[dict[str, Any], list[str], list[str]]] = [
    # resources, files of version 1, files of version 2
    ({}, [], []),
    ({"cpu": {"shares": 1024}}, ["cpu.shares 1024"], ["cpu.weight 100"]),
    (
        {"cpu": {"quota": 50000, "period": 200000}},
        ["cpu.cfs_period_us 200000", "cpu.cfs_quota_us 50000"],
        ["cpu.max 50000 200000"],
    ),
    ({"cpu": {"quota": 50000}}, ["cpu.cfs_quota_us 50000"], ["cpu.max 50000 100000"]),
    ({"cpu": {"quota": -1}}, ["cpu.cfs_quota_us -1"], ["cpu.max max 100000"]),
    ({"cpu": {"idle": 1, "burst": 5}}, ["cpu.cfs_burst_us 5", "cpu.idle 1"], ["cpu.max.burst 5", "cpu.idle 1"]),
    ({"cpu": {"cpus": "0-1", "mems": "0"}}, ["cpuset.cpus 0-1", "cpuset.mems 0"], ["cpuset.cpus 0-1", "cpuset.mems 0"]),
    ({"memory": {"limit": 64 * MIB}}, ["memory.limit_in_bytes 67108864"], ["memory.max 67108864"]),
    (
        {"memory": {"limit": 64 * MIB, "swap": 96 * MIB, "reservation": MIB}},
        ["memory.limit_in_bytes 67108864", f"{MEMSW} 100663296", "memory.soft_limit_in_bytes 1048576"],
        ["memory.max 67108864", "memory.swap.max 33554432", "memory.low 1048576"],
    ),
    (
        {"memory": {"limit": 64 * MIB, "swap": 64 * MIB}},
        ["memory.limit_in_bytes 67108864", f"{MEMSW} 67108864"],
        ["memory.max 67108864", "memory.swap.max 0"],
    ),
    (
        {"memory": {"limit": 64 * MIB, "swap": -1}},
        ["memory.limit_in_bytes 67108864", f"{MEMSW} -1"],
        ["memory.max 67108864", "memory.swap.max max"],
    ),
    ({"memory": {"limit": -1}}, ["memory.limit_in_bytes -1"], ["memory.max max", "memory.swap.max max"]),
    ({"pids": {"limit": 100}}, ["pids.max 100"], ["pids.max 100"]),
    ({"pids": {"limit": -1}}, ["pids.max max"], ["pids.max max"]),
    ({"pids": {"limit": 0}}, ["pids.max max"], ["pids.max max"]),
    ({"blockIO": {"weight": 500}}, ["blkio.bfq.weight 500"], ["io.bfq.weight 500", "io.weight default 4950"]),
    (
        {
            "blockIO": {
                "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 1000}],
                "throttleWriteIOPSDevice": [{"major": 8, "minor": 16, "rate": 7}],
                "weightDevice": [{"major": 8, "minor": 0, "weight": 20}],
            }
        },
        [
            "blkio.bfq.weight_device 8:0 20",
            "blkio.throttle.read_bps_device 8:0 1000",
            "blkio.throttle.write_iops_device 8:16 7",
        ],
        ["io.bfq.weight 8:0 20", "io.weight 8:0 102", "io.max 8:0 rbps=1000", "io.max 8:16 wiops=7"],
    ),
    ({"hugepageLimits": [{"pageSize": "2MB", "limit": 4}]}, ["hugetlb.2MB.limit_in_bytes 4"], ["hugetlb.2MB.max 4"]),
    (
        {"rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 10}}},
        ["rdma.max mlx5_1 hca_handle=3 hca_object=10"],
        ["rdma.max mlx5_1 hca_handle=3 hca_object=10"],
    ),
]


@pytest.mark.parametrize(("resources", "version_1", "version_2"), CASES)
def test_files(resources: dict[str, Any], version_1: list[str], version_2: list[str]) -> None:
    assert [f"{file} {text}" for _key, file, text in limits.files(resources, V1)] == version_1
    assert [f"{file} {text}" for _key, file, text in limits.files(resources, V2)] == version_2
    assert limits.unsupported(resources, V1) == limits.unsupported(resources, V2) == []


@pytest.mark.parametrize(
    ("resources", "hierarchy", "word"),
    [
        ({"memory": {"swappiness": 0}}, V2, "swappiness"),
        ({"memory": {"disableOOMKiller": True}}, V2, "OOM"),
        ({"cpu": {"realtimeRuntime": 900}}, V2, "real-time"),
        ({"cpu": {"realtimePeriod": 900}}, V2, "real-time"),
        ({"network": {"classID": 5}}, V2, "net_cls"),
        ({"blockIO": {"weight": 500}}, V1_WITHOUT_BFQ, "modprobe bfq"),
        ({"blockIO": {"weight": 500}}, HYBRID, "no blkio cgroup controller"),
        ({"cpu": {"shares": 5}}, HYBRID, "cpu.shares"),
        ({"memory": {"limit": 5, "swap": 7}}, HYBRID, "swapaccount=1"),
        ({"memory": {"limit": 5, "swap": 7}}, V2_WITHOUT_SWAP, "swapaccount=0"),
        ({"unified": {"memory.high": "5"}}, V1, "memory.high"),
        ({"unified": {"memory.high": "5"}}, HYBRID, "memory.high"),
    ],
)
def test_what_the_host_lacks_is_said(resources: dict[str, Any], hierarchy: Hierarchy, word: str) -> None:
    (sentence,) = limits.unsupported(resources, hierarchy)
    assert word in sentence


def test_a_limit_of_memory_where_swap_is_not_counted() -> None:
    wanted = {"memory": {"limit": 5, "swap": 10}}
    assert limits.files(wanted, V2_WITHOUT_SWAP) == [(UNIFIED, "memory.max", "5")]
    assert limits.unsupported({"memory": {"limit": 5, "swap": -1}}, V2_WITHOUT_SWAP) == []


def test_both_versions_side_by_side() -> None:
    resources = {"memory": {"limit": 5}, "pids": {"limit": 6}, "hugepageLimits": [{"pageSize": "2MB", "limit": 0}]}
    assert limits.files(resources, HYBRID) == [
        ("memory", "memory.limit_in_bytes", "5"),
        ("pids", "pids.max", "6"),
        (UNIFIED, "hugetlb.2MB.max", "0"),
    ]


def test_files_of_version_2_by_name() -> None:
    assert limits.files({"unified": {"memory.high": "5", "cgroup.max.depth": "3"}}, V2) == [
        (UNIFIED, "memory.high", "5"),
        (UNIFIED, "cgroup.max.depth", "3"),
    ]
    with pytest.raises(InvalidSpec, match="escape"):
        limits.files({"unified": {"../memory.escape": "5"}}, V2)


@pytest.mark.parametrize(("memory", "word"), [({"limit": 5, "swap": 4}, "below"), ({"swap": 4}, "needs a limit")])
def test_limits_that_contradict_each_other(memory: dict[str, int], word: str) -> None:
    with pytest.raises(InvalidSpec, match=word):
        limits.files({"memory": memory}, V2)


def test_devices_of_version_1() -> None:
    rules = [
        {"allow": False, "access": "rwm"},
        {"allow": True, "type": "c", "access": "m"},
        {"allow": True, "type": "c", "major": 136, "minor": -1, "access": "rwm"},
        {"allow": True, "type": "a", "access": "r"},
    ]
    assert [f"{file} {text}" for _key, file, text in limits.files({"devices": rules}, V1)] == [
        "devices.deny a",
        "devices.allow c *:* m",
        "devices.allow c 136:* rwm",
        "devices.allow b *:* r",
        "devices.allow c *:* r",
    ]
    assert limits.files({"devices": rules}, V2) == []


@pytest.mark.parametrize(
    ("shares", "weight"),
    [(1, 1), (2, 1), (10, 4), (512, 59), (1024, 100), (2048, 174), (262144, 10000), (1 << 20, 10000)],
)
def test_weight_of_shares(shares: int, weight: int) -> None:
    assert weight_of_shares(shares) == weight
