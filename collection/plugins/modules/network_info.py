#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: network_info
short_description: Say what there is of a network
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Say what there is of a network, as P(community.docker.docker_network_info#module) does.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.info
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
options:
  name:
    description: The name of the network, or its id.
    type: str
    required: true
seealso:
  - module: skiff.containers.network
"""

EXAMPLES = r"""
- name: Look at a network
  skiff.containers.network_info:
    name: shop
  register: found

- name: Stop the play when it is not there
  ansible.builtin.assert:
    that: found.exists
"""

RETURN = r"""
exists:
  description: Whether there is such a network.
  returned: always
  type: bool
network:
  description: What C(docker network inspect) says of the network. V(none) when there is none.
  returned: always
  type: dict
  sample: {"Name": "shop"}
overlay:
  description: What the other hosts of an overlay network need to know of this one, as M(skiff.containers.network) returns it.
  returned: when it is an overlay network
  type: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "name": {"type": "str", "required": True},
}


def main() -> None:
    run("network_info", OPTIONS, writes=False)


if __name__ == "__main__":
    main()
