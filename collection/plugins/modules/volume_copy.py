#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: volume_copy
short_description: Copy a volume from another host
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Makes the content of a volume that of a volume of another host of the inventory. What else is in the volume goes.
  - The content goes through the controller, by Ansible's own connection, and only when it differs.
  - It is unpacked beside the old content and then put in its place in one step, so a broken connection changes nothing.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
attributes:
  check_mode:
    support: full
  diff_mode:
    support: partial
    details:
      - The digest of the content is shown, not what differs.
notes:
  - The task cannot be asynchronous.
options:
  volume:
    description:
      - The name of the volume. It is made when it is missing.
      - No container that has it may be running when something is to be changed.
    type: str
    required: true
  source_host:
    description:
      - The name of a host of the inventory that has the volume. It is reached by its own variables, over C(local) or C(ssh),
        as root, or with C(ansible_become) by C(sudo) without a password. Skiff must have been used on it.
    type: str
    required: true
  source_volume:
    description: The name of the volume there, if it is another one.
    type: str
  pause:
    description:
      - Let the containers that have the volume there stand still while it is read.
      - The copy is then what a power cut at one moment would have left, which is what databases can start from.
    type: bool
    default: false
  compression:
    description: How the content is compressed on its way. V(zstd) needs the command C(zstd) on both hosts.
    type: str
    choices: [none, gzip, zstd]
    default: none
  force:
    description: Copy even when the volume holds the same already.
    type: bool
    default: false
  delivery:
    description: What the controller's side of this module tells the host's. Not for playbooks.
    type: dict
    suboptions:
      digest:
        description: The digest of the content on the other host.
        type: str
        required: true
      archive:
        description: The archive on the host with the content.
        type: path
seealso:
  - module: skiff.containers.volume
  - module: skiff.containers.volume_backup
"""

EXAMPLES = r"""
- name: Stop the database on this host
  skiff.containers.container:
    name: db
    state: stopped

- name: Bring its data from where it runs
  skiff.containers.volume_copy:
    volume: db
    source_host: db1.example.org
    pause: true
    compression: zstd
"""

RETURN = r"""
volume:
  description: The name of the volume.
  returned: success
  type: str
  sample: db
bytes_sent:
  description: The size of the archive that was sent to the host.
  returned: success
  type: int
  sample: 104857600
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "compression": {"type": "str", "choices": ["none", "gzip", "zstd"], "default": "none"},
    "delivery": {"type": "dict", "options": {"archive": {"type": "path"}, "digest": {"type": "str", "required": True}}},
    "force": {"type": "bool", "default": False},
    "pause": {"type": "bool", "default": False},
    "source_host": {"type": "str", "required": True},
    "source_volume": {"type": "str"},
    "volume": {"type": "str", "required": True},
}


def main() -> None:
    run("volume_copy", OPTIONS)


if __name__ == "__main__":
    main()
