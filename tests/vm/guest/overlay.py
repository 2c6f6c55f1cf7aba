"""An encrypted overlay network of three hosts, which are namespaces. Runs in the guest; prints what was seen as JSON.

The wire is heard on the switch between the hosts, first without encryption, so that it is known to carry what is asked.
"""

from __future__ import annotations

import json
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from runtime_lib.linux import netns
from runtime_lib.linux.netlink import wireguard
from runtime_lib.networks import attach, catalog, overlay
from tests.support.netlab import Member
from tests.support.site import Host, site

SECRET = "a word that nobody else should read"
_EVERY_FRAME = 3  # ETH_P_ALL
_SO_RCVBUFFORCE = 33  # linux/socket.h: beyond net.core.rmem_max
_BUFFER = 1 << 24  # bytes


def main() -> None:
    seen: dict[str, Any] = {}
    for word, options in (("plain", {}), ("encrypted", {"encrypted": ""})):
        with tempfile.TemporaryDirectory() as folder, site(Path(folder), 3) as hosts:
            seen[word] = _seen(hosts, options, Path(folder))
    sys.stdout.write(json.dumps(seen))


def _seen(hosts: list[Host], options: dict[str, str], folder: Path) -> dict[str, Any]:
    for host in hosts:
        host.ipv6 = bool(options)
        host.create(hosts, **options)
    members = [host.member(f"web{host.number}") for host in hosts]
    for host, member in zip(hosts, members):
        with netns.entered(member.namespace):
            host.lab.serve(f"{SECRET} {host.name}", 80, ip="::" if options else "0.0.0.0")
    for host in hosts:
        host.change(hosts)
    seen: dict[str, Any] = {"sound": [sound(host) for host in hosts]}
    with heard(hosts[0]) as frames:
        seen["answers"] = [
            [member.ask(host.names(member)[f"web{other.number}"], 80) for other in hosts if other is not host]
            for host, member in zip(hosts, members)
        ]
        seen["six"] = [members[0].ask(str(one.ipv6), 80) for one in members[1].endpoints if one.ipv6]
    seen["readable"] = sum(SECRET.encode() in frame for frame in frames)
    seen["ports"] = sorted({port_of(frame) for frame in frames} - {0})
    seen["forged"] = _forged(hosts)
    seen["left"] = _left_and_joined(hosts, members)
    seen.update(_interfaces(hosts[0], folder))
    return seen


def sound(host: Host) -> bool:
    """Whether a host has what its peers need."""
    with netns.entered(host.namespace):
        return overlay.sound(catalog.find(host.lab.store, "mesh"))


@contextmanager
def heard(host: Host) -> Iterator[list[bytes]]:
    """Give a list that is filled, at the end, with what went over a host's wire."""
    with netns.entered(host.namespace):
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERY_FRAME))
    tap.bind(("net0", 0))
    tap.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    frames: list[bytes] = []
    with tap:
        yield frames
        tap.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                frames.append(tap.recv(65536))


def port_of(frame: bytes) -> int:
    """Return the UDP port to which a frame goes by IPv4 or IPv6, 0 of any other."""
    if frame[12:14] == b"\x08\x00" and frame[23] == 17:
        return int.from_bytes(frame[36:38], "big")
    return int.from_bytes(frame[56:58], "big") if frame[12:14] == b"\x86\xdd" and frame[20] == 17 else 0


def _forged(hosts: list[Host]) -> bool:
    """Whether a host takes a frame that somebody sends it without encryption."""
    with netns.entered(hosts[0].namespace):
        network = catalog.find(hosts[0].lab.store, "mesh")
        heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERY_FRAME))
        heard.bind((overlay.interface(network), 0))
        heard.settimeout(10)
    header = b"\x08\0\0\0" + overlay.vni(network.spec).to_bytes(3, "big") + b"\0"
    frame = b"\xff" * 6 + b"\x02\0\0\0\0\x09" + b"\x88\xb5" + b"forged".ljust(50, b"\0")  # IEEE: for experiments
    with heard, netns.entered(hosts[1].namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(header + frame, (hosts[0].address, overlay.port(network.spec)))
        with suppress(TimeoutError):
            while b"forged" not in heard.recv(2000):
                pass
            return True
    return False


def _left_and_joined(hosts: list[Host], members: list[Member]) -> list[str]:
    """Return what the first host's container is answered by the third's before, without and with its peer."""
    address = members[2].ip
    answers = [members[0].ask(address, 80)]
    hosts[0].change(hosts[:2])
    answers.append(members[0].ask(address, 80, patience=2))
    hosts[0].change(hosts)
    return [*answers, members[0].ask(address, 80)]


def _interfaces(host: Host, folder: Path) -> dict[str, Any]:
    """Return whether a deleted interface comes back with the same key, and what is left when the network goes."""
    with netns.entered(host.namespace):
        network = catalog.find(host.lab.store, "mesh")
        key = host.described()["public_key"]
        for name in (overlay.interface(network), overlay.tunnel(network)):
            with suppress(OSError):
                host.run("ip", "link", "del", name)
        broken = host.described()["public_key"]
        host.member("late")
        found = {"key": key, "broken": broken, "again": host.described()["public_key"], "mended": sound(host)}
        found["peers"] = len(wireguard.peers(overlay.tunnel(network))) if key else 0
        for name in ("late", f"web{host.number}"):
            attach.detach(host.lab.store, host.lab.ids[name])
        catalog.remove(host.lab.store, "mesh")
        found["links"] = [line for line in host.run("ip", "-o", "link").split() if line.startswith(("sx", "sw", "sk"))]
        found["files"] = [path.name for path in (folder / host.name).rglob("*.key")]
    return found


if __name__ == "__main__":
    main()
