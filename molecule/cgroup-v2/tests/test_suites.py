"""The host has version 2 alone; the tests that show a container's cgroup pass there, also beside Docker."""

from __future__ import annotations

import re

import pytest
import testinfra


def test_the_host_has_version_2_alone(host: testinfra.host.Host) -> None:
    assert host.check_output("stat -f -c %T /sys/fs/cgroup") == "cgroup2fs"
    assert {"cpu", "io", "memory", "pids"} <= set(host.file("/sys/fs/cgroup/cgroup.controllers").content_string.split())
    assert host.file("/proc/pressure/memory").exists


@pytest.mark.parametrize(("suite", "least"), [("kernel", 40), ("oracle", 23)])
def test_containers_in_their_cgroups(suite: str, least: int, host: testinfra.host.Host) -> None:
    done = host.run(f"cd /srv/checkout && python3 -m pytest -q -p no:cacheprovider -m cgroups tests/{suite}")
    assert done.rc == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert int(re.findall(r"(\d+) passed", done.stdout)[-1]) >= least
