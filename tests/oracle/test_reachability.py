"""Who reaches whom: six containers on three networks and the host, by every address and published port."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pytest

from tests.support.waiting import until

from .conftest import Engine
from .test_networks import Lab, lab

pytestmark = pytest.mark.root

NETWORKS = {
    "open": ("10.212.1", ()),
    "inner": ("10.212.2", ("--internal",)),
    "shy": ("10.212.3", ("-o", "com.docker.network.bridge.enable_icc=false")),
}
# Containers, and their networks and addresses there; those with a published port have it on all addresses of the host.
CONTAINERS = {
    "o1": {"open": 11},
    "o2": {"open": 12, "inner": 12},
    "i1": {"inner": 13},
    "i2": {"inner": 14},
    "s1": {"shy": 15},
    "s2": {"shy": 16},
}
PUBLISHED = ("o1", "s1")
HOST = "host"
PATIENCE = 6  # seconds until an address counts as closed; the answers of a loaded machine take a tenth of it
# It answers with the first byte of what it is sent. Busybox lets as many connections wait as there are letters l: with
# less than all askers at once the kernel drops some, and tries again after 1, 3 and 7 seconds.
SERVER = ("nc", "-" + "l" * 64, "-p", "80", "-e", "head", "-c", "1")
# docs/networks.md: from an internal network no address of the host is reached but its gateway's; and containers
# that may not talk to their neighbours do not reach what these publish either.
CLOSED = {
    **{(source, f"service by {network}"): False for source in ("i1", "i2") for network in ("open", "shy")},
    **{(source, f"s1 by {network}"): False for source in ("s1", "s2") for network in NETWORKS},
}


@pytest.fixture
def service() -> Iterator[int]:
    """The port of a service of the host itself, on all of its addresses."""
    with socket.create_server(("0.0.0.0", 0), backlog=100) as listener:
        threading.Thread(target=_answer, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _answer(listener: socket.socket) -> None:
    while True:
        try:
            connection, _peer = listener.accept()
        except OSError:
            return
        threading.Thread(target=_answer_one, args=(connection,), daemon=True).start()


def _answer_one(connection: socket.socket) -> None:
    with connection, suppress(OSError):
        connection.recv(1)
        connection.send(b"?")


def build(made: Lab) -> None:
    for name, (prefix, options) in NETWORKS.items():
        assert made.network(name, "--subnet", f"{prefix}.0/24", *options) == 0
    for name, places in CONTAINERS.items():
        (first, number), *others = places.items()
        options = ("--network", f"@{first}", "--ip", f"{NETWORKS[first][0]}.{number}")
        options += ("-p", "80") if name in PUBLISHED else ()
        assert made.container(name, *options) == 0
        for network, number in others:
            address = f"{NETWORKS[network][0]}.{number}"
            assert made("network", "connect", "--ip", address, f"@{network}", f"@{name}") == 0
        assert made("exec", "-d", f"@{name}", *SERVER) == 0
    for places in CONTAINERS.values():
        ((network, number), *_others) = places.items()
        until(partial(_asked, (f"{NETWORKS[network][0]}.{number}", 80)), 60)


def targets(made: Lab, service: int) -> dict[str, tuple[str, int]]:
    """Return each place that may answer: containers' own addresses, published ports and the host's service."""
    found = {
        f"{name} on {network}": (f"{NETWORKS[network][0]}.{number}", 80)
        for name, places in CONTAINERS.items()
        for network, number in places.items()
    }
    ports = {name: int(made.text("port", f"@{name}", "80/tcp").split()[0].rpartition(":")[2]) for name in PUBLISHED}
    for network, (prefix, _options) in NETWORKS.items():
        found.update({f"{name} by {network}": (f"{prefix}.1", port) for name, port in ports.items()})
        found[f"service by {network}"] = (f"{prefix}.1", service)
    return {**found, **{f"{name} by loopback": ("127.0.0.1", port) for name, port in ports.items()}}


def reached(made: Lab, service: int) -> dict[tuple[str, str], bool]:
    """Return for each (source, target) whether it answers."""
    places = targets(made, service)
    with ThreadPoolExecutor() as pool:
        sources = (HOST, *CONTAINERS)
        answers = pool.map(lambda source: _from(made, source, places), sources)
        return {(source, name): found[name] for source, found in zip(sources, answers) for name in places}


def _from(made: Lab, source: str, places: dict[str, tuple[str, int]]) -> dict[str, bool]:
    if source == HOST:
        with ThreadPoolExecutor(len(places)) as pool:
            return dict(zip(places, pool.map(_asked, places.values())))
    ask = "(printf ? | timeout %d nc -w %d %s %d | grep -q . && echo '%s') &"
    script = "\n".join(ask % (PATIENCE, PATIENCE, *place, name) for name, place in places.items())
    answered = made.inside(source, f"{script}\nwait").splitlines()
    return {name: name in answered for name in places}


def _asked(place: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(place, PATIENCE) as client:
            client.send(b"?")
            return client.recv(1) == b"?"
    except OSError:
        return False


def all_of(engine: Engine, service: int) -> dict[tuple[str, str], bool]:
    with lab(engine) as made:
        build(made)
        return reached(made, service)


def test_who_reaches_whom(docker: Engine, skiff: Engine, service: int) -> None:
    theirs, ours = all_of(docker, service), all_of(skiff, service)
    assert len(ours) == 7 * (7 + 3 * 3 + 2)
    different = {pair: found for pair, found in ours.items() if found != theirs[pair]}
    assert different == CLOSED
