#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: volume_info
short_description: Say what there is of a volume
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Say what there is of a volume, as P(community.docker.docker_volume_info#module) does.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.info
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
options:
  name:
    description: The name of the volume.
    type: str
    required: true
    aliases: [volume_name]
seealso:
  - module: skiff.containers.volume
"""

EXAMPLES = r"""
- name: Look at a volume
  skiff.containers.volume_info:
    name: page
  register: found

- name: Stop the play when it is not there
  ansible.builtin.assert:
    that: found.exists
"""

RETURN = r"""
exists:
  description: Whether there is such a volume.
  returned: always
  type: bool
volume:
  description: What C(docker volume inspect) says of the volume. V(none) when there is none.
  returned: always
  type: dict
  sample: {"Name": "page"}
"""

from ..module_utils.runner import run

OPTIONS = {
    "name": {"type": "str", "required": True, "aliases": ["volume_name"]},
}


def main() -> None:
    run("volume_info", OPTIONS, writes=False)


if __name__ == "__main__":
    main()
