"""What users get wrong about networks: a sentence that names the thing, and nothing is left half-made."""

from __future__ import annotations

import os

import pytest

from tests.fault.test_bad_input import refused
from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
SUBNET = ("--subnet", "10.89.7.0/24")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((*SUBNET, "--subnet", "10.89.7.0/25"), "overlap"),
        (("--subnet", "10.89.7.0/33"), "10.89.7.0/33"),
        (("--subnet", "10.89.7.0/31"), "/30"),
        ((*SUBNET, "--gateway", "10.89.8.1"), "10.89.8.1"),
        ((*SUBNET, "--gateway", "10.89.7.0"), "stands for all"),
        ((*SUBNET, "--ip-range", "10.89.8.0/25"), "10.89.8.0/25"),
        ((*SUBNET, "--aux-address", "a=10.89.8.1"), "10.89.8.1"),
        ((*SUBNET, "--aux-address", "nothing"), "NAME=ADDRESS"),
        (("--gateway", "10.89.7.1"), "--subnet"),
        (("--subnet", "fd00:89::/64"), "IPv6"),
        (("--ipv4=false",), "neither IPv4 nor IPv6"),
        (("-o", "com.docker.network.bridge.nosuch=1"), "com.docker.network.driver.mtu"),
        (("-o", "com.docker.network.driver.mtu=x"), "mtu"),
        (("-d", "nosuch"), "bridge"),
        (("--ipam-driver", "nosuch"), "nosuch"),
        (("--scope", "swarm"), "swarm"),
        (("--ingress",), "swarm"),
        (("--config-from", "nosuch"), "nosuch"),
        (("--config-only", "--internal"), "config_only"),
    ],
)
def test_networks_that_cannot_be(shared: Skiff, words: tuple[str, ...], named: str) -> None:
    refused(shared.run("network", "create", *words, "net", check=False), 1, named)
    assert shared.run("network", "ls", "-q", "-f", "name=net").stdout == ""


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "a\x1b[31mb", "../x", "x" * 256, "none", "host", "bridge"])
def test_names_that_no_network_has(shared: Skiff, name: str) -> None:
    before = shared.run("network", "ls", "-q").stdout
    refused(shared.run("network", "create", name, check=False), 1, "network")
    assert shared.run("network", "ls", "-q").stdout == before


def test_a_subnet_that_another_network_has(skiff: Skiff) -> None:
    skiff.run("network", "create", *SUBNET, "one")
    refused(
        skiff.run("network", "create", "--subnet", "10.89.7.128/25", "two", check=False), 1, "10.89.7.128/25", "one"
    )
    refused(skiff.run("network", "create", "one", check=False), 1, "one")
    skiff.run("network", "rm", "one")


def test_connections_that_cannot_be(skiff: Skiff) -> None:
    skiff.run("network", "create", "--subnet", "10.89.7.0/29", "--aux-address", "a=10.89.7.2", "net")
    skiff.run("run", "-d", "--name", "web", "--network", "net", "--ip", "10.89.7.3", "busybox", "sleep", "1000")
    for state in ("run", "create"):  # one that runs, and one that does not
        options = ("-d",) if state == "run" else ()
        skiff.run(state, *options, "--name", "other", "--network", "none", "busybox", "sleep", "1000")
        for words, named in (
            (("--ip", "10.89.8.1"), "10.89.7.0/29"),
            (("--ip", "bad"), "bad"),
            (("--ip", "fd00::1"), "IPv4"),
            (("--ip6", "fd00::1"), "10.89.7.0/29"),
            (("--alias", "a b"), "a b"),
            (("--alias", "a\n1.2.3.4 evil"), "evil"),
            (("--link", "web:a b"), "a b"),
            (("--mac-address", "zz"), "zz"),
            (("--driver-opt", "a"), "KEY=VALUE"),
            (("--driver-opt", "com.docker.network.endpoint.sysctls=kernel.panic=1"), "kernel.panic"),
            (("--driver-opt", "com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.../x=1"), "IFNAME.../x"),
            (("--driver-opt", "com.docker.network.endpoint.ifname=a/b"), "a/b"),
            (("--link-local-ip", "10.1.1.1"), "169.254.0.0/16"),
            (("--link-local-ip", "bad"), "bad"),
        ):
            refused(skiff.run("network", "connect", *words, "net", "other", check=False), 1, named)
        refused(skiff.run("network", "connect", "host", "other", check=False), 1, "host")
        refused(skiff.run("network", "connect", "--alias", "x", "bridge", "other", check=False), 1, "aliases")
        assert skiff.run("inspect", "-f", "{{len .NetworkSettings.Networks}}", "other").stdout == "1\n"
        if state == "run":
            refused(
                skiff.run("network", "connect", "--ip", "10.89.7.2", "net", "other", check=False), 1, "aux_addresses"
            )
            refused(skiff.run("network", "connect", "--ip", "10.89.7.3", "net", "other", check=False), 1, "web")
            refused(skiff.run("network", "connect", "--ip", "10.89.7.1", "net", "other", check=False), 1, "gateway")
        skiff.run("rm", "-f", "other")
    for number in range(3):
        skiff.run("run", "-d", "--name", f"c{number}", "--network", "net", "busybox", "sleep", "1000")
    refused(
        skiff.run("run", "--rm", "--network", "net", "busybox", "true", check=False), 125, "no address", "10.89.7.0/29"
    )
    skiff.run("rm", "-f", "web", "c0", "c1", "c2")
    skiff.run("network", "rm", "net", "bridge")
