from __future__ import annotations

import json
from typing import Any

import pytest

from runtime_lib.containers.parts import Attachment, Device, Healthcheck, Mount, Throttle, Ulimit
from runtime_lib.containers.spec import ContainerSpec, newer_settings
from runtime_lib.errors import CorruptData, InvalidSpec
from runtime_lib.records import fields

FULL = ContainerSpec(
    name="web",
    image="nginx",
    command=("a", "b"),
    env={"A": "1"},
    networks=(Attachment("net", ("alias",), (), "172.20.0.5"),),
    network_mode="net",
    mounts=(Mount("bind", "/b", "/a"), Mount("tmpfs", "/t", tmpfs_size=4096, tmpfs_options=("exec",))),
    devices=(Device("/dev/fuse", "/dev/fuse"),),
    ulimits=(Ulimit("nofile", 1, 2),),
    device_read_bps=(Throttle("/dev/sda", 1),),
    healthcheck=Healthcheck(("CMD", "true"), 1.5),
    published_ports=("8080:80",),
)


def test_json_and_back() -> None:
    assert ContainerSpec.from_json(json.loads(json.dumps(FULL.to_json()))) == FULL
    assert ContainerSpec.from_json({}) == ContainerSpec()


def test_every_field_survives() -> None:
    assert set(FULL.to_json()) == {entry.name for entry in fields(ContainerSpec)}


@pytest.mark.parametrize("value", [{"mounts": [{"kind": "bind"}]}])
def test_damaged_json(value: dict[str, Any]) -> None:
    with pytest.raises(CorruptData):
        ContainerSpec.from_json(value)


def test_settings_of_a_newer_version_are_left_out_and_named() -> None:
    newer = json.loads(json.dumps(FULL.to_json()))
    newer["future"] = newer["mounts"][0]["lazy"] = newer["healthcheck"]["deep"] = True
    newer["unused"] = newer["mounts"][1]["unused"] = None
    assert ContainerSpec.from_json(newer) == FULL
    assert newer_settings(newer) == ("future", "healthcheck.deep", "mounts.lazy")
    assert newer_settings(json.loads(json.dumps(FULL.to_json()))) == ()


def test_a_full_description_is_fine() -> None:
    FULL.check()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": "-x"}, "container name"),
    ({"name": "a" * 256}, "container name"),
    ({"name": "a\n"}, "container name"),
    ({"env": {"A=B": "1"}}, "name of a variable"),
    ({"env": {"A": "x\0y"}}, "NUL"),
    ({"working_dir": "relative"}, "absolute"),
    ({"hostname": "a\nb"}, "hostname"),
    ({"domainname": "a b"}, "domainname"),
    ({"hostname": "h", "uts_mode": "host"}, "uts_mode"),
    ({"etc_hosts": {"a\n1.2.3.4 b": "1.2.3.4"}}, "etc_hosts"),
    ({"etc_hosts": {"a": "x"}}, "etc_hosts"),
    ({"dns_servers": ("1.2.3.4\nsearch x",)}, "dns_servers"),
    ({"dns_search": ("a b",)}, "one word"),
    ({"network_mode": ""}, "network_mode"),
    ({"network_mode": "container:"}, "needs the name"),
    ({"network_mode": "container:x", "published_ports": ("80",)}, "owns the network"),
    ({"network_mode": "none", "networks": (Attachment("n"),)}, "cannot be joined"),
    ({"networks": (Attachment("n", ipv4_address="1.2.3"),)}, "not an address"),
    ({"mac_address": "zz"}, "MAC"),
    ({"exposed_ports": ("0",)}, "exposed_ports"),
    ({"exposed_ports": ("80/sctpx",)}, "exposed_ports"),
    ({"published_ports": ("70000:80",)}, "published port"),
    ({"mounts": (Mount("bind", "/proc", "/x"),)}, "over /proc"),
    ({"mounts": (Mount("volume", "/a/../sys/"),)}, "over /sys"),
    ({"mounts": (Mount("bind", "/a", "/x"), Mount("volume", "/a/"))}, "two mounts"),
    ({"mounts": (Mount("bind", "/a", "x"),)}, "absolute path on the host"),
    ({"mounts": (Mount("volume", "/a", "../x"),)}, "name of a volume"),
    ({"mounts": (Mount("bind", "/a", "/x", propagation="odd"),)}, "propagation"),
    ({"tmpfs": {"/": ""}}, "over /"),
    ({"shm_size": 0}, "shm_size"),
    ({"memory": 4096}, "6 MiB"),
    ({"memory_swap": 1 << 30}, "needs memory"),
    ({"memory": 1 << 30, "memory_swap": 1 << 20}, "below memory"),
    ({"memory": 1 << 23, "memory_reservation": 1 << 24}, "reservation"),
    ({"memory_swappiness": 101}, "swappiness"),
    ({"cpus": 1.0, "cpu_quota": 5000}, "cannot be combined"),
    ({"cpu_period": 10}, "cpu_period"),
    ({"cpuset_cpus": "0;1"}, "cpuset_cpus"),
    ({"blkio_weight": 5}, "blkio_weight"),
    ({"oom_score_adj": 1001}, "oom_score_adj"),
    ({"stop_signal": "SIGNONE"}, "not a signal"),
    ({"ulimits": (Ulimit("nofile", 2, 1),)}, "above the hard"),
    ({"ulimits": (Ulimit("files", 1, 1),)}, "unknown"),
    ({"restart_policy": "sometimes"}, "restart_policy"),
    ({"restart_policy": "always", "restart_retries": 3}, "restart_retries"),
    ({"restart_policy": "always", "auto_remove": True}, "auto_remove"),
    ({"sysctls": {"kernel.core_pattern": "x"}}, "not namespaced"),
    ({"sysctls": {"kernel.shm_rmid_forced": "1+kernel.core_pattern=x\n"}}, "one line"),
    ({"sysctls": {"net/../kernel/core_pattern": "x"}}, "dotted name"),
    ({"sysctls": {"net.ipv4.ip_forward": "1"}, "network_mode": "host"}, "change the host"),
    ({"sysctls": {"kernel.msgmax": "1"}, "ipc_mode": "host"}, "change the host"),
    ({"log_driver": "fluentd"}, "log_driver"),
    ({"log_driver": "none", "log_options": {"max-size": "1m"}}, "unknown to the log driver none"),
    ({"log_driver": "local", "log_options": {"tag": "x"}}, "unknown to the log driver local"),
    ({"log_driver": "syslog", "log_options": {"syslog-address": "udp//x"}}, "syslog-address"),
    ({"log_driver": "syslog", "log_options": {"syslog-address": "tcp+tls://x"}}, "TLS"),
    ({"log_driver": "syslog", "log_options": {"syslog-facility": "local8"}}, "syslog-facility"),
    ({"log_driver": "syslog", "log_options": {"syslog-format": "rfc1"}}, "syslog-format"),
    ({"log_driver": "syslog", "log_options": {"cache-max-file": "0"}}, "cache-max-file"),
    ({"log_options": {"tag": "{{.Nothing}}"}}, "tag"),
    ({"log_options": {"tag": "{{.Name"}}, "tag"),
    ({"log_options": {"labels-regex": "("}}, "labels-regex"),
    ({"log_options": {"mode": "fast"}}, "mode"),
    ({"log_options": {"max-buffer-size": "1m"}}, "needs mode=non-blocking"),
    ({"log_options": {"compress": "often"}}, "compress"),
    ({"log_options": {"max-file": "x"}}, "max-file"),
    ({"log_options": {"odd": "1"}}, "unknown"),
    ({"cap_add": ("NOPE",)}, "not a capability"),
    ({"security_opts": ("odd",)}, "unknown"),
    ({"security_opts": ("seccomp=/file",)}, "not JSON"),
    ({"ipc_mode": "other"}, "ipc_mode"),
    ({"cgroup_parent": "/x/../y"}, "cgroup_parent"),
    ({"cgroup_parent": "a b"}, "cgroup_parent"),
    ({"links": ("db:a b",)}, "links"),
    ({"networks": (Attachment("n", links=(":x",)),)}, "links"),
    ({"uts_mode": "container:"}, "uts_mode"),
    ({"uts_mode": "container:a", "hostname": "x"}, "hostname"),
    ({"mounts": (Mount("volume", "/a", "v", subpath="../x"),)}, "without '..'"),
    ({"mounts": (Mount("volume", "/a", "v", subpath="/x"),)}, "relative"),
    ({"mounts": (Mount("volume", "/a", None, subpath="x"),)}, "a volume with a name"),
    ({"mounts": (Mount("bind", "/a", "/b", subpath="x"),)}, "inside an image"),
    ({"mounts": (Mount("image", "/a"),)}, "name or id of an image"),
    ({"pid_mode": "container:"}, "pid_mode"),
]


@pytest.mark.parametrize(("values", "words"), WRONG, ids=lambda value: str(value)[:40])
def test_what_makes_no_sense_is_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        ContainerSpec(image="i", **values).check()
