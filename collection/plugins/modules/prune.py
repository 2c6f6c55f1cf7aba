#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: prune
short_description: Remove what is not used
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Remove containers that do not run, and images, networks and volumes that no container uses, as
    P(community.docker.docker_prune#module) does.
  - Unlike that, it tells in check mode what it would remove.
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
  builder_cache:
    description:
      - Whether to forget what earlier builds have made. Its layers are the images'; what goes from the disk are the folders
        of cache mounts and the files that C(ADD) has fetched.
    type: bool
    default: false
  builder_cache_all:
    description: Without effect, for there is one type of build cache.
    type: bool
    default: false
  builder_cache_filters:
    description: Only what this condition picks - until.
    type: dict
  builder_cache_keep_storage:
    description: Without effect but a warning.
    type: str
  containers:
    description: Whether to remove containers that do not run.
    type: bool
    default: false
  containers_filters:
    description: Only containers that these conditions pick - label, label!, until.
    type: dict
  images:
    description:
      - Whether to remove images that no container uses and that have no name, and what pulls that broke off have left.
    type: bool
    default: false
  images_filters:
    description: Only images that these conditions pick - label, label!, until; with C(dangling) V(false) also those with a name.
    type: dict
  networks:
    description: Whether to remove networks that no running container is on.
    type: bool
    default: false
  networks_filters:
    description: Only networks that these conditions pick - label, label!, until.
    type: dict
  volumes:
    description: Whether to remove anonymous volumes that no container has.
    type: bool
    default: false
  volumes_filters:
    description: Only volumes that these conditions pick - label, label!; with C(all) V(true) also those with a name.
    type: dict
seealso:
  - module: skiff.containers.host_info
"""

EXAMPLES = r"""
- name: Remove containers that have ended and were created more than a day ago
  skiff.containers.prune:
    containers: true
    containers_filters:
      until: 24h

- name: Remove everything that is not used
  skiff.containers.prune:
    containers: true
    images: true
    images_filters:
      dangling: false
    networks: true
    volumes: true
    volumes_filters:
      all: true
    builder_cache: true
"""

RETURN = r"""
containers:
  description: The ids of the containers that were removed.
  returned: O(containers=true)
  type: list
  elements: str
containers_space_reclaimed:
  description: The bytes of their files.
  returned: O(containers=true)
  type: int
images:
  description: The ids of the images that were removed.
  returned: O(images=true)
  type: list
  elements: str
images_space_reclaimed:
  description: The bytes of the layers that only they had, and of what broken pulls had left.
  returned: O(images=true)
  type: int
networks:
  description: The names of the networks that were removed.
  returned: O(networks=true)
  type: list
  elements: str
volumes:
  description: The names of the volumes that were removed.
  returned: O(volumes=true)
  type: list
  elements: str
volumes_space_reclaimed:
  description: The bytes of their files.
  returned: O(volumes=true)
  type: int
builder_cache_caches_deleted:
  description: The keys of what was forgotten.
  returned: O(builder_cache=true)
  type: list
  elements: str
builder_cache_space_reclaimed:
  description: The bytes of cache mounts and of files that C(ADD) had fetched.
  returned: O(builder_cache=true)
  type: int
"""

from ..module_utils.runner import run

KINDS = ("builder_cache", "containers", "images", "networks", "volumes")
OPTIONS = {
    **{name: {"type": "bool", "default": False} for name in (*KINDS, "builder_cache_all")},
    **{f"{name}_filters": {"type": "dict"} for name in KINDS},
    "builder_cache_keep_storage": {"type": "str"},
}


def main() -> None:
    run("prune", OPTIONS)


if __name__ == "__main__":
    main()
