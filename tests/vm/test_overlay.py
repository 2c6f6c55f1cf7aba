"""An encrypted overlay network: WireGuard is in the kernel of a VM, whose network namespaces are the hosts."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import vmguest
from tests.vm.guest.overlay import SECRET

KINDS = ("plain", "encrypted")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture(scope="module")
def guest() -> Iterator[vmguest.Guest]:
    with vmguest.running("overlay") as made:
        yield made


@pytest.fixture(scope="module")
def seen(guest: vmguest.Guest) -> dict[str, Any]:
    """What the guest has seen."""
    guest.send(lambda tar: vmguest.add_sources(tar, "tests/support"))
    return guest.answer("overlay")


@pytest.mark.parametrize("kind", KINDS)
def test_containers_of_three_hosts_reach_each_other_by_name(kind: str, seen: dict[str, Any]) -> None:
    for number, answers in enumerate(seen[kind]["answers"], 1):
        others = [other for other in (1, 2, 3) if other != number]
        assert answers == [f"10.20.{number}.1 {SECRET} host{other}" for other in others]
    assert seen[kind]["sound"] == [True] * 3


def test_the_wire_shows_no_plain_text(seen: dict[str, Any]) -> None:
    assert seen["plain"]["readable"] >= 4
    assert seen["encrypted"]["readable"] == 0
    assert 4789 in seen["plain"]["ports"]
    assert 51820 in seen["encrypted"]["ports"]
    assert 4789 not in seen["encrypted"]["ports"]


def test_a_frame_without_encryption_is_not_taken(seen: dict[str, Any]) -> None:
    assert (seen["plain"]["forged"], seen["encrypted"]["forged"]) == (True, False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_host_leaves_and_joins(kind: str, seen: dict[str, Any]) -> None:
    before, without, after = seen[kind]["left"]
    assert before == after == f"10.20.1.1 {SECRET} host3"
    assert SECRET not in without


def test_the_key_stays(seen: dict[str, Any]) -> None:
    found = seen["encrypted"]
    assert len(base64.b64decode(found["key"])) == 32
    assert (found["broken"], found["again"], found["mended"], found["peers"]) == ("", found["key"], True, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_removing_leaves_neither_interface_nor_key(kind: str, seen: dict[str, Any]) -> None:
    assert (seen[kind]["links"], seen[kind]["files"]) == ([], [])
