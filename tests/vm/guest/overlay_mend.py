"""An encrypted overlay of two hosts without any IPv4, where one loses it. Runs in the guest; prints JSON.

The hosts are namespaces, with nothing but IPv6 between them, and the wire of the first one is heard all the time.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime_lib.linux import netns
from runtime_lib.linux.netlink import wireguard
from runtime_lib.networks import attach, catalog, mending, overlay
from runtime_lib.networks.model import Network
from tests.support.netlab import SOON, Member
from tests.support.site import Host, site
from tests.vm.guest.overlay import SECRET, heard, port_of, sound

Members = list[Member]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, site(Path(folder), 2) as hosts:
        for host in hosts:
            _by_ipv6(host)
        for host in hosts:
            host.create(hosts, encrypted="true", address=host.address)
        members = [_web(host) for host in hosts]
        _tell(hosts)
        seen: dict[str, Any] = {"mended": {"nothing": _asked(hosts, members, list)}}
        for word, lose in LOSSES.items():
            seen["mended"][word] = _asked(hosts, members, _lost(hosts[0], lose))
        seen["mended"]["start"] = _asked(hosts, members, lambda: _start(hosts[0]))
        seen["roamed"] = _roamed(hosts, members)
        seen["boot"] = _booted(hosts, members)
        seen["rotated"] = _rotated(hosts, members)
        seen["removed"] = _removed(hosts, members)
    sys.stdout.write(json.dumps(seen))


def _by_ipv6(host: Host) -> None:
    """Leave a host without any IPv4 address between the hosts, and its containers without any at all."""
    host.ipv4, host.ipv6, host.address = False, True, f"2001:db8:51::{host.number}"
    host.run("ip", "addr", "add", f"{host.address}/64", "dev", "net0", "nodad")
    host.run("ip", "-4", "addr", "flush", "dev", "net0")


def _web(host: Host) -> Member:
    member = host.member(f"web{host.number}")
    with netns.entered(member.namespace):
        host.lab.serve(f"{SECRET} {host.name}", 80, ip="::")
    return member


def _tell(hosts: list[Host]) -> None:
    for host in hosts:
        host.change(hosts)


def _asked(hosts: list[Host], members: Members, before: Callable[[], object]) -> dict[str, Any]:
    """Return what containers of the first host are answered, and answer, after something; and what its wire shows."""
    with heard(hosts[0]) as frames:
        before()
        answers = [one.ask(other.ip, 80) for one, other in (members, members[::-1])]
    return {
        "answers": sorted({answer.partition(" ")[2] for answer in answers}),
        "count": sum(SECRET in answer for answer in answers),
        "sound": sound(hosts[0]),
        **_wire(frames),
    }


def _wire(frames: list[bytes]) -> dict[str, Any]:
    return {
        "readable": sum(SECRET.encode() in frame for frame in frames),
        "ports": sorted({port_of(frame) for frame in frames} & {4789, 51820}),
    }


def _lost(host: Host, lose: Callable[[Host, Network], object]) -> Callable[[], object]:
    """Return what takes something away of a host and has it reload."""

    def act() -> None:
        lose(host, catalog.find(host.lab.store, "mesh"))
        _reload(host)

    return act


def _reload(host: Host) -> None:
    with netns.entered(host.namespace):
        mending.reload(host.lab.store)


def _tunnel(host: Host, network: Network) -> None:
    """Delete the interface, with which the kernel deletes that of VXLAN."""
    host.run("ip", "link", "del", overlay.tunnel(network))


def _forget(host: Host, network: Network) -> None:
    """Do what a firewall's reload and a hand on sysctl do."""
    host.run("nft", "flush", "ruleset")
    for name in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
        host.run("sysctl", "-q", "-w", f"{name}=0")


def _down(host: Host, network: Network) -> None:
    """Set the interface down, by which the kernel also forgets its address."""
    host.run("ip", "link", "set", overlay.tunnel(network), "down")


def _settings(host: Host, network: Network) -> None:
    """Give the interface another key, port and address, and no peers."""
    link, key = overlay.tunnel(network), base64.b64encode(os.urandom(wireguard.KEY_SIZE)).decode()
    with netns.entered(host.namespace):
        wireguard.create(link, key, 51821, "fe80::9", 1400)
        wireguard.change(link, [peer[0] for peer in wireguard.peers(link)], [])


def _start(host: Host) -> None:
    """Have the next container find the interface down."""
    _down(host, catalog.find(host.lab.store, "mesh"))
    host.member("late")


def _everything(host: Host, network: Network) -> None:
    _tunnel(host, network)
    host.run("ip", "link", "del", network.bridge)
    _forget(host, network)


LOSSES: dict[str, Callable[[Host, Network], None]] = {
    "tunnel": _tunnel,
    "down": _down,
    "settings": _settings,
    "everything": _everything,
}


def _roamed(hosts: list[Host], members: Members) -> dict[str, Any]:
    """Have a host send from another address than the one by which the others name it."""
    hosts[1].run("ip", "addr", "add", "2001:db8:51::22/64", "dev", "net0", "nodad")
    hosts[1].run("ip", "addr", "change", f"{hosts[1].address}/64", "dev", "net0", "preferred_lft", "0")
    return {**_asked(hosts, members, _lost(hosts[1], _everything)), "from": sorted(_endpoints(hosts[0]))}


def _endpoints(host: Host) -> list[str]:
    with netns.entered(host.namespace):
        return [peer[1] for peer in wireguard.peers(overlay.tunnel(catalog.find(host.lab.store, "mesh")))]


def _booted(hosts: list[Host], members: Members) -> dict[str, Any]:
    """Have the first host lose what a boot takes away: containers, interfaces, rules and settings."""
    key = hosts[0].described()["public_key"]

    def boot() -> None:
        hosts[0].run("ip", "link", "del", members[0].endpoints[0].host_interface)
        members[0].vanish()
        _everything(hosts[0], catalog.find(hosts[0].lab.store, "mesh"))
        members[0] = _web(hosts[0])

    return {**_asked(hosts, members, boot), "same": hosts[0].described()["public_key"] == key}


def _rotated(hosts: list[Host], members: Members) -> dict[str, Any]:
    """Have the second host make its side anew, with a new key: before and after the others are told."""
    old = hosts[1].described()["public_key"]
    with heard(hosts[0]) as frames, netns.entered(hosts[1].namespace):
        attach.detach(hosts[1].lab.store, members[1].id)
        catalog.remove(hosts[1].lab.store, "mesh")
        hosts[1].create(hosts, encrypted="true", address=hosts[1].address)
        members[1] = _web(hosts[1])
        hosts[1].change(hosts)
        unknown = members[0].ask(members[1].ip, 80, patience=SOON)
    found = {"unknown": unknown, "before": _wire(frames), **_asked(hosts, members, lambda: _tell(hosts))}
    return {**found, "old": old in _keys(hosts[0]), "new": hosts[1].described()["public_key"] in _keys(hosts[0])}


def _keys(host: Host) -> list[str]:
    with netns.entered(host.namespace):
        return [peer[0] for peer in wireguard.peers(overlay.tunnel(catalog.find(host.lab.store, "mesh")))]


def _removed(hosts: list[Host], members: Members) -> dict[str, Any]:
    """Have the first host forget the second, which goes on to name the first."""
    first, second = members
    with heard(hosts[0]) as frames:
        hosts[0].change(hosts[:1])
        _reload(hosts[0])
        answers = [one.ask(other.ip, 80, patience=SOON) for one, other in ((first, second), (second, first))]
    return {"answers": answers, "peers": _keys(hosts[0]), **_wire(frames)}


if __name__ == "__main__":
    main()
