#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: network
short_description: Manage networks
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Creates, changes and removes bridge networks for containers.
  - Options, defaults and return values are those of P(community.docker.docker_network#module).
  - A network that differs in an option that the task sets is made anew. Options that the task does not set stay as they are.
  - The containers of a network that is made anew are connected to it again, with their addresses as far as it has them, their
    hardware addresses, names and published ports. RV(diff.reconnected) names them, also in check mode. When the new network
    cannot be made, the old one is there again; and when the task is killed, the next one finishes it.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
options:
  name:
    description: The name of the network.
    type: str
    required: true
    aliases: [network_name]
  state:
    description:
      - V(present) makes sure that the network exists and is as the options say.
      - V(absent) disconnects all containers from it and removes it.
    type: str
    choices: [absent, present]
    default: present
  driver:
    description:
      - V(bridge), V(macvlan), V(ipvlan), V(openvswitch) or V(overlay).
      - V(overlay) is one network over several hosts. It needs one entry of O(ipam_config), whose C(iprange) is the slice of
        the subnet from which this host gives out addresses, and O(peers). With O(enable_ipv6=true) it needs another entry
        of this kind, with an IPv6 subnet; with O(enable_ipv4=false) as well, that is the only one.
    type: str
    default: bridge
  driver_options:
    description:
      - Options of the driver, with Docker's names, such as V(com.docker.network.driver.mtu).
      - For V(macvlan) and V(ipvlan) C(parent), and C(macvlan_mode), or C(ipvlan_mode) and C(ipvlan_flag).
      - With V(bridge) C(com.docker.network.bridge.name) may be a bridge that the host has already. Nothing of it is changed.
      - For V(openvswitch) C(bridge), C(datapath_type), C(tag), C(tunnel) with C(remote_ip), C(local_ip) and C(key),
        C(gateway_on_host) and C(database); see C(docs/networks.md). The host needs the package C(openvswitch-switch).
      - For V(overlay) C(vni), the number of the network, from its name unless it is given; C(port), the UDP
        port of VXLAN (4789); C(encrypted), by WireGuard; C(wireguard_port), its UDP port (51820); and C(address), the one of
        this host that it sends from, which hosts with IPv6 addresses need. C(control=evpn) leaves learning to FRR, which
        runs on the hosts; see C(docs/overlay.md).
    type: dict
    default: {}
  ipam_driver:
    description: Accepted with a warning.
    type: str
  ipam_driver_options:
    description: Kept and shown, with a warning that they have no effect.
    type: dict
  ipam_config:
    description:
      - Subnets of the network. Without it, a free one is chosen.
      - Of several subnets of one IP version the first gives out addresses until it is full, then the next one.
    type: list
    elements: dict
    suboptions:
      subnet:
        description: The subnet, such as V(172.30.0.0/16).
        type: str
      iprange:
        description: The part of the subnet from which containers get addresses.
        type: str
      gateway:
        description: The address of the host in the subnet.
        type: str
      aux_addresses:
        description: Addresses that no container gets, by name.
        type: dict
  enable_ipv4:
    description: V(false) makes a network with IPv6 alone.
    type: bool
  enable_ipv6:
    description: Whether containers get IPv6 addresses. Without a subnet for them in O(ipam_config), a unique local one is chosen.
    type: bool
  internal:
    description: Whether nothing outside can be reached from the network.
    type: bool
  attachable:
    description: Kept and shown. It makes no difference on one host.
    type: bool
  ingress:
    description: V(true) is refused. There is no swarm.
    type: bool
  scope:
    description: Only V(local) is accepted.
    type: str
    choices: [local, global, swarm]
  config_only:
    description:
      - Make no network, but a configuration for others, whose O(config_from) names it.
      - It cannot have O(internal) and O(attachable), which each network has for itself.
    type: bool
  config_from:
    description:
      - The configuration from which the network gets its subnets, driver options, labels and IPv6. The task must not set these.
      - A change of the configuration does not change the networks that were made from it.
    type: str
  peers:
    description:
      - The other hosts of a network with O(driver=overlay). P(skiff.containers.overlay_peers#filter) makes them from the
        inventory. Without this option the peers that are there stay; an empty list takes all away.
      - Other peers are no reason to make the network anew. Only the entries of peers that come, go or change are touched, and
        containers stay connected.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the host. Without it, the address.
        type: str
      address:
        description: The IP address by which this host reaches it.
        type: str
        required: true
      slice:
        description: The part of the subnet from which that host gives out addresses; of the IPv6 one without IPv4.
        type: str
        required: true
      slice6:
        description: The part of the IPv6 subnet from which that host gives out addresses, on a network that has both.
        type: str
      public_key:
        description: The key of its WireGuard interface, RV(overlay) of its own task. Without it, the key that is known stays.
        type: str
      endpoints:
        description:
          - Its containers, RV(overlay) of its own task. Their names are found by the containers of this host.
          - Without it, those that are known stay.
        type: list
        elements: dict
        suboptions:
          names:
            description: Names by which it is found.
            type: list
            elements: str
          address:
            description: Its address on the network; the IPv4 one where it has both.
            type: str
            required: true
          address6:
            description: Its IPv6 address on the network, where it has both.
            type: str
          mac:
            description: The hardware address of its interface.
            type: str
            required: true
  labels:
    description: Labels of the network.
    type: dict
    default: {}
  connected:
    description:
      - Containers that shall be connected. Others are disconnected unless O(appends=true). Names of containers that do not
        exist are skipped.
      - An empty list leaves all containers as they are.
    type: list
    elements: str
    default: []
    aliases: [containers]
  appends:
    description: With V(true), containers that are not in O(connected) stay connected.
    type: bool
    default: false
    aliases: [incremental]
  force:
    description: Make the network anew even when nothing differs.
    type: bool
    default: false
seealso:
  - module: skiff.containers.container
  - module: skiff.containers.network_info
"""

EXAMPLES = r"""
- name: Make a network
  skiff.containers.network:
    name: shop

- name: Make a network with a subnet of its own
  skiff.containers.network:
    name: backend
    internal: true
    ipam_config:
      - subnet: 172.30.0.0/24
        gateway: 172.30.0.1

- name: Give containers addresses of the LAN, in VLAN 10
  skiff.containers.network:
    name: office
    driver: macvlan
    driver_options:
      parent: eth0.10
    ipam_config:
      - subnet: 192.0.2.0/24
        gateway: 192.0.2.1
        iprange: 192.0.2.128/25

- name: Keep a configuration for networks of several driver options
  skiff.containers.network:
    name: jumbo
    config_only: true
    driver_options:
      com.docker.network.driver.mtu: 9000

- name: Make an internal network from it
  skiff.containers.network:
    name: storage
    config_from: jumbo
    internal: true

- name: Remove a network, and disconnect its containers
  skiff.containers.network:
    name: shop
    state: absent
"""

RETURN = r"""
network:
  description: What C(docker network inspect) says of the network. V(none) in check mode when it does not exist yet.
  returned: with O(state=present)
  type: dict
  sample: {"Name": "shop", "Driver": "bridge", "Internal": false}
overlay:
  description: What the other hosts of an overlay network need to know of this one.
  returned: with O(driver=overlay), when the network exists
  type: dict
  contains:
    endpoints:
      description: The containers of this host that run on the network, as in the suboption C(endpoints) of O(peers).
      type: list
      elements: dict
    mtu:
      description: The largest packet that a container sends, in bytes.
      type: int
    port:
      description: The UDP port of VXLAN.
      type: int
    public_key:
      description: The key of the WireGuard interface, in base64; empty without encryption.
      type: str
    slice:
      description: The part of the subnet from which this host gives out addresses.
      type: str
    slice6:
      description: The part of the IPv6 subnet from which this host gives out addresses.
      returned: with O(enable_ipv6=true), on a network that has IPv4 too
      type: str
    vni:
      description: The number of the network.
      type: int
diff:
  description: What differs.
  returned: in diff mode
  type: dict
  contains:
    after:
      description: The options that differ, as they are wanted.
      type: dict
    before:
      description: The options that differ, as they are.
      type: dict
    reconnected:
      description: The containers that are connected again, because the network is made anew.
      returned: when the network is made anew
      type: list
      elements: str
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "appends": {"type": "bool", "default": False, "aliases": ["incremental"]},
    "attachable": {"type": "bool"},
    "config_from": {"type": "str"},
    "config_only": {"type": "bool"},
    "connected": {"type": "list", "elements": "str", "default": [], "aliases": ["containers"]},
    "driver": {"type": "str", "default": "bridge"},
    "driver_options": {"type": "dict", "default": {}},
    "enable_ipv4": {"type": "bool"},
    "enable_ipv6": {"type": "bool"},
    "force": {"type": "bool", "default": False},
    "ingress": {"type": "bool"},
    "internal": {"type": "bool"},
    "ipam_config": {
        "type": "list",
        "elements": "dict",
        "options": {
            "aux_addresses": {"type": "dict"},
            "gateway": {"type": "str"},
            "iprange": {"type": "str"},
            "subnet": {"type": "str"},
        },
    },
    "ipam_driver": {"type": "str"},
    "ipam_driver_options": {"type": "dict"},
    "labels": {"type": "dict", "default": {}},
    "name": {"type": "str", "required": True, "aliases": ["network_name"]},
    "peers": {
        "type": "list",
        "elements": "dict",
        "options": {
            "address": {"type": "str", "required": True},
            "endpoints": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "address": {"type": "str", "required": True},
                    "address6": {"type": "str"},
                    "mac": {"type": "str", "required": True},
                    "names": {"type": "list", "elements": "str"},
                },
            },
            "name": {"type": "str"},
            "public_key": {"type": "str"},
            "slice": {"type": "str", "required": True},
            "slice6": {"type": "str"},
        },
    },
    "scope": {"type": "str", "choices": ["local", "global", "swarm"]},
    "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
}


def main() -> None:
    run("network", OPTIONS)


if __name__ == "__main__":
    main()
