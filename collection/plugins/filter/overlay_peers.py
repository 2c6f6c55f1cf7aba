# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: overlay_peers
short_description: The other hosts of an overlay network
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Makes the option O(skiff.containers.network#module:peers) of M(skiff.containers.network) from hosts of the inventory.
  - The address of a host is its variable C(skiff_overlay_address), or the one of its default route when its facts have been
    gathered, or C(ansible_host) where that is an address.
  - Each host owns a slice of the subnet. It is the one that its variable C(skiff_overlay_slice) says, as a number or a
    subnet, or the one with the number of the host's address modulo the number of slices. So no host's slice changes when
    others come and go. Two hosts with the same slice are refused.
positional: _input, hostvars, this
options:
  _input:
    description: Names of all hosts of the network; this host may be among them.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variables of all hosts.
    type: dict
    required: true
  this:
    description: The name of this host, C(inventory_hostname).
    type: str
    required: true
  subnet:
    description: The subnet of the network; the IPv6 one of a network that has no IPv4.
    type: str
    required: true
  prefix:
    description: The prefix length of a slice. Without it, 24 of an IPv4 subnet and 80 of an IPv6 one.
    type: int
  subnet6:
    description:
      - The IPv6 subnet of a network that has one beside that of IPv4. A host's slice of it is the one that its variable C(skiff_overlay_slice6)
        says, or the one with the number of the host's address modulo the number of slices.
    type: str
    default: ''
  prefix6:
    description: The prefix length of a slice of it.
    type: int
    default: 80
  registered:
    description:
      - The name of the variable in which a task of M(skiff.containers.network) has left its result on each host. The keys and
        the containers of the other hosts are taken from there.
    type: str
    default: ''
seealso:
  - plugin: skiff.containers.overlay_slice
    plugin_type: filter
  - module: skiff.containers.network
"""

EXAMPLES = r"""
- name: Tell this host about all others
  skiff.containers.network:
    name: mesh
    driver: overlay
    ipam_config:
      - subnet: 10.20.0.0/16
        iprange: "{{ groups['nodes'] | skiff.containers.overlay_slice(hostvars, inventory_hostname, subnet='10.20.0.0/16') }}"
    peers: "{{ groups['nodes'] | skiff.containers.overlay_peers(hostvars, inventory_hostname, subnet='10.20.0.0/16') }}"
"""

RETURN = r"""
_value:
  description: One entry for each host but this one.
  type: list
  elements: dict
  sample: [{"name": "node2", "address": "192.0.2.12", "slice": "10.20.12.0/24"}]
"""

from ansible_collections.skiff.containers.plugins.plugin_utils import overlay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def overlay_peers(
    hosts: list[str],
    hostvars: Any,
    this: str,
    subnet: str,
    prefix: int = 0,
    registered: str = "",
    subnet6: str = "",
    prefix6: int = 80,
) -> list[dict[str, Any]]:
    """Return the other hosts; see `plugin_utils.overlay.peers`."""
    return overlay.peers(hosts, hostvars, this, subnet, int(prefix), registered, subnet6, int(prefix6))


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it."""
        return {"overlay_peers": overlay_peers}
