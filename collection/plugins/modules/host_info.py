#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_info
short_description: Say what there is on a host, and what it can
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Say what the host's kernel offers, and list containers, images, networks and volumes, as
    P(community.docker.docker_host_info#module) does.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.info
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
options:
  containers:
    description: Whether to list containers.
    type: bool
    default: false
  containers_all:
    description: Whether to list also containers that do not run.
    type: bool
    default: false
  containers_filters:
    description: Only containers that these conditions pick; the keys are those of C(docker ps).
    type: dict
  disk_usage:
    description: Whether to say what takes how much of the disk. All files are looked at for that.
    type: bool
    default: false
  images:
    description: Whether to list images.
    type: bool
    default: false
  images_filters:
    description: Only images that these conditions pick - before, dangling, label, reference, since, until.
    type: dict
  networks:
    description: Whether to list networks.
    type: bool
    default: false
  networks_filters:
    description: Only networks that these conditions pick - dangling, driver, id, label, name, scope, type.
    type: dict
  verbose_output:
    description: Whether to tell everything of what is listed.
    type: bool
    default: false
  volumes:
    description: Whether to list volumes.
    type: bool
    default: false
  volumes_filters:
    description: Only volumes that these conditions pick - dangling, driver, label, name.
    type: dict
seealso:
  - module: skiff.containers.container_info
"""

EXAMPLES = r"""
- name: Look at the host and its running containers
  skiff.containers.host_info:
    containers: true
  register: found

- name: List the containers of a shop, running or not, and all networks
  skiff.containers.host_info:
    containers: true
    containers_all: true
    containers_filters:
      label:
        shop: books
    networks: true
    verbose_output: true
"""

RETURN = r"""
can_talk_to_docker:
  description: Always V(true), for playbooks that ask the module of community.docker.
  returned: always
  type: bool
host_info:
  description: What the kernel offers, and how many objects there are; the keys are those of C(docker info).
  returned: always
  type: dict
  sample: {"ContainersRunning": 3, "KernelVersion": "6.1.0"}
containers:
  description: Containers with Id, Image, Command, Created, Status, Ports and Names, or all that C(docker ps) knows.
  returned: O(containers=true)
  type: list
  elements: dict
images:
  description: Images with Id, RepoTags, Created and Size, or all that C(docker inspect) knows.
  returned: O(images=true)
  type: list
  elements: dict
networks:
  description: Networks with Id, Driver, Name and Scope, or all that C(docker inspect) knows.
  returned: O(networks=true)
  type: list
  elements: dict
volumes:
  description: Volumes with Driver and Name, or all that C(docker inspect) knows.
  returned: O(volumes=true)
  type: list
  elements: dict
disk_usage:
  description: The bytes of all layers, of containers and of volumes; with O(verbose_output=true) of each object.
  returned: O(disk_usage=true)
  type: dict
  sample: {"LayersSize": 1984283}
"""

from ..module_utils.runner import run

FLAGS = ("containers", "containers_all", "disk_usage", "images", "networks", "verbose_output", "volumes")
FILTERS = ("containers_filters", "images_filters", "networks_filters", "volumes_filters")
OPTIONS = {
    **{name: {"type": "bool", "default": False} for name in FLAGS},
    **{name: {"type": "dict"} for name in FILTERS},
}


def main() -> None:
    run("host_info", OPTIONS, writes=False)


if __name__ == "__main__":
    main()
