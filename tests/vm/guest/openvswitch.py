"""Open vSwitch by Debian's kernel. Runs in the guest; prints what was seen as JSON. Hosts are network namespaces."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from runtime_lib.networks.spec import SubnetSpec
from tests.support.netlab import SOON, run
from tests.support.ovshosts import Host, a_host, share, talk, two_hosts
from tests.support.waiting import until


def main() -> None:
    # ip_gre brings interfaces of its own into each namespace (gre0, ...); they are there before anything else then.
    run("modprobe", "-a", "openvswitch", "ip_gre")
    seen = {tunnel: tunnels(tunnel) for tunnel in ("gre", "vxlan", "geneve")}
    sys.stdout.write(json.dumps({**seen, "vlans": vlans()}))


def tunnels(tunnel: str) -> dict[str, Any]:
    """Containers of two hosts talk through a tunnel, in frames as large as it takes."""
    with tempfile.TemporaryDirectory() as folder, two_hosts(Path(folder), "system") as hosts:
        before = [one.interfaces() for one in hosts]
        share(hosts, tunnel=tunnel, key="7")
        web, client = hosts[0].member("web", "net"), hosts[1].member("client", "net")
        talk(client, web)
        mtu = int(_mtu(web.run("ip", "link", "show", "eth0")))
        web.run("ping", "-c", "1", "-W", "20", "-M", "do", "-s", str(mtu - 28), client.ip)
        for one, member in zip(hosts, (web, client)):
            one.disconnect(member)
            one.remove("net")
        return {"mtu": mtu, "left": [_left(one, links) for one, links in zip(hosts, before)]}


def vlans() -> dict[str, Any]:
    """Two networks on one bridge do not hear each other."""
    with tempfile.TemporaryDirectory() as folder, a_host(Path(folder) / "a", "system") as host:
        before = host.interfaces()
        for name, tag in (("left", "10"), ("right", "20")):
            host.create(name, SubnetSpec(f"10.{tag}.0.0/24"), bridge="shared", tag=tag)
        left, friend, right = host.member("l", "left"), host.member("f", "left"), host.member("r", "right")
        talk(left, friend)
        right.run("ip", "addr", "add", "10.10.0.9/24", "dev", "eth0")
        right.serve(81)
        answer = left.ask("10.10.0.9", 81, patience=SOON)
        for member, name in ((left, ""), (friend, "left"), (right, "right")):
            host.disconnect(member)
            if name:
                host.remove(name)
        return {"answer": answer, "left": _left(host, before)}


def _mtu(text: str) -> str:
    return text.partition(" mtu ")[2].split()[0]


def _left(host: Host, before: set[str]) -> list[str]:
    """Return the interfaces that stay; the daemon ends a datapath a moment after its last bridge."""
    try:
        until(lambda: host.interfaces() <= before, 120)
    except AssertionError:
        return sorted(host.interfaces() - before)
    return [str(bridge) for bridge in host.ovs.ports()]


if __name__ == "__main__":
    main()
