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
  - A network that differs in an option that the task sets is made anew, and its containers are connected to the new one.
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
    description: V(bridge), V(macvlan), V(ipvlan) or V(overlay).
    type: str
    default: bridge
  driver_options:
    description:
      - Options of the driver, with Docker's names, such as V(com.docker.network.driver.mtu).
      - For V(macvlan) and V(ipvlan) C(parent), and C(macvlan_mode), or C(ipvlan_mode) and C(ipvlan_flag).
      - With V(bridge) C(com.docker.network.bridge.name) may be a bridge that the host has already. Nothing of it is changed.
    type: dict
    default: {}
  ipam_driver:
    description: Accepted with a warning.
    type: str
  ipam_driver_options:
    description: Accepted with a warning.
    type: dict
  ipam_config:
    description: Subnets of the network. Without it, a free one is chosen.
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
    description: V(false) is refused. There are no networks without IPv4.
    type: bool
  enable_ipv6:
    description: V(true) is refused. There are no networks with IPv6 yet.
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
    description: V(true) is refused.
    type: bool
  config_from:
    description: Refused.
    type: str
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
    "scope": {"type": "str", "choices": ["local", "global", "swarm"]},
    "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
}


def main() -> None:
    run("network", OPTIONS)


if __name__ == "__main__":
    main()
