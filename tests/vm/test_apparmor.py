"""Containers on a kernel with AppArmor, that of Debian 12: what confines them, and whether Docker says the same."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import vmguest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the guest has seen."""
    layer = vmguest.base_layer(tmp_path_factory.mktemp("base"))
    with vmguest.running("apparmor", "--image", "tools", "--memory", "1536") as guest:
        guest.send(lambda tar: _fill(tar, layer))
        yield guest.answer("apparmor")


def _fill(tar: tarfile.TarFile, layer: bytes) -> None:
    vmguest.add_sources(tar, "tests/support")
    vmguest.add(tar, "root/base.tar", layer)


@pytest.mark.parametrize("what", ["confined", "unconfined", "host", "stays", "named", "lives"])
def test_the_same_as_docker(seen: dict[str, Any], what: str) -> None:
    assert _named_alike(seen["skiff"][what]) == seen["docker"][what]


def _named_alike(told: Any) -> Any:
    return json.loads(json.dumps(told).replace("skiff-default", "docker-default"))


def test_what_the_profile_denies(seen: dict[str, Any]) -> None:
    confined, unconfined = seen["skiff"]["confined"], seen["skiff"]["unconfined"]
    assert (confined["label"], unconfined["label"]) == ("skiff-default (enforce)", "unconfined")
    assert {attempt for attempt, answer in confined.items() if answer != unconfined[attempt]} - {"label"} >= {
        "mount -t tmpfs none /m",
        "echo h >/proc/sysrq-trigger",
        "echo 1 >/proc/sys/kernel/printk_delay",
    }


def test_processes_of_the_host_are_out_of_reach(seen: dict[str, Any]) -> None:
    told = seen["skiff"]["host"]
    assert told["label"] == "skiff-default (enforce)"  # also with no_new_privs
    assert {told["kill -TERM $H"], told["head -c 1 /proc/$H/environ"]} == {"Permission denied"}
    assert seen["skiff"]["stays"]


def test_a_named_profile_counts_for_a_privileged_one_too(seen: dict[str, Any]) -> None:
    assert seen["skiff"]["named"] == "only-reading (enforce)"
    assert seen["skiff"]["lives"]["privileged"] == "unconfined"


def test_the_container_lives_as_before(seen: dict[str, Any]) -> None:
    found = seen["skiff"]["lives"]
    assert found["first"] == "skiff-default (enforce)"  # the small init too
    assert found["exec"][:2] == ["skiff-default (enforce)", "sent"]
    assert found["after"][:2] == ["exited 7 skiff-default.", "exited 0 unconfined."]


def test_dockers_name_means_our_profile(seen: dict[str, Any]) -> None:
    assert seen["dockers_profile"] == "docker-default (enforce)"  # Docker has loaded it here
    assert seen["own"]["dockers_profile"] == "skiff-default (enforce)"


def test_a_missing_profile_is_refused_in_words(seen: dict[str, Any]) -> None:
    code, said = seen["own"]["missing"]
    assert "apparmor=nosuch: the kernel holds no profile of that name" in said
    assert code == 1
    code, said = seen["own"]["late"]
    assert "apparmor=only-reading: the kernel holds no profile of that name" in said
    assert code == 1
    assert seen["own"]["left"] == "late created\n"


def test_the_profile_is_loaded_when_it_is_needed(seen: dict[str, Any]) -> None:
    assert seen["own"]["loaded_again"] == "skiff-default (enforce)"
    assert "name=apparmor" in seen["own"]["info"]


def test_without_a_parser_containers_have_no_profile(seen: dict[str, Any]) -> None:
    assert seen["own"]["no_parser"] == "unconfined"
    assert "name=apparmor" not in seen["own"]["no_parser_info"]
