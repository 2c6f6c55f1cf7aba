"""Kill -9 of whoever makes, changes or removes an overlay network: the next call finishes it, and nothing is left."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from runtime_lib.networks import catalog, overlay, peering
from runtime_lib.networks.peers import from_options
from runtime_lib.store import Store
from tests.support.kills import Kills
from tests.support.netlab import run
from tests.support.skiff import CHECKOUT, Skiff

SUBNET = ("--subnet", "10.20.0.0/16", "--ip-range", "10.20.1.0/24")
CREATE = ("network", "create", "-d", "overlay", *SUBNET, "mesh")
REMOVE = ("network", "rm", "mesh")
ENTRY = "{{'name': 'b{0}', 'address': '192.0.2.{0}', 'slice': '10.20.{0}.0/24', 'endpoints': [{1}]}}"
ENDPOINT = "{{'names': ['web{0}'], 'address': '10.20.{0}.1', 'mac': '02:42:0a:14:{0:02x}:01'}}"


class Peering(Skiff):
    """`command("2", "3")` tells the network of the peers with these numbers, as the module does."""

    def command(self, *arguments: str, before: str = "") -> list[str]:
        entries = [ENTRY.format(number, ENDPOINT.format(int(number))) for number in arguments]
        code = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r})\n"
        code += "from runtime_lib.paths import Layout; from runtime_lib.store import Store\n"
        code += "from runtime_lib.networks import peering; from runtime_lib.networks.peers import from_options\n"
        code += f"peers = from_options('mesh', [{', '.join(entries)}])\n"
        code += "peering.change(Store(Layout.from_environment()), 'mesh', peers)"
        return [os.path.realpath(sys.executable), "-ISB", "-c", code]


@pytest.fixture
def wired(skiff: Skiff) -> Skiff:
    """A host with a way to others."""
    run("ip", "link", "add", "net0", "type", "bridge")
    run("ip", "addr", "add", "192.0.2.1/24", "dev", "net0")
    run("ip", "link", "set", "net0", "up")
    return skiff


def test_create_and_remove(wired: Skiff) -> None:
    before = links()
    kills = Kills(wired, 8, *CREATE)
    struck = 0
    for point in kills.points:
        wired.run(*REMOVE, check=False)
        assert (links(), present(wired)) == (before, "")
        struck += kills.strike(point, *CREATE)
    assert struck * 2 >= len(kills.points)  # how often the database writes differs from call to call
    wired.run(*REMOVE, check=False)
    wired.run(*CREATE)
    kills = Kills(wired, 8, *REMOVE)
    struck = 0
    for point in kills.points:
        wired.run(*CREATE, check=False)
        assert present(wired) != ""
        struck += kills.strike(point, *REMOVE)
    assert struck * 2 >= len(kills.points)
    wired.run(*REMOVE, check=False)
    assert (links(), present(wired)) == (before, "")


def present(skiff: Skiff) -> str:
    return skiff.run("network", "ls", "-q", "-f", "name=mesh").stdout


def links() -> list[str]:
    return [line.split(":")[1] for line in run("ip", "-o", "link").splitlines()]


def test_change_of_peers(wired: Skiff) -> None:
    wired.run(*CREATE)
    peering_call = Peering(Path(wired.root))
    kills = Kills(peering_call, 8, "2", "3")
    store = Store(wired.layout)
    peering.change(store, "mesh", from_options("mesh", []))
    struck = 0
    for point in kills.points:
        struck += kills.strike(point, "2", "3")
        peering.mend(store, "mesh")
        assert overlay.sound(catalog.find(store, "mesh"))
        peering.change(store, "mesh", from_options("mesh", []))
        assert "192.0.2." not in run("bridge", "fdb", "show")
    assert struck * 2 >= len(kills.points)
    store.close()
