"""Several hosts on this machine: network namespaces with an installation each, and a switch between them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from runtime_lib.linux import netns
from runtime_lib.linux.netlink.link import Rtnetlink
from runtime_lib.networks import catalog, overlay, peering
from runtime_lib.networks.model import Network, endpoints
from runtime_lib.networks.namespace import new_namespace
from runtime_lib.networks.peers import Peer, from_options
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec
from runtime_lib.networks.wish import Attachment
from runtime_lib.records import replace
from tests.support.netlab import Lab, Member, lab, run

SUBNET, SUBNET6 = "10.20.0.0/16", "fd00:20::/64"


class Host:
    """One host: number 1 has the address 198.51.100.1 and the slice 10.20.1.0/24."""

    def __init__(self, number: int, lab: Lab, namespace: int) -> None:
        self.number, self.lab, self.namespace = number, lab, namespace
        self.name, self.address, self.slice = f"host{number}", f"198.51.100.{number}", f"10.20.{number}.0/24"
        self.slice6, self.ipv6, self.ipv4 = f"fd00:20:0:0:{number}::/80", False, True

    def spec(self, others: list[Host], name: str = "mesh", **options: str) -> NetworkSpec:
        """Return the network as this host has it."""
        subnets: tuple[SubnetSpec, ...] = (SubnetSpec(SUBNET6, ip_range=self.slice6),) if self.ipv6 else ()
        subnets += (SubnetSpec(SUBNET, ip_range=self.slice),) if self.ipv4 else ()
        spec = NetworkSpec(name, "overlay", subnets, driver_options=options, peers=self.peers(others))
        return replace(spec, enable_ipv4=self.ipv4, enable_ipv6=self.ipv6)

    def peers(self, others: list[Host], told: bool = False) -> tuple[Peer, ...]:
        """Return the peers that `others` are for this host, as a task has them; `told`: with what runs there."""
        return from_options("mesh", [other.entry(told) for other in others if other is not self])

    def entry(self, told: bool = False) -> dict[str, Any]:
        """Return this host as others name it; `told`: with its containers."""
        entry = {"name": self.name, "address": self.address, "slice": self.slice if self.ipv4 else self.slice6}
        entry |= {"slice6": self.slice6} if self.ipv6 and self.ipv4 else {}
        return {**entry, **self.described()} if told else entry

    def described(self) -> dict[str, Any]:
        """Return what this host tells the others."""
        with netns.entered(self.namespace):
            network = catalog.find(self.lab.store, "mesh")
            told = overlay.described(network, endpoints(self.lab.store, network_id=network.id))
        return {key: told[key] for key in ("endpoints", "public_key")}

    def create(self, others: list[Host], **options: str) -> Network:
        with netns.entered(self.namespace):
            return catalog.create(self.lab.store, self.spec(others, **options))

    def change(self, others: list[Host], told: bool = True) -> None:
        """Run the task that tells this host about the others."""
        with netns.entered(self.namespace):
            peering.change(self.lab.store, "mesh", self.peers(others, told))

    def member(self, name: str, *wishes: Attachment | str) -> Member:
        with netns.entered(self.namespace):
            return self.lab.member(name, *wishes or ("mesh",))

    def run(self, *command: str) -> str:
        return run(*command, namespace=self.namespace)

    def names(self, member: Member, subnet: str = "10.20.") -> dict[str, str]:
        """Return the addresses of the neighbours' names that a container finds."""
        lines = [line.split() for line in self.lab.hosts(member.name).splitlines() if line.startswith(subnet)]
        return {name: line[0] for line in lines for name in line[1:]}


@contextmanager
def site(root: Path, count: int) -> Iterator[list[Host]]:
    """Give hosts, all on one switch."""
    with ExitStack() as stack:
        switch = new_namespace()
        stack.callback(os.close, switch)
        run("ip", "link", "add", "switch", "type", "bridge", namespace=switch)
        run("ip", "link", "set", "switch", "up", namespace=switch)
        yield [_host(stack, root, number, switch) for number in range(1, count + 1)]


def _host(stack: ExitStack, root: Path, number: int, switch: int) -> Host:
    made = stack.enter_context(lab(root / f"host{number}"))
    host = Host(number, made, os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))
    stack.callback(os.close, host.namespace)
    port = f"host{number}"
    pair = ("link", "add", "net0", "type", "veth", "peer", "name", port)
    host.run("ip", *pair, "netns", f"/proc/self/fd/{switch}")
    host.run("ip", "addr", "add", f"{host.address}/24", "dev", "net0")
    host.run("ip", "link", "set", "net0", "up")
    run("ip", "link", "set", port, "master", "switch", "up", namespace=switch)
    for namespace, names in ((host.namespace, ("net0",)), (switch, (port, "switch"))):
        with netns.entered(namespace), Rtnetlink() as netlink:
            for name in names:
                netlink.settle(name)  # or the first packets are lost, and ARP asks again after a second
    return host
