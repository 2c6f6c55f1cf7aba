"""macvlan, ipvlan, VLANs and dummy interfaces by Debian's kernel. Runs in the guest; prints what was seen as JSON.

Each scene has a network namespace of its own as the host, with a wire to another one (`netlab`).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime_lib.errors import SkiffError
from runtime_lib.linux import netns
from runtime_lib.linux.netlink.link import Rtnetlink
from runtime_lib.networks import attach, catalog
from runtime_lib.networks.model import Network
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec
from runtime_lib.networks.wish import Attachment
from tests.support.netlab import HOST, OUTSIDE, SOON, Lab, ask, lab, run

LAN = SubnetSpec("192.0.2.0/24", OUTSIDE, "192.0.2.128/25")
FAR = SubnetSpec("10.9.0.0/24")
_SOL_PACKET, _PACKET_AUXDATA = 263, 8
_IPV4 = b"\x08\x00"  # routers are asked for, and groups are told of, without a tag
_TAGGED = 0x10  # TP_STATUS_VLAN_VALID


def main() -> None:
    seen: dict[str, Any] = {}
    for scene in (vlan, shared_vlan, own_vlan, killed, dummy, l2, l2_flags, l3, l3s, refused, comes_back, ipv6):
        with tempfile.TemporaryDirectory() as folder, lab(Path(folder)) as host:
            seen[scene.__name__] = scene(host)
    sys.stdout.write(json.dumps(seen))


def make(host: Lab, driver: str, name: str = "lan", subnet: SubnetSpec = LAN, **choice: str) -> Network:
    return catalog.create(host.store, NetworkSpec(name, driver=driver, subnets=(subnet,), driver_options=choice))


def interfaces() -> list[str]:
    return sorted(line.split()[1].rstrip(":") for line in run("ip", "-o", "link").splitlines())


def mac_of(name: str, namespace: int | None = None) -> str:
    return run("ip", "-o", "link", "show", name, namespace=namespace).partition("link/ether ")[2].split()[0]


def told(call: Callable[[], object]) -> str:
    try:
        return f"no error: {call()}"
    except SkiffError as error:
        return f"{type(error).__name__}: {error}"


def vlan(host: Lab) -> dict[str, Any]:
    """A sub-interface that Skiff makes and removes, and the tag of its frames on the wire."""
    before = interfaces()
    make(host, "macvlan", parent="wire.10")
    kind = run("ip", "-d", "-o", "link", "show", "wire.10")
    for words in ("link add link eth0 name eth0.10 type vlan id 10", "link set eth0.10 up", "addr flush dev eth0"):
        run("ip", *words.split(), namespace=host.outside)
    run("ip", "addr", "add", f"{OUTSIDE}/24", "dev", "eth0.10", namespace=host.outside)
    web = host.member("web", "lan")
    web.serve(80)
    tags = Tags(host.outside)
    answer = host.ask_from_outside(web.ip, 80)
    seen = {"tags": tags.stop(), "answer": answer == f"{OUTSIDE} web", "id": "vlan protocol 802.1Q id 10" in kind}
    web.end()
    catalog.remove(host.store, "lan")
    return {**seen, "left": sorted(set(interfaces()) - set(before))}


def shared_vlan(host: Lab) -> dict[str, Any]:
    """Two networks on a sub-interface: the last one takes it away."""
    before = interfaces()
    make(host, "macvlan", parent="wire.10")
    make(host, "macvlan", "far", FAR, parent="wire.10")
    catalog.remove(host.store, "lan")
    kept = "wire.10@wire" in interfaces()
    run("ip", "link", "del", "wire.10")  # as after a reboot
    address = host.member("web", "far").ip
    host.member("db", "far")
    made = "wire.10@wire" in interfaces()
    for name in ("web", "db"):
        attach.detach(host.store, host.ids[name])
    catalog.remove(host.store, "far")
    return {"kept": kept, "made": made, "address": address, "left": sorted(set(interfaces()) - set(before))}


def own_vlan(host: Lab) -> dict[str, Any]:
    """A sub-interface that the administrator has made stays."""
    run("ip", "link", "add", "link", "wire", "name", "wire.20", "type", "vlan", "id", "20")
    run("ip", "link", "add", "link", "wire", "name", "office", "type", "vlan", "id", "30")
    before = interfaces()
    make(host, "macvlan", parent="wire.20")
    catalog.remove(host.store, "lan")
    twice = told(lambda: make(host, "macvlan", parent="wire.30"))
    names = [network.name for network in catalog.listing(host.store)]
    return {"left": sorted(set(interfaces()) ^ set(before)), "twice": twice, "names": names}


def killed(host: Lab) -> dict[str, Any]:
    """Kill -9 before each change of the kernel's that making the network takes; the next call finds its way."""
    before, points = interfaces(), 0
    while _killed_at(points, lambda: make(host, "macvlan", parent="wire.10")):
        points += 1
        names = [network.name for network in catalog.listing(host.store)]
        if points % 2 and "lan" in names:
            catalog.remove(host.store, "lan")
        else:
            if "lan" not in names:
                make(host, "macvlan", parent="wire.10")
            host.member(f"web{points}", "lan").end()
            catalog.remove(host.store, "lan")
        if interfaces() != before:
            return {"points": points, "left": interfaces()}
    catalog.remove(host.store, "lan")
    return {"points": points, "left": sorted(set(interfaces()) - set(before))}


def _killed_at(point: int, call: Callable[[], object]) -> bool:
    """Run a call in a child that is killed before its n-th request to change something; return whether it was."""
    child = os.fork()
    if child == 0:
        plain, counted = Rtnetlink._send, [0]

        def send(self: Rtnetlink, *arguments: Any) -> None:
            if counted[0] == point:
                os.kill(os.getpid(), signal.SIGKILL)
            counted[0] += 1
            plain(self, *arguments)

        Rtnetlink._send = send  # type: ignore[method-assign,assignment]
        try:
            call()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def dummy(host: Lab) -> dict[str, Any]:
    """A network without a parent: its containers have nobody but each other."""
    before = interfaces()
    network = make(host, "macvlan", subnet=FAR)
    one, two = host.member("one", "lan"), host.member("two", "lan")
    two.serve(80)
    seen = {"answer": one.ask(two.ip, 80), "made": [name for name in interfaces() if name not in before]}
    seen["expected"] = [f"dm-{network.id[:12]}"]
    for member in (one, two):
        member.end()
    catalog.remove(host.store, "lan")
    return {**seen, "left": sorted(set(interfaces()) - set(before))}


def l2(host: Lab) -> dict[str, Any]:
    """Machines of the LAN under the host's MAC address."""
    make(host, "ipvlan", parent="wire")
    one, two = host.member("one", "lan"), host.member("two", "lan")
    two.serve(80)
    seen = {
        "address": one.ip,
        "route": one.run("ip", "route", "show", "default"),
        "neighbour": one.ask(two.ip, 80),
        "outside": host.ask_from_outside(two.ip, 80),
        "same_mac": mac_of("eth0", one.namespace) == mac_of("wire"),
        "inspect": [entry["MacAddress"] for entry in catalog.inspect(host.store, "lan")["Containers"].values()],
        "wire": mac_of("wire"),
        "host": ask(two.ip, 80, patience=SOON),
        "mode": run("ip", "-d", "link", "show", "eth0", namespace=one.namespace),
    }
    two.end()
    seen["after"] = host.member("three", Attachment("lan", two.ip)).ip
    return seen


def l2_flags(host: Lab) -> dict[str, Any]:
    make(host, "ipvlan", parent="wire", ipvlan_flag="private")
    one, two = host.member("one", "lan"), host.member("two", "lan")
    two.serve(80)
    return {"neighbour": one.ask(two.ip, 80, patience=SOON), "outside": host.ask_from_outside(two.ip, 80)}


def l3(host: Lab) -> dict[str, Any]:
    return _routed(host, "l3")


def l3s(host: Lab) -> dict[str, Any]:
    return _routed(host, "l3s")


def _routed(host: Lab, mode: str) -> dict[str, Any]:
    """The host routes: no gateway, and whoever is outside needs a route to the host."""
    make(host, "ipvlan", subnet=FAR, parent="wire", ipvlan_mode=mode)
    one, two = host.member("one", "lan"), host.member("two", "lan")
    two.serve(80)
    with netns.entered(host.outside):
        host.serve("world", 80)
    run("ip", "route", "add", "10.9.0.0/24", "via", HOST, namespace=host.outside)
    return {
        "route": one.run("ip", "route", "show", "default"),
        "neighbour": one.ask(two.ip, 80),
        "outside": host.ask_from_outside(two.ip, 80),
        "world": one.ask(OUTSIDE, 80),
        "mode": run("ip", "-d", "link", "show", "eth0", namespace=one.namespace),
    }


def refused(host: Lab) -> dict[str, Any]:
    make(host, "ipvlan", parent="wire")
    mixed = told(lambda: make(host, "ipvlan", "far", FAR, parent="wire", ipvlan_mode="l3"))
    other = told(lambda: make(host, "macvlan", "far", FAR, parent="wire"))
    make(host, "ipvlan", "far", FAR, parent="wire", ipvlan_mode="l2")
    return {"mixed": mixed, "other": other, "far": host.member("web", "far").ip}


def comes_back(host: Lab) -> list[str]:
    """A container that ends, or is killed with all that knows it, starts again with its address."""
    make(host, "ipvlan", parent="wire")
    seen = []
    for turn in range(6):
        web = host.member(f"web{turn}", Attachment("lan", "192.0.2.200"))
        seen.append(host.ask_from_outside("192.0.2.200", 80))
        if turn % 2:
            web.end()
            continue
        web.vanish_noticed()
    return seen


def ipv6(host: Lab) -> dict[str, Any]:
    """Dual stack where the host routes, and a VLAN and ipvlan at once."""
    run("ip", "addr", "add", "fd00:5::2/64", "dev", "eth0", "nodad", namespace=host.outside)
    run("ip", "addr", "add", "fd00:5::1/64", "dev", "wire", "nodad")
    run("ip", "route", "add", "fd00:9::/64", "via", "fd00:5::1", namespace=host.outside)
    choice = {"parent": "wire", "ipvlan_mode": "l3s"}
    subnets = (FAR, SubnetSpec("fd00:9::/64"))
    catalog.create(
        host.store, NetworkSpec("lan", driver="ipvlan", subnets=subnets, enable_ipv6=True, driver_options=choice)
    )
    web = host.member("web", "lan")
    web.serve(80, ip="::")
    address = str(web.endpoints[0].ipv6)
    return {"route": web.run("ip", "-6", "route", "show", "default"), "answer": host.ask_from_outside(address, 80)}


class Tags:
    """Collects the VLAN ids of frames that come in at a namespace's eth0."""

    def __init__(self, namespace: int) -> None:
        with netns.entered(namespace):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            self._socket.bind(("eth0", 3))
        self._socket.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        self._socket.settimeout(0.2)
        self._found: set[int] = set()
        self._ended = False
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while True:
            try:
                data, notes, _flags, _from = self._socket.recvmsg(2048, 1024)
            except TimeoutError:
                if self._ended:
                    return
                continue
            for level, kind, note in notes if data[12:14] == _IPV4 else ():
                if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA):
                    status, tag = struct.unpack_from("=I12xH", note)
                    self._found.add(tag & 0xFFF if status & _TAGGED else 0)

    def stop(self) -> list[int]:
        self._ended = True
        self._thread.join()
        self._socket.close()
        return sorted(self._found)


if __name__ == "__main__":
    main()
