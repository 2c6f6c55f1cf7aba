"""Address pools that an administrator has chosen, on Docker Engine and on Skiff: the subnets that networks get."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .lan import IMAGE, Side, docker_side, skiff_side

POOLS = (("10.10.0.0/22", 24), ("10.20.0.0/24", 25), ("fd00:1::/48", 64))

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def docker(archive: Path) -> Iterator[Side]:
    options = [f"--default-address-pool=base={base},size={size}" for base, size in POOLS]
    with docker_side(archive, *options) as side:
        yield side


@pytest.fixture
def skiff(archive: Path) -> Iterator[Side]:
    with skiff_side(archive) as side:
        root = Path(side.environment["SKIFF_ROOT"])
        text = json.dumps({"default-address-pools": [{"base": base, "size": size} for base, size in POOLS]})
        (root / "host.json").write_text(text)
        yield side


def subnets(side: Side, name: str) -> list[str]:
    return [entry["Subnet"] for entry in side.inspect("network", "inspect", name)["IPAM"]["Config"]]


def history(side: Side) -> dict[str, Any]:
    """Make and remove networks until no subnet is left; return the subnets of each, in order."""
    side.host("ip", "address", "add", "10.10.2.5/28", "dev", "p0")
    side.call(
        "run", "--rm", IMAGE, "true"
    )  # the default network is Docker's at its start, and made here at its first use
    found: dict[str, Any] = {"bridge": subnets(side, "bridge")}
    for name, *options in (("a", "--ipv6"), ("b",), ("c",), ("d",)):
        side.call("network", "create", *options, name)
        found[name] = subnets(side, name)
    side.call("network", "create", "none-left", fails=True)
    side.call("network", "create", "--subnet", "10.99.0.0/24", "given")
    side.call("network", "rm", "c", "given")
    side.call("network", "create", "e")
    found["e"] = subnets(side, "e")
    found["info"] = json.loads(side.call("info", "--format", "{{json .DefaultAddressPools}}"))
    side.call("network", "rm", "a", "b", "d", "e")
    return found


def test_subnets_come_in_the_same_order(docker: Side, skiff: Side) -> None:
    expected = history(docker)
    assert expected["b"] == ["10.10.3.0/24"]  # 10.10.2.0/24 overlaps with the host's own
    assert history(skiff) == expected
