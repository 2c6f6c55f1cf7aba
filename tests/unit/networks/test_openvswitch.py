"""What a network asks of Open vSwitch's database, and what it makes of its answers."""

from __future__ import annotations

import ipaddress
from typing import Any

from runtime_lib.networks import openvswitch as ovs
from runtime_lib.networks.model import Network, Subnet
from runtime_lib.networks.openvswitch import Bridge, Observed, Port
from runtime_lib.networks.spec import NetworkSpec

ID = "ab" * 32
OWN, SEAT = f"sk{ID[:10]}", f"so{ID[:10]}"
EMPTY = Observed({}, {})


def network(**driver_options: str) -> Network:
    pool = ipaddress.ip_network("10.9.0.0/24")
    spec = NetworkSpec("net", "openvswitch", driver_options=driver_options)
    return Network(ID, spec, (Subnet(pool, pool[1]),), 0)


def there(made: Network, *ports: Port, label: str = "skiff") -> Observed:
    """Return what is observed when a network has these ports, all of which work."""
    seat = ovs.bridge_of(made)
    fields = ("name", "kind", "tag", "protected", "mtu", "options")
    found = [Port(**{name: getattr(port, name) for name in fields}, bridge=seat, network=made.id) for port in ports]
    return Observed({seat: Bridge(seat, "system", label)}, {port.name: port for port in found})


def lines(commands: list[list[str]]) -> list[str]:
    return [" ".join(command) for command in commands]


def test_a_network_of_its_own_is_made_in_one_transaction() -> None:
    made = network(tag="7", datapath_type="netdev")
    assert lines(ovs.plan(made, "skiff", EMPTY, ovs.wanted(made, ["sv1"]))) == [
        f"--may-exist add-br {SEAT}",
        f"set Bridge {SEAT} datapath_type=netdev external_ids:skiff=skiff",
        f"add-port {SEAT} {OWN}",
        f"set Port {OWN} tag=7 protected=false external_ids:skiff-network={ID}",
        f'set Interface {OWN} type="internal" mtu_request=1500 options={{}}',
        f"add-port {SEAT} sv1",
        f"set Port sv1 tag=7 protected=false external_ids:skiff-network={ID}",
        'set Interface sv1 type="" mtu_request=[] options={}',
    ]


def test_nothing_is_planned_when_all_is_there() -> None:
    made = network(tunnel="gre", remote_ip="192.0.2.2", key="3", tag="9")
    ports = ovs.wanted(made, ["sv1"])
    assert ovs.plan(made, "skiff", there(made, *ports), ports) == []


def test_what_differs_is_set_and_what_is_left_over_goes() -> None:
    made = network(bridge="br0")
    ports = ovs.wanted(made, ["sv1"])
    stale = Port("sv0")
    changed = Port("sv1", tag="5")
    planned = lines(ovs.plan(made, "skiff", there(made, ports[0], stale, changed), ports))
    assert planned == [
        "--if-exists del-port sv0",
        f"set Port sv1 tag=0 protected=false external_ids:skiff-network={ID}",
        'set Interface sv1 type="" mtu_request=[] options={}',
    ]


def test_ports_of_others_are_left_alone() -> None:
    made = network(bridge="br0")
    seen = there(made, *ovs.wanted(made, []))
    ports = {**seen.ports, "eth1": Port("eth1", bridge="br0"), "x": Port("x", bridge="br0", network="cd" * 32)}
    assert ovs.plan(made, "skiff", Observed(seen.bridges, ports), ovs.wanted(made, [])) == []


def test_a_port_that_does_not_work_is_tried_again() -> None:
    made = network()
    (own,) = ovs.wanted(made, [])
    broken = Port(OWN, "internal", mtu="1500", bridge=SEAT, network=ID, works=False)
    seen = Observed({SEAT: Bridge(SEAT, "system", "skiff")}, {OWN: broken})
    assert [command[0] for command in ovs.plan(made, "skiff", seen, [own])] == ["set", "set"]


def test_tunnels_never_feed_each_other() -> None:
    made = network(tunnel="vxlan", remote_ip="192.0.2.3, 192.0.2.2,192.0.2.3", key="4", local_ip="192.0.2.1")
    own, *tunnels = ovs.wanted(made, [])
    assert [port.options["remote_ip"] for port in tunnels] == ["192.0.2.2", "192.0.2.3"]
    assert all(port.protected and port.kind == "vxlan" and len(port.name) == 15 for port in tunnels)
    assert tunnels[0].options == {"remote_ip": "192.0.2.2", "key": "4", "local_ip": "192.0.2.1"}
    assert not own.protected
    assert 'options={key="4",local_ip="192.0.2.1",remote_ip="192.0.2.2"}' in lines(ovs.addition(made, tunnels[0]))[2]


def test_containers_that_may_not_talk_are_protected() -> None:
    made = network(**{"com.docker.network.bridge.enable_icc": "false"})
    assert [port.protected for port in ovs.wanted(made, ["sv1"])] == [False, True]


def test_the_mtu_is_what_fits() -> None:
    assert ovs.mtu(network().spec) == 1500
    assert ovs.mtu(network(tunnel="gre", remote_ip="192.0.2.2").spec) == 1458
    assert ovs.mtu(network(tunnel="vxlan", remote_ip="192.0.2.2").spec) == 1450
    assert ovs.mtu(network(tunnel="geneve", remote_ip="2001:db8::2").spec) == 1430
    given = {"com.docker.network.driver.mtu": "1400"}
    assert ovs.mtu(network(tunnel="gre", remote_ip="192.0.2.2", **given).spec) == 1400


def test_the_bridge_goes_with_its_last_network() -> None:
    made = network(bridge="br0")
    seen = there(made, *ovs.wanted(made, []))

    def gone(label: str, *others: Port) -> list[str]:
        everything = {**seen.ports, **{port.name: port for port in others}, "br0": Port("br0", bridge="br0")}
        return lines(ovs.removal(made, label, Observed(seen.bridges, everything)))

    assert gone("skiff") == ["--if-exists del-br br0"]
    ports = [f"--if-exists del-port {OWN}"]
    assert gone("skiff-other") == ports
    assert gone("skiff", Port("sk1", bridge="br0", network="cd" * 32)) == ports
    assert gone("skiff", Port("eth1", bridge="br0")) == [*ports, "remove Bridge br0 external_ids skiff"]
    assert ovs.removal(made, "skiff", EMPTY) == []


def test_a_tunnel_that_is_there_already() -> None:
    mine = network(tunnel="gre", remote_ip="192.0.2.2", key="3")
    theirs = Port("t", "gre", options={"remote_ip": "192.0.2.2", "key": "3", "tos": "inherit"}, bridge="b")
    assert ovs.clash(mine.spec, Observed({}, {"t": theirs})) == "t"
    assert ovs.clash(network(tunnel="gre", remote_ip="192.0.2.2").spec, Observed({}, {"t": theirs})) == ""
    assert ovs.clash(network().spec, Observed({}, {"t": theirs})) == ""


def test_answers_of_the_database() -> None:
    interface = {"type": "gre", "options": {"key": "3"}, "mtu_request": [], "ofport": -1, "error": "File exists"}
    bridges: list[dict[str, Any]] = [
        {"name": "b", "ports": ["1", "2"], "external_ids": {"skiff": "skiff"}, "datapath_type": "netdev"},
        {"name": "c", "ports": [], "external_ids": {}, "datapath_type": ""},
    ]
    port = {"tag": 5, "protected": True, "external_ids": {"skiff-network": ID}}
    ports: list[dict[str, Any]] = [
        {"_uuid": "1", "name": "t", "interfaces": "10", **port},
        {"_uuid": "2", "name": "b", "interfaces": "20", "tag": [], "protected": False, "external_ids": {}},
    ]
    own = {"type": "internal", "options": {}, "mtu_request": 1400, "ofport": 65534, "error": []}
    seen = ovs.observed(bridges, ports, [{"_uuid": "10", **interface}, {"_uuid": "20", **own}])
    assert seen.bridges == {"b": Bridge("b", "netdev", "skiff"), "c": Bridge("c", "", "")}
    tunnel, bridge = seen.ports["t"], seen.ports["b"]
    assert (tunnel.bridge, tunnel.network, tunnel.works, tunnel.error) == ("b", ID, False, "File exists")
    assert tunnel == Port("t", "gre", "5", True, "", {"key": "3"})
    assert (bridge.works, bridge.mtu, bridge.network) == (True, "1400", "")


def test_no_container_sends_to_the_hosts_own_tunnels() -> None:
    contained = [{"match": "what containers send"}]
    both = [network(tunnel="gre", remote_ip="192.0.2.2"), network(tunnel="gre", remote_ip="192.0.2.3"), network()]
    ends, landing = ovs.guards(both, contained)
    assert landing[:1] == contained
    assert landing[1]["match"]["right"] == 47
    assert ovs.guards(both, []) == [ends]
