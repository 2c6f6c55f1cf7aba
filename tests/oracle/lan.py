"""Networks that lie on an interface of the host: both engines, each on a host of its own that has one."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runtime_lib.linux import netns
from tests.support.dockerd import SERVER, Dockerd
from tests.support.skiff import Skiff

IMAGE = "lan"
SUBNET = ("--subnet", "192.0.2.0/24")
PARENT = ("-o", "parent=p0")
MACVLAN = ("-d", "macvlan")
SCRIPT = (
    "ip addr show eth0 | grep -o 'inet .*\\|inet6 fd[^ ]*\\|link.ether .*\\|mtu [0-9]*'; ip route;"
    " ip -6 route | grep -v '^fe80\\|^ff'; grep -o '^[0-9].*box$' /etc/hosts"
)


class Side:
    """An engine on a host whose interface `p0` leads to `p1`."""

    def __init__(self, command: Callable[..., list[str]], namespace: int, environment: dict[str, str]) -> None:
        self.command, self._namespace, self.environment = command, namespace, environment
        for words in ("link add p0 type veth peer name p1", "link set p0 up", "link set p1 up"):
            self.host("ip", *words.split())

    def host(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the host's."""
        with netns.entered(self._namespace):
            return subprocess.run(
                command, text=True, capture_output=True, env=self.environment, stdin=subprocess.DEVNULL, timeout=120
            )

    def call(self, *arguments: str, fails: bool = False) -> str:
        """Run the client; return its output."""
        done = self.host(*self.command(*arguments))
        assert bool(done.returncode) == fails, f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def network(self, options: tuple[str, ...], driver: tuple[str, ...] = MACVLAN) -> Iterator[None]:
        """Make the network `lan` for a block; it goes with its container `box`, also when the block has failed."""
        self.call("network", "create", *driver, *options, "lan")
        try:
            yield
        finally:
            self.host(*self.command("rm", "-f", "box"))
            self.call("network", "rm", "lan")

    def inspect(self, *words: str) -> Any:
        return json.loads(self.call(*words))[0]

    def parent(self) -> str:
        return self.host("ip", "-o", "link", "show", "p0").stdout.partition("link/ether ")[2].split()[0]


@contextmanager
def docker_side(archive: Path, *options: str) -> Iterator[Side]:
    """Run a Docker Engine, with further options of dockerd, with the image `lan` for a block."""
    if not os.path.exists(SERVER):
        pytest.skip("needs a Docker Engine: install docker.io")
    engine = Dockerd(*options, own_network=True)
    namespace = os.open(f"/proc/{engine.pids()[0]}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        side = Side(engine.command, namespace, dict(os.environ))
        side.call("import", str(archive), IMAGE)
        yield side
    finally:
        os.close(namespace)
        engine.stop()


@contextmanager
def skiff_side(archive: Path) -> Iterator[Side]:
    """Keep an installation of Skiff with the image `lan` for a block."""
    with tempfile.TemporaryDirectory(prefix="skiff-oracle-") as folder, netns.fresh() as namespace:
        try:
            installation = Skiff(Path(folder))
            side = Side(installation.command, namespace, installation.environment)
            side.call("import", str(archive), IMAGE)
            yield side
            installation.remove_everything()
        finally:
            os.close(namespace)


def described(side: Side) -> dict[str, Any]:
    """Return what inspect tells of the network, without what is random."""
    found = side.inspect("network", "inspect", "lan")
    containers = [
        {key: value for key, value in entry.items() if key != "EndpointID"} for entry in found["Containers"].values()
    ]
    return {**{key: value for key, value in found.items() if key not in ("Id", "Created")}, "Containers": containers}


def connected(side: Side) -> dict[str, Any]:
    """Return what inspect tells of the container's place on the network."""
    found = side.inspect("inspect", "box")["NetworkSettings"]["Networks"]["lan"]
    return {key: found[key] for key in ("Gateway", "IPAddress", "IPPrefixLen", "MacAddress")}


def seen(side: Side, options: tuple[str, ...], *settings: str, driver: tuple[str, ...] = MACVLAN) -> dict[str, Any]:
    """Return what inspect tells, and what the container sees."""
    with side.network(options, driver):
        return started(side, *settings)


def seen_twice(side: Side, options: tuple[str, ...], *settings: str) -> dict[str, Any]:
    """Return the same, and what the container sees when it is started again."""
    with side.network(options):
        result = started(side, *settings)
        side.call("restart", "-t", "0", "box")
        result["again"] = side.call("exec", "box", "sh", "-c", SCRIPT).splitlines()
    return result


def started(side: Side, *settings: str) -> dict[str, Any]:
    """Start the container; return what inspect tells, and what it sees."""
    side.call("run", "-d", "--name", "box", "-h", "box", "--network", "lan", *settings, IMAGE, "sleep", "1000")
    inside = side.call("exec", "box", "sh", "-c", SCRIPT).splitlines()
    return {"network": described(side), "container": connected(side), "inside": inside}
