"""Hosts with Open vSwitch, each a network namespace with daemons of its own, and wires between them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime_lib.linux import netns
from runtime_lib.networks import attach, catalog
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec
from runtime_lib.networks.wish import Attachment
from tests.support.netlab import SOON, Lab, Member, lab, run
from tests.support.ovs import Switch, switch
from tests.support.waiting import until

SHARED = "10.77.0.0/16"
SLICES = ("10.77.1.0/24", "10.77.2.0/24")


class Host:
    """A network namespace with an installation and Open vSwitch."""

    def __init__(self, lab: Lab, ovs: Switch, datapath: str) -> None:
        self.lab, self.ovs, self.datapath = lab, ovs, datapath
        self.namespace = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def create(self, name: str, *subnets: SubnetSpec, **driver_options: str) -> None:
        given = {"database": self.ovs.database, "datapath_type": self.datapath, **driver_options}
        with netns.entered(self.namespace):
            catalog.create(self.lab.store, NetworkSpec(name, "openvswitch", subnets, driver_options=given))

    def remove(self, name: str) -> None:
        with netns.entered(self.namespace):
            catalog.remove(self.lab.store, name)

    def member(self, name: str, *wishes: Attachment | str) -> Member:
        with netns.entered(self.namespace):
            return self.lab.member(name, *wishes)

    def end(self, *members: Member) -> None:
        with netns.entered(self.namespace):
            for member in members:
                member.end()

    def disconnect(self, member: Member) -> None:
        with netns.entered(self.namespace):
            attach.detach(self.lab.store, member.id, member.endpoints[0].network)
            os.close(member.namespace)

    def interfaces(self) -> set[str]:
        lines = run("ip", "-o", "link", namespace=self.namespace).splitlines()
        return {line.split(":")[1].strip().partition("@")[0] for line in lines}


@contextmanager
def a_host(folder: Path, datapath: str = "netdev") -> Iterator[Host]:
    """Put the calling thread on a host of its own; `folder` is made."""
    folder.mkdir()
    with lab(folder) as made_lab, switch(folder / "ovs") as ovs:
        made = Host(made_lab, ovs, datapath)
        try:
            yield made
        finally:
            os.close(made.namespace)


@contextmanager
def two_hosts(folder: Path, datapath: str = "netdev") -> Iterator[tuple[Host, Host]]:
    """Give two hosts, 198.51.100.1 and 198.51.100.2, whose interfaces `ether` are one wire.

    In user space it belongs to their bridges `uplink`.
    """
    with a_host(folder / "a", datapath) as a, a_host(folder / "b", datapath) as b:
        peer = f"/proc/self/fd/{a.namespace}"
        run("ip", "link", "add", "ether", "type", "veth", "peer", "name", "ether", "netns", peer)
        for number, one in enumerate((a, b), 1):
            address = f"198.51.100.{number}/24"
            with netns.entered(one.namespace):
                run("ip", "link", "set", "ether", "up")
                if datapath == "netdev":
                    one.ovs.uplink("uplink", "ether", address)
                else:
                    run("ip", "addr", "add", address, "dev", "ether")
        yield a, b


def talk(one: Member, other: Member, port: int = 80) -> None:
    """Have one ask a server of the other until it is answered: a tunnel drops frames until it knows the other end."""
    other.serve(port)
    until(lambda: one.ask(other.ip, port, patience=SOON) == f"{one.ip} {other.name}", 60)


def share(hosts: tuple[Host, Host], name: str = "net", **more: str) -> None:
    for number, (one, part) in enumerate(zip(hosts, SLICES)):
        remote = f"198.51.100.{2 - number}"
        one.create(name, SubnetSpec(SHARED, ip_range=part), remote_ip=remote, **more)
