"""Networks: what goes between containers and through published ports, how connecting grows, and many ports at once."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.engines import IMAGE, Field
from tests.bench.measure import once, quiet

_TRAFFIC = [sys.executable, "-I", str(Path(__file__).with_name("traffic.py"))]
_PORT = 5201
_SECONDS, _TURNS = 1, 2000
_HOST, _OUTSIDE = "198.51.100.1", "198.51.100.2"
_PORTS = "20000-20499:20000-20499"
_NAME = "skiff-bench"  # of the outer namespace and its wire


class _Side:
    """One engine with two containers on a network; `two` publishes its port."""

    def __init__(self, command: Callable[..., list[str]], env: dict[str, str] | None, published: int) -> None:
        self._command, self._env, self.published = command, env, published
        self.call("network", "create", "traffic")
        for name, options in (("one", ()), ("two", ("-p", f"{published}:{_PORT}"))):
            self.call("run", "-d", "--name", name, "--network", "traffic", *options, IMAGE, "sleep", "100000")
        self._pids = {name: self.call("inspect", "-f", "{{.State.Pid}}", name) for name in ("one", "two")}
        self.address = self.call("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "two")
        self._server = subprocess.Popen([*self.inside("two"), *_TRAFFIC, "serve", str(_PORT)])

    def call(self, *words: str) -> str:
        return quiet(self._command(*words), env=self._env)().stdout.decode().strip()

    def inside(self, name: str) -> list[str]:
        return ["nsenter", "-n", "-t", self._pids[name]]

    def finish(self) -> None:
        self._server.kill()
        self._server.wait()
        self.call("rm", "-f", "one", "two")
        self.call("network", "rm", "traffic")


def network(field: Field, count: int) -> str:
    """Return the tables of traffic, of connecting and of many ports."""
    with _outside():
        return "\n".join([_traffic(field, count), _connecting(field), _many_ports(field), ""])


@contextmanager
def _outside() -> Iterator[None]:
    """Have a neighbour of the host for a while: a network namespace on a wire."""
    script = (
        f"ip netns add {_NAME}; ip link add {_NAME} type veth peer name eth0 netns {_NAME};"
        f"ip addr add {_HOST}/30 dev {_NAME}; ip link set {_NAME} up; ip -n {_NAME} addr add {_OUTSIDE}/30 dev eth0;"
        f"ip -n {_NAME} link set eth0 up; ip -n {_NAME} route add default via {_HOST}"
    )
    try:
        quiet(["sh", "-ec", script])()
        yield
    finally:
        quiet(["ip", "netns", "del", _NAME])()  # and its wire with it


def _traffic(field: Field, count: int) -> str:
    sides: dict[str, _Side] = {}
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    try:
        sides["docker"] = _Side(field.docker, None, 25201)
        sides["skiff"] = _Side(field.skiff, {**os.environ, **field.host.environment}, 25202)
        for turn in range(count + 1):
            for name, side in sides.items():
                for way, (prefix, address, port) in _ways(side).items():
                    figures = _measured(prefix, address, port)
                    if turn:  # the first one warms up
                        found.setdefault((way, name), []).append(figures)
    finally:
        for side in sides.values():
            side.finish()
    lines = [
        "### traffic of one TCP connection",
        "",
        "| way | what | docker | skiff | ratio |",
        "|---|---|---|---|---|",
    ]
    for way in dict.fromkeys(way for way, _name in found):
        for index, (what, factor) in enumerate((("Gbit/s", 1e-9), ("round trip (us)", 1e6))):
            theirs, ours = (
                statistics.median(figures[index] for figures in found[way, name]) * factor for name in sides
            )
            lines.append(f"| {way} | {what} | {theirs:.1f} | {ours:.1f} | {ours / theirs:.2f} |")
    return "\n".join([*lines, ""])


def _ways(side: _Side) -> dict[str, tuple[list[str], str, int]]:
    return {
        "container to container": (side.inside("one"), side.address, _PORT),
        "neighbour of the host to a published port": (["ip", "netns", "exec", _NAME], _HOST, side.published),
        "localhost to a published port": ([], "127.0.0.1", side.published),
    }


def _measured(prefix: list[str], address: str, port: int) -> tuple[float, float]:
    """Return (bits in a second, seconds of a round trip)."""
    words = [[*prefix, *_TRAFFIC, what, address, str(port), str(number)] for what, number in
             (("throughput", _SECONDS), ("latency", _TURNS))]  # fmt: skip
    first, second = (float(quiet(one)().stdout) for one in words)
    return first, second


def _connecting(field: Field) -> str:
    """Connect a hundred running containers to one network."""
    env = {**os.environ, **field.host.environment}
    names = [f"c{number}" for number in range(1, 101)]
    for name in names:
        quiet(field.skiff("run", "-d", "--network", "none", "--name", name, IMAGE, "sleep", "100000"), env=env)()
    quiet(field.skiff("network", "create", "crowd"), env=env)()
    walls = [once(quiet(field.skiff("network", "connect", "crowd", name), env=env)).wall for name in names]
    quiet(field.skiff("rm", "-f", *names), env=env)()
    quiet(field.skiff("network", "rm", "crowd"), env=env)()
    tenth, last = (statistics.median(part) * 1000 for part in (walls[7:12], walls[95:]))
    return (
        "### network connect (skiff, ms; medians of five about that number)\n\n| 10th | 100th | ratio (goal 2.0) |\n"
        f"|---|---|---|\n| {tenth:.0f} | {last:.0f} | {last / tenth:.2f} |\n"
    )


def _many_ports(field: Field) -> str:
    """Start a container with five hundred published ports."""
    took = {}
    for name, command, env in (("docker", field.docker, None), ("skiff", field.skiff, field.host.environment)):
        words = ["run", "-d", "--name", "ports", "-p", _PORTS, IMAGE, "sleep", "100000"]
        started = time.perf_counter()
        quiet(command(*words), env=env)()
        took[name] = time.perf_counter() - started
        quiet(command("rm", "-f", "ports"), env=env)()
    return (
        "### run -d with 500 published ports (ms)\n\n| docker | skiff | ratio |\n|---|---|---|\n"
        f"| {took['docker'] * 1000:.0f} | {took['skiff'] * 1000:.0f} | {took['skiff'] / took['docker']:.3f} |\n"
    )
