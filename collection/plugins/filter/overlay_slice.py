# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: overlay_slice
short_description: The part of an overlay network's subnet that is this host's
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Makes the suboption C(iprange) of M(skiff.containers.network) for a host of an overlay network.
  - See P(skiff.containers.overlay_peers#filter) for how a host gets its slice.
positional: _input, hostvars, this
options:
  _input:
    description: Names of all hosts of the network, this one among them.
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
    description: The subnet of the network, of IPv4 or of IPv6.
    type: str
    required: true
  prefix:
    description: The prefix length of a slice. Without it, 24 of an IPv4 subnet and 80 of an IPv6 one.
    type: int
seealso:
  - plugin: skiff.containers.overlay_peers
    plugin_type: filter
  - module: skiff.containers.network
"""

EXAMPLES = r"""
- name: Show the slice of this host
  ansible.builtin.debug:
    msg: "{{ groups['nodes'] | skiff.containers.overlay_slice(hostvars, inventory_hostname, subnet='10.20.0.0/16') }}"
"""

RETURN = r"""
_value:
  description: The slice.
  type: str
  sample: 10.20.12.0/24
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.skiff.containers.plugins.plugin_utils import overlay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def overlay_slice(hosts: list[str], hostvars: Any, this: str, subnet: str, prefix: int = 0) -> str:
    """Return the slice of a host. Raises AnsibleFilterError when it is not among the hosts."""
    found = overlay.slices(hosts, hostvars, subnet, int(prefix))
    if this not in found:
        raise AnsibleFilterError(f"overlay: {this} is none of the hosts {', '.join(found)}")
    return str(found[this])


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it."""
        return {"overlay_slice": overlay_slice}
