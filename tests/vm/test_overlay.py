"""An encrypted overlay network: WireGuard is in the kernel of a VM, whose network namespaces are the hosts."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import vmguest
from tests.vm.guest.overlay import SECRET
from tests.vm.guest.overlay_mend import LOSSES

KINDS = ("plain", "encrypted")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture(scope="module")
def guest() -> Iterator[vmguest.Guest]:
    with vmguest.running("overlay") as made:
        made.send(lambda tar: vmguest.add_sources(tar, "tests/support"))
        yield made


@pytest.fixture(scope="module")
def seen(guest: vmguest.Guest) -> dict[str, Any]:
    """What the guest has seen."""
    return guest.answer("overlay")


@pytest.mark.parametrize("kind", KINDS)
def test_containers_of_three_hosts_reach_each_other_by_name(kind: str, seen: dict[str, Any]) -> None:
    for number, answers in enumerate(seen[kind]["answers"], 1):
        others = [other for other in (1, 2, 3) if other != number]
        assert [answer.removeprefix("::ffff:") for answer in answers] == [
            f"10.20.{number}.1 {SECRET} host{other}" for other in others
        ]
    assert seen[kind]["sound"] == [True] * 3


def test_the_wire_shows_no_plain_text(seen: dict[str, Any]) -> None:
    assert seen["plain"]["readable"] >= 4
    assert seen["encrypted"]["readable"] == 0
    assert seen["encrypted"]["six"] == [f"fd00:20::1:0:0:1 {SECRET} host2"]
    assert 4789 in seen["plain"]["ports"]
    assert 51820 in seen["encrypted"]["ports"]
    assert 4789 not in seen["encrypted"]["ports"]


def test_a_frame_without_encryption_is_not_taken(seen: dict[str, Any]) -> None:
    assert (seen["plain"]["forged"], seen["encrypted"]["forged"]) == (True, False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_host_leaves_and_joins(kind: str, seen: dict[str, Any]) -> None:
    before, without, after = seen[kind]["left"]
    assert before == after
    assert before.removeprefix("::ffff:") == f"10.20.1.1 {SECRET} host3"
    assert SECRET not in without


def test_the_key_stays(seen: dict[str, Any]) -> None:
    found = seen["encrypted"]
    assert len(base64.b64decode(found["key"])) == 32
    assert (found["broken"], found["again"], found["mended"], found["peers"]) == ("", found["key"], True, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_removing_leaves_neither_interface_nor_key(kind: str, seen: dict[str, Any]) -> None:
    assert (seen[kind]["links"], seen[kind]["files"]) == ([], [])


@pytest.fixture(scope="module")
def lost(guest: vmguest.Guest) -> dict[str, Any]:
    """What the guest has seen of hosts that lose their side of the network, with IPv6 alone in and under it."""
    return guest.answer("overlay_mend")


def whole(found: dict[str, Any]) -> None:
    """Hold that both were answered, and that nobody could read it."""
    assert found["answers"] == [f"{SECRET} host{number}" for number in (1, 2)]
    assert (found["count"], found["sound"], found["readable"], found["ports"]) == (2, True, 0, [51820])


@pytest.mark.parametrize("what", ["nothing", *LOSSES, "start"])
def test_a_reload_or_start_brings_back_what_a_host_has_lost_without_a_readable_word(
    what: str, lost: dict[str, Any]
) -> None:
    whole(lost["mended"][what])


def test_a_host_that_sends_from_another_address_is_no_damage(lost: dict[str, Any]) -> None:
    whole(lost["roamed"])
    assert lost["roamed"]["from"] == ["2001:db8:51::22"]


def test_after_a_boot_the_next_container_brings_the_network_back(lost: dict[str, Any]) -> None:
    whole(lost["boot"])
    assert lost["boot"]["same"]


def test_a_new_key_counts_when_it_has_been_told_and_the_old_one_no_more(lost: dict[str, Any]) -> None:
    found = lost["rotated"]
    assert (found["unknown"], found["before"]["readable"], found["before"]["ports"]) == ("silence", 0, [51820])
    whole(found)
    assert (found["old"], found["new"]) == (False, True)


def test_a_host_that_is_no_peer_any_more_is_heard_no_more(lost: dict[str, Any]) -> None:
    found = lost["removed"]
    assert not [answer for answer in found["answers"] if SECRET in answer]
    assert (found["peers"], found["readable"]) == ([], 0)
