"""Networks, asked of both engines: options of `network create` and `connect`, links, names, what commands list.

One engine after the other: both live on the same host, so they cannot have the same subnet at once.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.waiting import until

from .conftest import IMAGE, PATIENCE, Engine

pytestmark = pytest.mark.root
SUBNET = ("--subnet", "10.211.7.0/24")
SLEEP = (IMAGE, "sleep", "1000")


class Lab:
    """Networks and containers of one engine; their names in answers are those that the test gave."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._prefix = f"o{uuid.uuid4().hex[:8]}"
        self._made: dict[str, list[str]] = {"network": [], "container": []}

    def network(self, name: str, *options: str, refused: bool = False) -> int:
        """Make a network, or see that it is `refused`; return the exit code."""
        self._made["network"].append(name)
        code = self("network", "create", *options, f"@{name}")
        assert bool(code) == refused, options
        return code

    def container(self, name: str, *options: str) -> int:
        """Make a container that runs; return the exit code."""
        self._made["container"].append(name)
        code = self("run", "-d", "--name", f"@{name}", *options, *SLEEP)
        assert code == 0, options
        return code

    def __call__(self, *words: str) -> int:
        """Call the engine; `@name` stands for a name of the lab. Return the exit code."""
        return self.engine.call(*map(self._named, words)).returncode

    def text(self, *words: str) -> str:
        """Return what a call prints: names as the test gave them, ids and addresses of automatic subnets replaced."""
        text = self.engine.call(*map(self._named, words)).stdout.replace(self._prefix, "")
        text = re.sub(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b", "ID", text)
        return re.sub(r"\b(172\.|192\.168\.)[0-9.]+", "ADDRESS", text)

    def inside(self, name: str, command: str) -> str:
        """Return what a shell command in a container prints."""
        return self.text("exec", f"@{name}", "sh", "-c", command)

    def json(self, *words: str) -> Any:
        """Return what `inspect` prints of one object."""
        return json.loads(self.text(*words))

    def reaches(self, name: str, other: str) -> bool:
        """Whether a container finds a name and gets an answer from it."""
        return self("exec", f"@{name}", "ping", "-c", "1", "-W", "5", self._named(other)) == 0

    def unknown(self, name: str, other: str) -> bool:
        """Whether a container does not find a name. Docker's name server asks others, which may take long to fail."""
        quick = "RES_OPTIONS=timeout:1 attempts:1"
        return self("exec", "-e", quick, f"@{name}", "ping", "-c", "1", "-W", "1", self._named(other)) != 0

    def finish(self) -> None:
        """Remove everything."""
        if self._made["container"]:
            self("rm", "-f", "-v", *(f"@{name}" for name in self._made["container"]))
        for name in reversed(self._made["network"]):
            self("network", "rm", f"@{name}")

    def _named(self, word: str) -> str:
        return re.sub(r"@(\w+)", rf"{self._prefix}\1", word)


@contextmanager
def lab(engine: Engine) -> Iterator[Lab]:
    made = Lab(engine)
    try:
        yield made
    finally:
        made.finish()


Watch = Callable[[Lab], Any]


AUX = ("--aux-address", "a=10.211.7.129", "--aux-address", "b=10.211.7.5")
MADE = {
    "none": (),
    "subnet": ("--subnet", "10.211.1.0/24"),
    "gateway": ("--subnet", "10.211.2.0/24", "--gateway", "10.211.2.254", "-d", "bridge", "--scope", "local"),
    "range": ("--subnet", "10.211.7.0/24", "--ip-range", "10.211.7.128/25", *AUX),
    "gateway and range": ("--subnet", "10.211.3.0/24", "--gateway", "10.211.3.9", "--ip-range", "10.211.3.0/29"),
    "internal": ("--subnet", "10.211.4.0/24", "--internal", "--attachable", "--label", "k=v", "--label", "bare"),
    "options": ("--subnet", "10.211.5.0/24", "-o", "com.docker.network.driver.mtu=1400", "-o",
                "com.docker.network.bridge.enable_icc=false", "--ipam-opt", "o=p"),
    "ipv6": ("--ipv6", "--subnet", "fd00:211:1::/64", "--subnet", "10.211.8.0/24"),
    "ipv6 alone given": ("--ipv6", "--subnet", "fd00:211:2::/64"),
    "all of ipv6": ("--ipv6", "--subnet", "fd00:211:3::/64", "--subnet", "10.211.9.0/24", "--gateway",
                    "fd00:211:3::5", "--ip-range", "fd00:211:3::/80", "--aux-address", "x=fd00:211:3::1"),
    "configuration": ("--config-only", "--subnet", "10.211.10.0/24", "--gateway", "10.211.10.9", "--label", "k=v",
                      "-o", "com.docker.network.driver.mtu=1300", "--ipam-opt", "o=p", "-d", "macvlan"),
    "made from it": ("--config-from", "@configuration", "--internal", "--attachable"),
}  # fmt: skip
JOINED = ("none", "range", "internal", "options", "all of ipv6", "made from it")
REFUSED = (
    ("--ip-range", "10.211.20.0/25"),
    ("--subnet", "10.211.20.0/24", "--gateway", "10.211.21.1"),
    ("--subnet", "10.211.20.0/24", "--gateway", "bad"),
    ("--subnet", "10.211.20.0/24", "--gateway", "10.211.20.1", "--gateway", "10.211.20.2"),
    ("--subnet", "10.211.20.0/24", "--ip-range", "10.211.21.0/25"),
    ("--subnet", "10.211.20.0/24", "--aux-address", "a=10.211.21.1"),
    ("--subnet", "10.211.20.0/24", "--aux-address", "10.211.20.1"),
    ("--subnet", "10.211.20.0/24", "--subnet", "10.211.20.0/25"),
    ("--subnet", "10.211.7.0/25"),  # overlaps with the network that is there
    ("--subnet", "bad"),
    ("--subnet", "10.211.20.0/32"),
    ("--subnet", "10.211.20.0/24", "-o", "com.docker.network.driver.mtu=x"),
    ("--subnet", "10.211.20.0/24", "-o", "com.docker.network.bridge.enable_icc=x"),
    ("--scope", "swarm"),
    ("--ingress",),
    ("--config-from", "@nosuch"),
    ("--config-from", "bridge"),
    ("--config-from", "@c", "--subnet", "10.211.20.0/24"),
    ("--config-from", "@c", "--label", "a=b"),
    ("--config-from", "@c", "-o", "com.docker.network.driver.mtu=1400"),
    ("--config-from", "@c", "--ipam-opt", "a=b"),
    ("--config-from", "@c", "--ipv6"),
    ("--config-from", "@c", "--config-only"),
    ("--config-only", "--internal"),
    ("--config-only", "--attachable"),
    ("--config-only", "--subnet", "bad"),
)
LOOK = "ip -o addr show dev eth0 scope global; ip -4 route | sort; ip -6 route | sort; cat /sys/class/net/eth0/mtu"


def created(lab: Lab) -> Any:
    """Make networks; say what inspect tells and what a container sees on each."""
    codes, told, seen = [], {}, {}
    for name, options in MADE.items():
        short = name.replace(" ", "")
        codes.append(lab.network(short, *options))
        told[name] = lab.json("network", "inspect", f"@{short}")[0]
        del told[name]["Created"]
        if name in JOINED:
            codes.append(lab.container(short, "--network", f"@{short}"))
            seen[name] = _without_numbers(lab.inside(short, LOOK), "internal" in "".join(options))
    codes += [lab("network", "rm", "@configuration"), lab("run", "--network", "@configuration", IMAGE, "true")]
    return [bool(code) for code in codes], told, seen


def _without_numbers(text: str, internal: bool) -> list[str]:
    """Docker 20.10 gives containers of internal networks a route that leads nowhere; newer ones do not."""
    text = re.sub(r"^\d+: |@if\d+| flags 02 | nodad |dadfailed|tentative", "", text, flags=re.M)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    kept = [line for line in lines if not line.startswith(("fe80:", "multicast", "ff00:"))]
    return [line for line in kept if not (internal and line.startswith("default"))]


def refused(lab: Lab) -> Any:
    lab.network("n", *SUBNET)
    lab.network("c", "--config-only")
    for options in REFUSED:
        lab.network("x", *options, refused=True)
    codes = [lab("network", "create", "bridge"), lab("network", "create", "@n")]
    assert all(codes)
    return [bool(code) for code in codes], lab.text("network", "ls", "-q", "-f", "name=@x")


def on_two_networks(lab: Lab) -> Any:
    lab.network("m", *SUBNET)
    lab.network("n", "--subnet", "10.211.8.0/24", "--internal")
    lab.container("c", "--network", "@m")
    lab.container("d", "--network", "@n", "--network-alias", "dd")
    codes = [lab("network", "connect", "--ip", "10.211.8.77", "--alias", "cc", "@n", "@c")]
    networks = lab.json("inspect", "-f", "{{json .NetworkSettings.Networks}}", "@c")
    for entry in networks.values():
        del entry["EndpointID"], entry["Gateway"]  # Docker names one on an internal network, too
        entry["DriverOpts"] = entry["DriverOpts"] or None  # `{}` where the command line sent none
        entry["IPAMConfig"] = entry["IPAMConfig"] or None
    names = [lab.reaches("d", name) for name in ("@c", "cc")] + [lab.reaches("c", name) for name in ("@d", "dd")]
    before = sorted(lab.inside("c", "ip -4 route").splitlines())
    codes += [lab("network", "disconnect", "@m", "@c"), lab("network", "disconnect", "@m", "@c")]
    left = _without_numbers(lab.inside("c", "ip -4 route"), internal=True)
    return codes, networks, names, before, left, lab.reaches("d", "cc")


def ports_that_move(lab: Lab) -> Any:
    """A published port leads to the next network of a container that leaves one."""
    lab.network("m", *SUBNET)
    lab.network("n", "--subnet", "10.211.8.0/24")
    lab.container("c", "--network", "@m", "-p", "127.0.0.1:18095:80")
    seen: list[Any] = []
    for verb, name in (("connect", "n"), ("disconnect", "m"), ("connect", "m"), ("disconnect", "n"), ("connect", "n")):
        code = lab("network", verb, f"@{name}", "@c")
        seen.append((code, lab.json("inspect", "-f", "{{json .NetworkSettings.Ports}}", "@c")))
        if verb == "disconnect":  # Docker lets a network whose name comes first take the route over, too
            seen.append(lab.inside("c", "ip route | grep default | cut -d ' ' -f 3"))
    return seen


def several_with_one_alias(lab: Lab) -> Any:
    lab.network("n", *SUBNET)
    for number in "123":
        lab.container(f"c{number}", "--network", "@n", "--network-alias", "rr")
    lab("stop", "-t", "0", "@c2")
    lab.container("c", "--network", "@n")
    seen = lab.reaches("c", "rr"), lab.reaches("c1", "rr"), lab.unknown("c", "@c2"), lab.reaches("c", "@c3")
    assert all(seen), seen
    return seen


def renamed(lab: Lab) -> Any:
    lab.network("n", *SUBNET)
    lab.container("c", "--network", "@n")
    lab.container("d", "--network", "@n", "--network-alias", "dd")
    lab("rename", "@d", "@e")
    seen = [lab.unknown("c", "@d"), lab.reaches("c", "@e"), lab.reaches("c", "dd")]
    lab("rename", "@e", "@d")
    assert all(seen), seen
    return seen


def links_on_a_network(lab: Lab) -> Any:
    lab.network("n", *SUBNET)
    lab.container("c", "--network", "@n", "--link", "@d:data", "--link", "@d", "--link", "@later:late")
    lab.container("d", "--network", "@n")
    seen: list[int] = [lab.reaches("c", name) for name in ("data", "@d")]
    seen += [lab.unknown("c", "late"), lab.unknown("d", "data")]
    lab.container("later", "--network", "@n")
    seen += [lab.reaches("c", "late"), lab("network", "disconnect", "@n", "@d"), lab.unknown("c", "data")]
    seen += [
        lab("network", "connect", "--link", "@c:see", "@n", "@d"),
        lab.reaches("d", "see"),
        lab.reaches("c", "data"),
    ]
    networks = lab.json("inspect", "-f", "{{json .NetworkSettings.Networks}}", "@c")
    return seen, networks["n"]["Links"], lab.text("inspect", "-f", "{{json .HostConfig.Links}}", "@c")


def links_on_the_bridge(lab: Lab) -> Any:
    refused = lab("run", "--rm", "--link", "@none", IMAGE, "true")
    lab.container("d")
    lab.container("c", "--link", "@d:data", "--link", "@d", "--add-host", "x:1.2.3.4")
    lab.container(
        "e", "--expose", "7000-7003", "--expose", "90/udp", "-p", "127.0.0.1::91", "-e", "A=b c", "-e", "HOME=/x"
    )
    linked = ("--link", "@d:da-ta", "--link", "@e:ee", "--link", "@e:two.e", "-e", "DA_TA_NAME=own")
    lab.container("f", *linked)
    variables = sorted(lab.inside("f", "env").splitlines())
    hosts = sorted(line for line in lab.inside("c", "cat /etc/hosts").splitlines() if "#" not in line)
    lab("stop", "-t", "0", "@d")
    codes = [refused, lab("run", "--rm", "--link", "@d", IMAGE, "true")]
    lab.container("filler")
    lab("start", "@d")
    until(lambda: lab.reaches("c", "data"), PATIENCE)
    links = lab.json("inspect", "-f", "{{json .HostConfig.Links}}", "@c")
    return codes, hosts, variables, sorted(links)  # Docker has them in any order


def further_addresses(lab: Lab) -> Any:
    """Link-local addresses and driver options of one container, at its start and later."""
    lab.network("m", *SUBNET)
    lab.network("n", "--subnet", "10.211.8.0/24")
    lab.container(
        "c", "--network", "name=@m,driver-opt=foo=bar,alias=x,ip=10.211.7.9", "--link-local-ip", "169.254.7.7"
    )
    lab.container("d", "--network", "@n")
    tries = (
        ("--driver-opt", "odd"),
        ("--link-local-ip", "10.9.8.7"),
        ("--link-local-ip", "bad"),
        ("--link-local-ip", "169.254.8.8", "--link-local-ip", "169.254.8.9", "--driver-opt", "foo=a=b"),
    )
    codes = [bool(lab("network", "connect", *words, "@n", "@c")) for words in tries]
    looks = [lab.inside("c", f"ip -o -4 addr show dev eth{number} | awk '{{print $4, $6, $8}}'") for number in (0, 1)]
    told = lab.json("inspect", "-f", "{{json .NetworkSettings.Networks}}", "@c")
    shown = {name: {key: entry[key] for key in ("IPAMConfig", "DriverOpts")} for name, entry in told.items()}
    lab("network", "connect", "--link-local-ip", "169.254.7.8", "@m", "@d")
    return codes, looks, shown, lab("exec", "@c", "ping", "-c", "1", "-W", "5", "-I", "eth0", "169.254.7.8")


def refused_connections(lab: Lab) -> Any:
    lab.network("n", *SUBNET, "--aux-address", "a=10.211.7.9")
    lab.container("c")
    lab.container("d", "--network", "@n", "--ip", "10.211.7.77")
    tries = (
        ("10.211.7.1", "10.211.7.77", "10.211.7.9", "10.211.8.5", "10.211.7.255", "10.211.7.0", "bad", "fd00::1"),
        (
            ("--alias", "x", "bridge", "@d"),
            ("@n", "@d"),
            ("@n", "@none"),
            ("@none", "@c"),
            ("host", "@c"),
            ("none", "@c"),
        ),
    )
    codes = [lab("network", "connect", "--ip", text, "@n", "@c") for text in tries[0]]
    codes += [lab("network", "connect", *words) for words in tries[1]]
    codes += [lab("network", "disconnect", *words) for words in (("@none", "@c"), ("-f", "@n", "@none"))]
    return [bool(code) for code in codes], lab.inside("c", "ls /sys/class/net")


def exposed_by_an_option(lab: Lab) -> Any:
    """Docker keeps the ports of --expose for its drivers under this name; a text of the user's has no effect."""
    lab.network("n", *SUBNET)
    lab.network("m", "--subnet", "10.211.8.0/24")
    option = "com.docker.network.endpoint.exposedports"
    lab.container("c", "--network", f"name=@n,driver-opt={option}=80/tcp", "--expose", "81")
    codes = [lab("network", "connect", "--driver-opt", f"{option}=odd", "@m", "@c")]
    told = lab.json("inspect", "@c")[0]
    shown = {name: entry["DriverOpts"] for name, entry in told["NetworkSettings"]["Networks"].items()}
    return codes, shown, lab.text("port", "@c"), told["Config"]["ExposedPorts"]


def listed(lab: Lab) -> Any:
    lab.network("one", *SUBNET, "--label", "k=v", "--label", "l", "--internal")
    lab.network("two", "--subnet", "10.211.8.0/24")
    lab.container("c", "--network", "@two")
    form = ("--format", '{{.Name}} {{.Driver}} {{.Scope}} {{.Internal}} {{.IPv6}} {{.Labels}} {{.Label "k"}}')
    filters = ("name=@", "label=k", "label=k=w", "dangling=true", "dangling=false", "scope=local", "scope=swarm",
               "driver=host", "type=builtin", "type=custom", "id=00000000", "type=x", "dangling=x", "x=y")  # fmt: skip
    own = ("-f", "name=@")
    found = [lab.text("network", "ls", *own, "-f", text, *form) for text in filters]
    codes = [bool(lab("network", "ls", "-f", text)) for text in filters]
    names = lab.text("network", "inspect", "-f", "{{.Name}} {{len .Containers}}", "@one", "@two", "-v")
    missing = lab("network", "inspect", "@one", "@none")
    lab("network", "prune", "-f", "--filter", "label!=k", "--filter", "until=24h")
    kept = lab.text("network", "ls", *own, *form)
    pruned = lab.text("network", "prune", "-f", "--filter", "label=k")
    return (
        found,
        codes,
        names,
        missing,
        kept,
        pruned,
        lab("network", "rm", "@two"),
        lab.text("network", "ls", *own, *form),
    )


WATCHES: dict[str, Watch] = {
    "created": created,
    "refused": refused,
    "on two networks": on_two_networks,
    "ports that move": ports_that_move,
    "several with one alias": several_with_one_alias,
    "renamed": renamed,
    "links on a network": links_on_a_network,
    "links on the bridge": links_on_the_bridge,
    "further addresses": further_addresses,
    "refused connections": refused_connections,
    "exposed by an option": exposed_by_an_option,
    "listed": listed,
}


@pytest.mark.parametrize("watch", WATCHES.values(), ids=WATCHES)
def test_networks(watch: Watch, docker: Engine, skiff: Engine) -> None:
    answers = []
    for engine in (docker, skiff):
        with lab(engine) as own:
            answers.append(watch(own))
    assert answers[1] == answers[0]
