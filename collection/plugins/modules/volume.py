#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: volume
short_description: Manage volumes
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Creates and removes named volumes for containers.
  - Options, defaults and return values are those of P(community.docker.docker_volume#module).
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
  volume_name:
    description: The name of the volume.
    type: str
    required: true
    aliases: [name]
  state:
    description:
      - V(present) makes sure that the volume exists.
      - V(absent) removes it with all that is in it. It is an error when a container has it.
    type: str
    choices: [absent, present]
    default: present
  driver:
    description: Only V(local) exists.
    type: str
    default: local
  driver_options:
    description: The options V(type), V(o) and V(device) say what is mounted where the volume is used.
    type: dict
    default: {}
  labels:
    description: Labels of the volume.
    type: dict
  recreate:
    description:
      - What to do with a volume that exists. V(never) leaves it, V(always) makes it anew and empty, V(options-changed)
        makes it anew and empty when O(driver), O(driver_options) or O(labels) differ.
    type: str
    choices: [always, never, options-changed]
    default: never
seealso:
  - module: skiff.containers.container
  - module: skiff.containers.volume_info
"""

EXAMPLES = r"""
- name: Make a volume
  skiff.containers.volume:
    name: page

- name: Remove it
  skiff.containers.volume:
    name: page
    state: absent
"""

RETURN = r"""
volume:
  description: What C(docker volume inspect) says of the volume. Empty in check mode when it does not exist yet.
  returned: with O(state=present)
  type: dict
  sample: {"Name": "page", "Driver": "local", "Mountpoint": "/var/lib/skiff/volumes/page/_data"}
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "driver": {"type": "str", "default": "local"},
    "driver_options": {"type": "dict", "default": {}},
    "labels": {"type": "dict"},
    "recreate": {"type": "str", "choices": ["always", "never", "options-changed"], "default": "never"},
    "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
    "volume_name": {"type": "str", "required": True, "aliases": ["name"]},
}


def main() -> None:
    run("volume", OPTIONS)


if __name__ == "__main__":
    main()
