"""VXLAN interfaces and their entries on the real kernel, in a network namespace of the test's own."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

import pytest

from runtime_lib.linux import netns
from runtime_lib.linux.netlink import vxlan
from tests.support.netlab import run

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

EVERYBODY, MAC = "00:00:00:00:00:00", "02:42:0a:14:02:01"
ENTRIES = {
    ("remote", EVERYBODY, "192.0.2.2"),
    ("remote", EVERYBODY, "192.0.2.3"),
    ("remote", MAC, "192.0.2.2"),
    ("port", MAC, ""),
    ("neighbour", MAC, "10.20.2.1"),
}


@pytest.fixture
def bridge() -> Iterator[None]:
    with netns.fresh() as descriptor:
        run("ip", "link", "add", "sk0", "type", "bridge")
        run("ip", "link", "set", "sk0", "up")
        yield
    os.close(descriptor)


@pytest.mark.usefixtures("bridge")
def test_entries_are_seen_as_they_were_added() -> None:
    for _time in range(2):  # what is there already is no error
        vxlan.create("vx", "sk0", vni=42, port=4789, mtu=1450)
        vxlan.change("vx", "sk0", (), sorted(ENTRIES))
        assert vxlan.entries("vx", "sk0") == ENTRIES
    told = run("ip", "-d", "link", "show", "vx")
    assert "vxlan id 42 " in told
    assert "master sk0 " in told
    assert "neigh_suppress on" in told
    for _time in range(2):
        vxlan.change("vx", "sk0", [("remote", EVERYBODY, "192.0.2.3"), ("port", MAC, "")], ())
        assert vxlan.entries("vx", "sk0") == ENTRIES - {("remote", EVERYBODY, "192.0.2.3"), ("port", MAC, "")}


@pytest.mark.usefixtures("bridge")
def test_an_entry_that_was_learned_gives_way() -> None:
    vxlan.create("vx", "sk0", vni=42, port=4789, mtu=1450)
    run("ip", "link", "set", "vx", "up")
    run("bridge", "fdb", "add", MAC, "dev", "vx", "dst", "192.0.2.9", "self", "dynamic")
    run("bridge", "fdb", "add", MAC, "dev", "vx", "master", "dynamic")
    vxlan.change("vx", "sk0", (), [("remote", MAC, "192.0.2.2"), ("port", MAC, "")])
    assert vxlan.entries("vx", "sk0") == {("remote", MAC, "192.0.2.2"), ("port", MAC, "")}


@pytest.mark.usefixtures("bridge")
def test_hosts_with_ipv6_addresses() -> None:
    vxlan.create("vx", "sk0", vni=42, port=4789, mtu=1430, local="fd00::1")
    vxlan.change("vx", "sk0", (), [("remote", EVERYBODY, "fd00::2")])
    assert vxlan.entries("vx", "sk0") == {("remote", EVERYBODY, "fd00::2")}


@pytest.mark.usefixtures("bridge")
def test_a_number_that_is_taken() -> None:
    assert vxlan.in_use(42, 4789) == ""
    vxlan.create("vx", "sk0", vni=42, port=4789, mtu=1450)
    assert (vxlan.in_use(42, 4789), vxlan.in_use(42, 4790), vxlan.in_use(43, 4789)) == ("vx", "", "")
    with pytest.raises(OSError, match="exists") as caught:
        vxlan.create("other", "sk0", vni=42, port=4789, mtu=1450)
    assert caught.value.errno == errno.EEXIST


@pytest.mark.usefixtures("bridge")
def test_the_path_to_a_host() -> None:
    run("ip", "link", "set", "sk0", "mtu", "1400")
    run("ip", "addr", "add", "192.0.2.1/24", "dev", "sk0")
    assert vxlan.path_to("192.0.2.2") == ("sk0", 1400)
    with pytest.raises(OSError, match="unreachable"):
        vxlan.path_to("203.0.113.1")
