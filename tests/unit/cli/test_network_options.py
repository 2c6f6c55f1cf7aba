"""The options of `network create`."""

from __future__ import annotations

import pytest

from runtime_lib.cli.network_options import subnets
from runtime_lib.cli.networks import CREATE
from runtime_lib.errors import InvalidSpec
from runtime_lib.networks.spec import SubnetSpec


def parsed(*words: str) -> tuple[SubnetSpec, ...]:
    return subnets(CREATE.parse([*words, "net"]))


def test_gateways_ranges_and_addresses_go_to_the_subnet_they_lie_in() -> None:
    found = parsed(
        *("--gateway", "10.2.0.9", "--aux-address", "a=10.1.0.5", "--subnet", "10.1.0.0/24", "--subnet", "10.2.0.0/24"),
        *("--ip-range", "10.2.0.128/25", "--gateway", "10.1.0.1", "--aux-address", "b=10.1.0.6"),
    )
    assert found == (
        SubnetSpec("10.1.0.0/24", "10.1.0.1", aux_addresses={"a": "10.1.0.5", "b": "10.1.0.6"}),
        SubnetSpec("10.2.0.0/24", "10.2.0.9", "10.2.0.128/25"),
    )


@pytest.mark.parametrize(
    "words",
    [
        ["--gateway", "10.1.0.1"],
        ["--ip-range", "10.1.0.0/25"],
        ["--subnet", "10.1.0.0/24", "--gateway", "10.2.0.1"],
        ["--subnet", "10.1.0.0/24", "--gateway", "bad"],
        ["--subnet", "10.1.0.0/24", "--ip-range", "10.1.0.0/23"],
        ["--subnet", "10.1.0.0/24", "--gateway", "10.1.0.1", "--gateway", "10.1.0.2"],
        ["--subnet", "10.1.0.0/24", "--ip-range", "10.1.0.0/25", "--ip-range", "10.1.0.128/25"],
        ["--subnet", "10.1.0.0/24", "--aux-address", "10.1.0.3"],
        ["--subnet", "10.1.0.0/24", "--aux-address", "a=10.2.0.3"],
        ["--subnet", "bad", "--gateway", "10.1.0.1"],
    ],
)
def test_what_belongs_to_no_subnet(words: list[str]) -> None:
    with pytest.raises(InvalidSpec, match=r"--(gateway|ip-range|aux-address)|subnet 'bad'"):
        parsed(*words)
