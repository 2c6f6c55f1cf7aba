#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: container_info
short_description: Say what there is of containers
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Say what there is of a container, as P(community.docker.docker_container_info#module) does; or of several, of all, or of
    those that filters pick.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.info
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
options:
  filters:
    description:
      - Of which containers, running or not, when neither O(name) nor O(names) is given. The keys are those of C(docker ps) -
        ancestor, before, exited, expose, health, id, label, name, network, publish, since, status, volume. The values are
        texts or lists of texts.
      - Without it, all containers are told.
    type: dict
  name:
    description: The name of one container, or its id or the unique beginning of that.
    type: str
  names:
    description: The names or ids of several containers.
    type: list
    elements: str
seealso:
  - module: skiff.containers.container
  - module: skiff.containers.host_info
"""

EXAMPLES = r"""
- name: Look at a container
  skiff.containers.container_info:
    name: web
  register: found

- name: Stop the play when it is not there
  ansible.builtin.assert:
    that: found.exists

- name: Look at the containers of a shop that do not run
  skiff.containers.container_info:
    filters:
      label: shop=books
      status: [created, exited]
"""

RETURN = r"""
exists:
  description: Whether there is such a container; with O(names), whether all are there.
  returned: always
  type: bool
container:
  description: What C(docker inspect) says of the container. V(none) when there is none.
  returned: with O(name)
  type: dict
  sample: {"Name": "web"}
containers:
  description: What C(docker inspect) says of each container that is there.
  returned: always
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "filters": {"type": "dict"},
    "name": {"type": "str"},
    "names": {"type": "list", "elements": "str"},
}


def main() -> None:
    run("container_info", OPTIONS, writes=False, mutually_exclusive=[("filters", "name", "names")])


if __name__ == "__main__":
    main()
