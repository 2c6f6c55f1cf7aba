from __future__ import annotations

import stat
from typing import Any

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.oci import devices


def test_the_default_devices_are_always_there() -> None:
    assert [node.path for node in devices.planned({})] == [
        f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty")
    ]


def test_further_devices() -> None:
    entry = {"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 0o600, "uid": 5, "gid": 6}
    node = devices.planned({"linux": {"devices": [entry]}})[-1]
    assert (node.path, node.major, node.minor, node.uid, node.gid) == ("/dev/fuse", 10, 229, 5, 6)
    assert node.mode == stat.S_IFCHR | 0o600


@pytest.mark.parametrize("entry", [{"path": "/dev/x", "type": "a"}, {"path": "x", "type": "c"}, {"type": "c"}])
def test_nonsense_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec, match="device"):
        devices.planned({"linux": {"devices": [entry]}})


def test_a_policy_allows_the_default_devices() -> None:
    rules = devices.resources({"linux": {"resources": {"devices": [{"allow": False}], "pids": {"limit": 5}}}})
    assert rules["devices"][0] == {"allow": False}
    assert {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"} in rules["devices"]
    assert rules["pids"] == {"limit": 5}


def test_no_policy_stays_none() -> None:
    assert devices.resources({}) == {}


@pytest.mark.parametrize(
    ("mount", "wanted"),
    [
        ({"destination": "/dev", "type": "tmpfs"}, True),
        ({"destination": "/dev/", "type": "bind"}, False),
        ({"destination": "/dev", "type": "none", "options": ["rbind"]}, False),
    ],
)
def test_somebody_elses_dev_is_left_alone(mount: dict[str, Any], wanted: bool) -> None:
    assert devices.wanted({"mounts": [mount]}) is wanted
