"""A VM's clock jumps by ten years, forward and back, while all that waits is waiting; then the VM boots in the past."""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import vmguest
from tests.support.archives import docker_archive
from tests.vm.guest.clock import BASE, CHECK, PLACE, STOP
from vms import control, image, qemu
from vms.machine import load

JUMPS = ("forward", "back")
EPSILON = 0.02  # seconds: /proc/uptime counts hundredths
# systemd takes the time that it was built at for the earliest one: that is the past, too
PAST = ("-rtc", "base=2004-05-06")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clock")


@pytest.fixture(scope="module")
def guest() -> Iterator[vmguest.Guest]:
    with vmguest.running("clock") as made:
        yield made


@pytest.fixture(scope="module")
def seen(guest: vmguest.Guest, place: Path) -> dict[str, Any]:
    """What the guest has seen at both jumps."""

    def fill(tar: tarfile.TarFile) -> None:
        vmguest.add_sources(tar)
        vmguest.add(tar, f"{PLACE}/base.tar", docker_archive([BASE], vmguest.base_layer(place)))

    guest.send(fill)
    return guest.answer("clock jumps")


@pytest.fixture(scope="module")
def booted(guest: vmguest.Guest, seen: dict[str, Any]) -> dict[str, Any]:
    """What the guest sees after its power was cut, and it has booted in the past, by a kernel that limits no memory."""
    control.power_cut([guest.name])
    found = load(guest.name)
    made = image.make(found.image)
    command = qemu.command(found, made, qemu.accelerator(made))
    command[command.index("-append") + 1] += " cgroup_disable=memory"
    (found.folder / "serial.log").unlink()
    process = qemu.start([*command, *PAST], found.folder)
    try:
        qemu.wait_ready(found.folder, process)
        return guest.answer("clock boot")
    finally:
        process.kill()
        process.wait()


def _gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in zip(times, times[1:])]


@pytest.mark.parametrize("jump", JUMPS)
def test_a_stop_waits_as_long_as_it_was_told_to(jump: str, seen: dict[str, Any]) -> None:
    assert seen[jump]["stop"] >= STOP
    assert seen[jump]["later"][f"{jump}-stubborn"].startswith("Exited (137) ")


@pytest.mark.parametrize("jump", JUMPS)
def test_health_checks_keep_their_interval(jump: str, seen: dict[str, Any]) -> None:
    assert min(_gaps(seen[jump]["checks"])) >= CHECK - EPSILON
    assert seen[jump]["health"] == "healthy\n"


@pytest.mark.parametrize("jump", JUMPS)
def test_restarts_keep_their_pauses(jump: str, seen: dict[str, Any]) -> None:
    """Each pause is twice the one before, after a run of a second that is no long one."""
    gaps = _gaps(seen[jump]["beats"])
    assert len(gaps) >= 3
    assert [gap for number, gap in enumerate(gaps) if gap < 1 + 0.1 * 2**number - EPSILON] == []


@pytest.mark.parametrize("jump", JUMPS)
def test_logs_lose_nothing_and_keep_their_order(jump: str, seen: dict[str, Any]) -> None:
    log = seen[jump]["log"]
    lines = [int(line) for line in log.splitlines()]
    assert lines == list(range(len(lines)))
    assert seen[jump]["follow"] == seen[jump]["since"] == log
    assert [int(line) for line in seen[jump]["tail"].splitlines()] == lines[-3:]


@pytest.mark.parametrize("jump", JUMPS)
def test_wait_waits_for_the_end(jump: str, seen: dict[str, Any]) -> None:
    assert seen[jump]["wait"] == "7\n"


@pytest.mark.parametrize("jump", JUMPS)
def test_what_runs_is_as_old_as_it_is(jump: str, seen: dict[str, Any]) -> None:
    for status in (*seen[jump]["ps"].values(), *seen[jump]["later"].values()):
        assert re.fullmatch(r"(Up|(Exited|Restarting) \(\d+\)) (\d|About|Less than a second).*", status)
        assert not re.match(r"Up .*(month|year)", status)


@pytest.mark.parametrize("jump", JUMPS)
def test_a_copy_of_the_library_that_is_used_stays(jump: str, seen: dict[str, Any]) -> None:
    assert f"{jump}-unused" in seen[jump]["removed"]
    assert f"{jump}-used" not in seen[jump]["removed"]


def test_a_host_that_boots_in_the_past_restores_its_containers(seen: dict[str, Any], booted: dict[str, Any]) -> None:
    assert booted["clock"] < seen["clock"]
    assert booted["before"]["kept"].startswith("Exited (255) ")
    assert booted["after"]["kept"].startswith("Up ")
    assert booted["exec"] == "inside\n"
    assert booted["log"] == "begun\nbegun\nended\n"
    assert booted["tail"] == "ended\n"
    assert booted["stopped"]["kept"].startswith("Exited (0) ")
    assert booted["left"] == ""


def test_a_host_without_memory_limits_says_so(booted: dict[str, Any]) -> None:
    assert "this host has no memory cgroup controller" in booted["limited"]
    assert booted["limited"].count("\n") == 1
