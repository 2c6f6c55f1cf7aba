"""The host has version 2 alone; the tests that show a container's cgroup pass there, also beside Docker.

So do those that show user namespaces, since this kernel's overlayfs takes no layers that are mounted nowhere, and those
of ipvlan and NFS, which many kernels lack.
"""

from __future__ import annotations

import re

import pytest
import testinfra


def test_the_host_has_version_2_alone(host: testinfra.host.Host) -> None:
    assert host.check_output("stat -f -c %T /sys/fs/cgroup") == "cgroup2fs"
    assert {"cpu", "io", "memory", "pids"} <= set(host.file("/sys/fs/cgroup/cgroup.controllers").content_string.split())
    assert host.file("/proc/pressure/memory").exists


@pytest.mark.parametrize(
    ("suite", "least"),
    [
        ("-m cgroups tests/kernel", 40),
        ("-m cgroups tests/oracle", 23),
        ("-m userns tests/kernel tests/security", 9),
        ("-m lan tests/oracle", 19),
    ],
)
def test_our_own_tests(suite: str, least: int, host: testinfra.host.Host) -> None:
    done = host.run(f"cd /srv/checkout && python3 -m pytest -q -p no:cacheprovider {suite}")
    assert done.rc == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert int(re.findall(r"(\d+) passed", done.stdout)[-1]) >= least
