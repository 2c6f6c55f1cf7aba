"""Which options the driver openvswitch takes."""

from __future__ import annotations

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec

PART = SubnetSpec("10.9.0.0/16", ip_range="10.9.1.0/24")


def check(subnet: SubnetSpec | None = PART, **driver_options: str) -> None:
    NetworkSpec("net", "openvswitch", (subnet,) if subnet else (), driver_options=driver_options).check()


def test_options_that_fit() -> None:
    check(None)
    check(bridge="br-lan", datapath_type="netdev", tag="4094", database="unix:/run/openvswitch/db.sock")
    check(tunnel="gre", remote_ip="192.0.2.2, 192.0.2.3", local_ip="192.0.2.1", key="4294967295")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"parent": "eth0"}, "unknown driver option parent; there are bridge, datapath_type"),
        ({"bridge": "a b"}, "at most 15"),
        ({"bridge": "-x"}, "at most 15"),
        ({"datapath_type": "dpdk"}, "one of system, netdev"),
        ({"tag": "0"}, "from 1 to 4094"),
        ({"tag": "1,2"}, "from 1 to 4094"),
        ({"tunnel": "stt", "remote_ip": "192.0.2.2"}, "one of gre, vxlan, geneve"),
        ({"tunnel": "gre"}, "set remote_ip"),
        ({"tunnel": "gre", "remote_ip": "there"}, "'there' is not an IP address"),
        ({"tunnel": "gre", "remote_ip": "192.0.2.2,"}, "'' is not an IP address"),
        ({"tunnel": "vxlan", "remote_ip": "192.0.2.2", "key": "16777216"}, "key of vxlan is at most 16777215"),
        ({"tunnel": "gre", "remote_ip": "192.0.2.2", "local_ip": "192.0.2.2"}, "this host itself"),
        ({"tunnel": "gre", "remote_ip": "192.0.2.2", "local_ip": "fd00::1"}, "both"),
        ({"tunnel": "gre", "remote_ip": 'fe80::1%a"b'}, "valid on one link only"),
        ({"tunnel": "gre", "remote_ip": "fd00::2", "local_ip": "fe80::1%eth0"}, "valid on one link only"),
        ({"key": "5"}, "key is of a tunnel"),
        ({"remote_ip": "192.0.2.2"}, "remote_ip is of a tunnel"),
        ({"gateway_on_host": "false"}, "give the bridge that leads there"),
        ({"database": "tcp:192.0.2.2:6640"}, "unix:/run/openvswitch/db.sock"),
        ({"database": "unix:/a\nb"}, "unix:/run/openvswitch/db.sock"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        check(PART, **options)


@pytest.mark.parametrize(
    ("subnet", "words"),
    [
        (None, "the same subnet"),
        (SubnetSpec("10.9.0.0/16"), "needs a part of it as ip_range"),
        (SubnetSpec("10.9.0.0/16", "10.9.0.1", "10.9.1.0/24"), "with its gateway in it"),
    ],
)
def test_hosts_that_share_a_subnet_have_a_part_each(subnet: SubnetSpec | None, words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        check(subnet, tunnel="gre", remote_ip="192.0.2.2")
