#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: container_info
short_description: Say what there is of a container
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Say what there is of a container, as P(community.docker.docker_container_info#module) does.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.info
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
options:
  name:
    description: The name of the container, or its id or the unique beginning of that.
    type: str
    required: true
seealso:
  - module: skiff.containers.container
"""

EXAMPLES = r"""
- name: Look at a container
  skiff.containers.container_info:
    name: web
  register: found

- name: Stop the play when it is not there
  ansible.builtin.assert:
    that: found.exists
"""

RETURN = r"""
exists:
  description: Whether there is such a container.
  returned: always
  type: bool
container:
  description: What C(docker inspect) says of the container. V(none) when there is none.
  returned: always
  type: dict
  sample: {"Name": "web"}
"""

from ..module_utils.runner import run

OPTIONS = {
    "name": {"type": "str", "required": True},
}


def main() -> None:
    run("container_info", OPTIONS, writes=False)


if __name__ == "__main__":
    main()
