"""Networks on Open vSwitch by the kernel of Debian 12, which has its datapath and its tunnels as modules."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import vmguest
from tests.support.netlab import UNREACHABLE

# This machine's own programs, of the same release as the guest's.
PROGRAMS = ("ovs-vswitchd", "ovsdb-server", "ovsdb-tool", "ovs-vsctl")
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not shutil.which("ovs-vsctl"), reason="needs openvswitch-switch"),
]


@pytest.fixture(scope="module")
def seen() -> Iterator[dict[str, Any]]:
    """What the guest has seen."""
    with vmguest.running("ovs") as guest:
        guest.send(_fill, "--skip-old-files", "--no-same-owner")
        yield guest.answer("openvswitch")


def _fill(tar: tarfile.TarFile) -> None:
    vmguest.add_sources(tar, "tests/support")
    _add_programs(tar)


def _add_programs(tar: tarfile.TarFile) -> None:
    """Put the programs and the libraries that they need into their places."""
    paths = {SCHEMA: SCHEMA}
    for name in PROGRAMS:
        program = shutil.which(name)
        assert program, name
        paths[program] = os.path.realpath(program)
        for line in subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout.splitlines():
            library = line.partition("=> ")[2].partition(" (")[0]
            if library:
                paths[f"/usr{library}" if library.startswith("/lib/") else library] = library
    for path, source in paths.items():
        member = tarfile.TarInfo(path.lstrip("/"))
        data = Path(source).read_bytes()
        member.size, member.mode = len(data), 0o755
        tar.addfile(member, io.BytesIO(data))


@pytest.mark.parametrize(("tunnel", "mtu"), [("gre", 1458), ("vxlan", 1450), ("geneve", 1450)])
def test_containers_of_two_hosts_talk_through_a_tunnel(seen: dict[str, Any], tunnel: str, mtu: int) -> None:
    assert seen[tunnel] == {"mtu": mtu, "left": [[], []]}


def test_vlans_separate_networks_on_one_bridge(seen: dict[str, Any]) -> None:
    assert seen["vlans"]["answer"] in UNREACHABLE
    assert seen["vlans"]["left"] == []
