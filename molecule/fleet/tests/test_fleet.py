"""Every host runs the same image, and reaches the others over the private wire."""

from __future__ import annotations

import json

import pytest
import testinfra

ADDRESSES = ("10.77.0.1", "10.77.0.2", "10.77.0.3")
seen: set[str] = set()


@pytest.fixture(scope="module")
def container(host: testinfra.host.Host) -> dict:
    return json.loads(host.check_output("skiff inspect shop"))[0]


def test_the_second_version_runs_with_its_limit(container: dict) -> None:
    assert container["State"]["Running"]
    assert container["Config"]["Image"] == "shop:2"
    assert container["HostConfig"]["Memory"] == 32 << 20


def test_the_image_is_the_same_everywhere(container: dict) -> None:
    seen.add(container["Image"])
    assert len(seen) == 1


def test_every_host_reaches_every_page(host: testinfra.host.Host) -> None:
    pages = host.check_output("; ".join(f"curl -sS --max-time 60 http://{address}:8080/" for address in ADDRESSES))
    assert pages.split("\n") == ["shop 2"] * 3
