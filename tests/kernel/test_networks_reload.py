"""`skiff network reload`, and what the next start of a container brings back by itself."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from tests.support.netlab import SOON, ask, run
from tests.support.skiff import Skiff
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

SERVER = ("bb", "nc", "-ll", "-p", "80", "-e", "head", "-c", "1")  # it answers with what it was sent


@pytest.fixture
def clean(installation: Skiff) -> Iterator[Skiff]:
    yield installation
    installation.remove_everything()


@pytest.fixture
def skiff(clean: Skiff) -> Skiff:
    """A host with the network `net`, a server `web` on it with a published port, and its neighbour `nb`."""
    clean.run("network", "create", "net")
    clean.run("run", "-d", "--name", "web", "--network", "net", "-p", "8080:80", *SERVER)
    clean.run("run", "-d", "--name", "nb", "--network", "net", "bb", "sleep", "1000")
    assert works(clean)
    return clean


def works(skiff: Skiff) -> bool:
    """Whether the server is reached by its name, by its address, and by its published port."""
    until(lambda: ask("127.0.0.1", 8080, patience=SOON) == "?", 60)
    return asked_by(skiff, "nb", "web") == "?" and ask(endpoint(skiff)["IPAddress"], 80) == "?"


def asked_by(skiff: Skiff, container: str, server: str) -> str:
    return skiff.run("exec", container, "sh", "-c", f"printf ? | nc -w 2 {server} 80", check=False).stdout


def endpoint(skiff: Skiff, name: str = "web") -> dict[str, str]:
    found: dict[str, str] = json.loads(skiff.run("inspect", name).stdout)[0]["NetworkSettings"]["Networks"]["net"]
    return found


def bridge(skiff: Skiff) -> str:
    return f"sk{skiff.run('network', 'ls', '-q', '--no-trunc', '-f', 'name=net').stdout[:10]}"


def ports(skiff: Skiff) -> list[str]:
    return run("ip", "-o", "link", "show", "master", bridge(skiff)).splitlines()


def links_have(name: str) -> bool:
    return f": {name}" in run("ip", "link").replace("@", ":")


def port_of_web(skiff: Skiff) -> str:
    pid = skiff.run("inspect", "-f", "{{.State.Pid}}", "web").stdout.strip()
    peer = run("nsenter", "-n", "-t", pid, "ip", "-o", "link", "show", "eth0").partition("@if")[2].partition(":")[0]
    return next(
        line.split()[1].partition("@")[0]
        for line in run("ip", "-o", "link").splitlines()
        if line.startswith(f"{peer}:")
    )


def test_rules_bridge_and_settings(skiff: Skiff) -> None:
    before = endpoint(skiff)
    run("nft", "flush", "ruleset")
    run("ip", "link", "del", bridge(skiff))
    run("sysctl", "-w", "net.ipv4.ip_forward=0")
    assert ask("127.0.0.1", 8080, patience=SOON) != "?"
    assert skiff.run("network", "reload").stdout == "net\n"
    assert works(skiff)
    assert run("sysctl", "-n", "net.ipv4.ip_forward") == "1\n"
    assert endpoint(skiff) == before


def test_rules_that_look_the_same(skiff: Skiff) -> None:
    """The ports have been emptied, and the number of rules is what it was."""
    table = skiff.layout.label.replace("-", "_")
    run("nft", "flush", "map", "inet", table, "ports4_address")
    run("sysctl", "-w", f"net.ipv4.conf.{bridge(skiff)}.route_localnet=0")
    run("ip", "addr", "flush", "dev", bridge(skiff))
    skiff.run("network", "reload", "net")
    assert works(skiff)


def test_the_next_start_brings_back_the_bridge(skiff: Skiff) -> None:
    run("nft", "flush", "ruleset")
    run("ip", "link", "del", bridge(skiff))
    skiff.run("run", "--rm", "--network", "net", "bb", "true")
    assert works(skiff)


def test_the_next_start_has_the_host_forward_again(skiff: Skiff) -> None:
    run("sysctl", "-w", "net.ipv4.ip_forward=0")
    skiff.run("run", "--rm", "--network", "net", "bb", "true")
    assert run("sysctl", "-n", "net.ipv4.ip_forward") == "1\n"


@pytest.mark.parametrize(
    "cure", [("network", "reload"), ("run", "--rm", "--network", "net", "bb", "true")], ids=["reload", "start"]
)
def test_an_interface_that_was_deleted(skiff: Skiff, cure: tuple[str, ...]) -> None:
    before = endpoint(skiff)
    route = skiff.run("exec", "web", "ip", "route").stdout
    run("ip", "link", "del", port_of_web(skiff))
    skiff.run(*cure)
    assert works(skiff)
    assert endpoint(skiff) == before
    assert skiff.run("exec", "web", "ip", "route").stdout == route
    assert before["MacAddress"] in skiff.run("exec", "web", "ip", "link", "show", "eth0").stdout


def test_interfaces_that_were_renamed(skiff: Skiff) -> None:
    name, port = bridge(skiff), port_of_web(skiff)
    for old, new in ((name, "mybridge"), (port, "myport")):
        run("ip", "link", "set", old, "down")
        run("ip", "link", "set", old, "name", new)
        run("ip", "link", "set", new, "up")
    skiff.run("network", "reload")
    assert works(skiff)
    assert len(ports(skiff)) == 2
    assert not links_have("mybridge")
    assert not links_have("myport")


def test_strangers_stay_strangers(clean: Skiff) -> None:
    option = "com.docker.network.bridge.enable_icc=false"
    clean.run("network", "create", "-o", option, "net")
    clean.run("run", "-d", "--name", "web", "--network", "net", *SERVER)
    clean.run("run", "-d", "--name", "nb", "--network", "net", "bb", "sleep", "1000")
    run("ip", "link", "del", bridge(clean))
    clean.run("network", "reload")
    until(lambda: ask(endpoint(clean)["IPAddress"], 80, patience=SOON) == "?", 60)
    assert asked_by(clean, "nb", "web") == ""


@pytest.mark.parametrize("renamed", [False, True])
def test_everything_goes_whatever_is_missing(skiff: Skiff, renamed: bool) -> None:
    run("nft", "flush", "ruleset")
    run("ip", "link", "del", port_of_web(skiff))
    if renamed:
        run("ip", "link", "set", bridge(skiff), "down")
        run("ip", "link", "set", bridge(skiff), "name", "mybridge")
    else:
        run("ip", "link", "del", bridge(skiff))
    skiff.run("rm", "-f", "web")
    skiff.run("rm", "-f", "nb")
    skiff.run("network", "rm", "net")
    assert not links_have("mybridge")


def test_what_cannot_be_reloaded(installation: Skiff) -> None:
    for name, words in (("host", "nothing to reload"), ("nowhere", "there is no network nowhere")):
        failed = installation.run("network", "reload", name, check=False)
        assert failed.returncode == 1
        assert words in failed.stderr
