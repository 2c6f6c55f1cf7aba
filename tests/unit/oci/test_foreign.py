from __future__ import annotations

import errno

import pytest

from runtime_lib.oci import foreign

CONFIG = {
    "root": {"path": "rootfs", "readonly": True},
    "mounts": [{"destination": "/", "type": "overlay"}, {"destination": "/proc", "type": "proc"}],
    "linux": {"namespaces": [{"type": "mount"}, {"type": "network"}], "cgroupsPath": "/x"},
}


def test_every_runtime_understands_it() -> None:
    assert foreign.translated(CONFIG, "/proc/7/fd/9") == {
        "root": {"path": "rootfs", "readonly": True},
        "mounts": [{"destination": "/proc", "type": "proc"}],
        "linux": {
            "namespaces": [{"type": "mount"}, {"type": "network", "path": "/proc/7/fd/9"}],
            "cgroupsPath": "/x",
        },
    }


def test_a_network_namespace_that_is_joined_stays() -> None:
    joined = {**CONFIG, "linux": {"namespaces": [{"type": "network", "path": "/run/there"}]}}
    assert foreign.translated(joined, "/x")["linux"]["namespaces"] == [{"type": "network", "path": "/run/there"}]


@pytest.mark.parametrize(
    ("message", "stage", "number"),
    [
        ('exec: "x": executable file not found in $PATH', "exec", errno.ENOENT),
        ('exec: "/etc": permission denied', "exec", errno.EACCES),
        ("rootfs does not exist", "runtime", errno.EIO),
        ("", "runtime", errno.EIO),
    ],
)
def test_what_it_says_becomes_an_error(message: str, stage: str, number: int) -> None:
    error = foreign.failure("/usr/sbin/runc", message)
    assert (error.stage, error.errno) == (stage, number)
    assert message in (error.strerror or "")
