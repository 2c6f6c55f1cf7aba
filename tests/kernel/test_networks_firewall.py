"""Skiff's rules beside those of others: the administrator's chain, and firewalld."""

from __future__ import annotations

import os
import subprocess

import pytest

from runtime_lib.linux import netns, nftables
from runtime_lib.networks import catalog, firewall
from runtime_lib.networks.spec import NetworkSpec
from tests.support.netlab import HOST, OUTSIDE, SOON, Lab, ask, run

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

SECOND = "192.0.2.9"  # another address of the host

# What firewalld 1.3.3 loads, but for chains that are empty: zone `public` for all, `trusted` for interfaces sk*.
FIREWALLD = """
table inet firewalld {
  chain filter_PREROUTING {
    type filter hook prerouting priority filter + 10; policy accept;
    icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
    meta nfproto ipv6 fib saddr . mark . iif oif missing drop
  }
  chain filter_INPUT {
    type filter hook input priority filter + 10; policy accept;
    ct state { established, related } accept
    ct status dnat accept
    iifname "lo" accept
    ct state invalid drop
    jump filter_INPUT_ZONES
    reject with icmpx admin-prohibited
  }
  chain filter_FORWARD {
    type filter hook forward priority filter + 10; policy accept;
    ct state { established, related } accept
    ct status dnat accept
    iifname "lo" accept
    ct state invalid drop
    jump filter_FORWARD_ZONES
    reject with icmpx admin-prohibited
  }
  chain filter_INPUT_ZONES {
    iifname "sk*" goto filter_trusted
    goto filter_IN_public
  }
  chain filter_FORWARD_ZONES {
    iifname "sk*" goto filter_trusted
    goto filter_FWD_public
  }
  chain filter_IN_public {
    tcp dport 22 accept
    meta l4proto { icmp, ipv6-icmp } accept
    reject with icmpx admin-prohibited
  }
  chain filter_FWD_public { reject with icmpx admin-prohibited; }
  chain filter_trusted { accept; }
}
"""
ZONE = 'iifname "sk*" goto filter_trusted'


def load(text: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)


def table(host: Lab) -> str:
    return host.store.layout.label.replace("-", "_")


def add(host: Lab, rule: str) -> None:
    run("nft", "add", "rule", "inet", table(host), "user", *rule.split())


def in_chain(host: Lab) -> list[str]:
    text = run("nft", "list", "chain", "inet", table(host), "user")
    return [line.strip() for line in text.splitlines()[2:-2]]


def number_of_rules(host: Lab) -> int:
    found = nftables.chains(nftables.INET)
    return sum(number for (name, _chain), (_handle, number) in found.items() if name == table(host))


def test_a_published_port_is_known_by_what_the_client_asked_for(host: Lab) -> None:
    run("ip", "addr", "add", f"{SECOND}/24", "dev", "wire")
    web = host.member("web", "bridge")
    web.serve(80)
    web.publish("8080:80", "8081:80")
    add(host, "meta l4proto tcp ct original proto-dst 8080 drop")
    add(host, f"ct original ip daddr {SECOND} drop")
    assert host.ask_from_outside(HOST, 8080, patience=SOON) == "silence"
    assert host.ask_from_outside(HOST, 8081) == f"{OUTSIDE} web"  # the same port of the container
    assert host.ask_from_outside(SECOND, 8081, patience=SOON) == "silence"
    assert ask(HOST, 8080).endswith(" web")  # what the host itself asks for is not forwarded


def test_a_table_of_their_own_does_as_well(host: Lab) -> None:
    web = host.member("web", "bridge")
    web.serve(80)
    web.publish("8080:80", "8081:80")
    rule = "tcp dport 80 ct original proto-dst 8080 drop"
    load(f"table inet mine {{ chain forward {{ type filter hook forward priority filter; {rule}; }}; }}")
    assert host.ask_from_outside(HOST, 8080, patience=SOON) == "silence"
    assert host.ask_from_outside(HOST, 8081) == f"{OUTSIDE} web"


def test_what_the_administrator_loaded_first_is_kept_to_the_end(host: Lab) -> None:
    load(f"table inet {table(host)} {{ chain user {{ ip saddr {OUTSIDE} drop; }}; }}")
    catalog.create(host.store, NetworkSpec("one"))
    web = host.member("web", "one")
    web.serve(80)
    web.publish("8080:80")
    assert host.ask_from_outside(HOST, 8080, patience=SOON) == "silence"
    firewall.sync(host.store)
    assert in_chain(host) == [f"ip saddr {OUTSIDE} drop"]
    web.end()
    catalog.remove(host.store, "one")
    assert in_chain(host) == [f"ip saddr {OUTSIDE} drop"]  # there is no network any more
    run("nft", "flush", "chain", "inet", table(host), "user")
    catalog.create(host.store, NetworkSpec("two"))
    catalog.remove(host.store, "two")
    assert table(host) not in run("nft", "list", "tables")


def test_published_ports_behind_firewalld(host: Lab) -> None:
    """It lets translated connections through, and nothing else: containers do not reach the world."""
    load(FIREWALLD.replace(ZONE, ""))
    web = host.member("web", "bridge")
    web.serve(80)
    web.publish("8080:80")
    with netns.entered(host.outside):
        host.serve("world", 80)
    assert host.ask_from_outside(HOST, 8080) == f"{OUTSIDE} web"
    assert web.ask(OUTSIDE, 80) == "errno 113"


def test_bridges_in_the_trusted_zone_of_firewalld(host: Lab) -> None:
    load(FIREWALLD)
    catalog.create(host.store, NetworkSpec("other"))
    web, stranger = host.member("web", "bridge"), host.member("stranger", "other")
    web.serve(80)
    web.publish("8080:80")
    with netns.entered(host.outside):
        host.serve("world", 80)
    assert web.ask(OUTSIDE, 80) == f"{HOST} world"
    assert host.ask_from_outside(HOST, 8080) == f"{OUTSIDE} web"
    assert stranger.ask(HOST, 8080).endswith(" web")
    assert stranger.ask(web.ip, 80, patience=SOON) == "silence"  # networks stay apart all the same
    run("ip", "route", "add", f"{web.ip}/32", "via", HOST, namespace=host.outside)
    assert host.ask_from_outside(web.ip, 80, patience=SOON) == "silence"


def test_five_hundred_ports_need_no_further_rule(host: Lab) -> None:
    web = host.member("web", "bridge")
    for port in (20000, 20499):
        web.serve(port)
    before = number_of_rules(host)
    web.publish("20000-20499:20000-20499")
    assert number_of_rules(host) == before
    assert run("nft", "list", "map", "inet", table(host), "ports4_address").count(f" : {web.ip}") == 500
    for port in (20000, 20499):
        assert host.ask_from_outside(HOST, port) == f"{OUTSIDE} web"
