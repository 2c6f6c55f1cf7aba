"""What runs after the host went down, by restart policy, use and way of going down."""

from __future__ import annotations

import sys

import pytest
import testinfra

POLICIES = ("no", "on-failure", "always", "unless-stopped")
USES = ("runs", "stopped", "paused")
WAYS = ("reboot", "power-cut")
# Docker's (tests/oracle/test_boot.py asks a real one). The programs end with 0 when they are asked to end.
RUNS_AGAIN = {
    "reboot": {"always.runs", "always.stopped", "always.paused", "unless-stopped.runs", "unless-stopped.paused"},
}
RUNS_AGAIN["power-cut"] = RUNS_AGAIN["reboot"] | {"on-failure.runs", "on-failure.paused"}


def states(host: testinfra.host.Host, way: str) -> dict[str, str]:
    lines = host.file(f"/srv/after/{way}").content_string.splitlines()
    return {line.split()[0]: line.split(maxsplit=1)[1] for line in lines}


def report(head: str, *cells: str) -> None:
    """Write a row of the table for the reader."""
    sys.stdout.write(f"\nreport: {head:<16}" + "".join(f"{cell:<9}" for cell in cells) + "\n")


@pytest.mark.parametrize("way", WAYS)
def test_what_is_to_run_runs_and_nothing_else(host: testinfra.host.Host, way: str) -> None:
    found = states(host, way)
    report(way, *USES)
    for policy in POLICIES:
        report(policy, *(found[f"{policy}.{use}"].split()[0] for use in USES))
    running = {name for name, state in found.items() if state.startswith("running")}
    assert running == RUNS_AGAIN[way], host.file(f"/srv/after/{way}.journal").content_string
    assert found["never"].startswith("created")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("policy", POLICIES)
def test_logs_are_whole(host: testinfra.host.Host, way: str, policy: str) -> None:
    lines = host.file(f"/srv/after/{way}.{policy}.log").content_string.splitlines()
    assert "turn 1" in lines
    for before, after in zip(lines, lines[1:]):
        if after.startswith("turn ") and after != "turn 1":
            assert before == f"turn {int(after[5:]) - 1}", (before, after)
        else:
            assert after in ("turn 1", "asked")
    # Each container was asked to end at the reboot, with its own signal.
    assert "asked" in lines


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("policy", POLICIES)
def test_volumes_are_whole(host: testinfra.host.Host, way: str, policy: str) -> None:
    lines = host.file(f"/srv/after/{way}.{policy}.turns").content_string.splitlines()
    assert lines
    assert all(line.startswith("turn ") and line[5:].isdigit() for line in lines)


def test_the_host_still_runs_containers(host: testinfra.host.Host) -> None:
    assert host.service("skiff").is_enabled
    assert host.check_output("skiff run --rm --network none busybox echo well") == "well"
    assert host.check_output("skiff exec always.runs echo inside") == "inside"
