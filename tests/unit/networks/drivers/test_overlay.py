"""Which options an overlay takes when a routing daemon makes its entries."""

from __future__ import annotations

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec


def check(**driver_options: str) -> None:
    subnet = SubnetSpec("10.20.0.0/16", ip_range="10.20.1.0/24")
    NetworkSpec("mesh", "overlay", (subnet,), driver_options=driver_options).check()


def test_learning_by_evpn() -> None:
    check(control="static")
    check(control="evpn", address="192.0.2.1")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"control": "evpn"}, "set address to this host's own"),
        ({"control": "evpn", "address": "192.0.2.1", "encrypted": "true"}, "encrypted is not possible"),
        ({"control": "evpn", "address": "2001:db8::1"}, "address 2001:db8::1 cannot be of IPv6: FRR tells"),
        ({"control": "bgp"}, "one of static, evpn"),
    ],
)
def test_options_that_do_not_fit(options: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        check(**options)
