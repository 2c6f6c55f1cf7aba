#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: volume_backup
short_description: Back up a volume to an archive
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Writes the content of a volume to a tar archive on the host or the controller.
  - Nothing is written when the archive, in whatever compression, holds the same already.
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
      - Whether the archive was there is shown, not what differs in it.
options:
  volume:
    description: The name of the volume.
    type: str
    required: true
  path:
    description:
      - The archive. Its folder must exist.
      - The old file is there until the new one is complete. A new file can be read by its owner only.
    type: path
    required: true
  compression:
    description: How a new archive is compressed. V(zstd) needs the command C(zstd) on the host.
    type: str
    choices: [none, gzip, zstd]
    default: none
  pause:
    description:
      - Let the containers that have the volume stand still while it is read.
      - The archive then holds what a power cut at one moment would have left, which is what databases can start from. Without it
        files that change meanwhile may not fit together.
    type: bool
    default: false
  force:
    description: Write the archive even when it holds the same already.
    type: bool
    default: false
  where:
    description:
      - Whether O(path) is a file of the host or of the controller, where a relative path begins at the playbook's folder.
      - On the controller the task cannot be asynchronous. The content is read once more to be compared, and only fetched when
        it differs.
    type: str
    choices: [host, controller]
    default: host
  delivery:
    description: What the controller's side of this module tells the host's. Not for playbooks.
    type: dict
    suboptions:
      digest:
        description: The digest of what the controller has, or nothing.
        type: str
        required: true
      archive:
        description: Where the archive is fetched on the host.
        type: path
        required: true
seealso:
  - module: skiff.containers.volume
  - module: skiff.containers.volume_restore
"""

EXAMPLES = r"""
- name: Back up a database that goes on running
  skiff.containers.volume_backup:
    volume: db
    path: /srv/backups/db.tar.zst
    compression: zstd
    pause: true

- name: Back it up beside the playbook
  skiff.containers.volume_backup:
    volume: db
    path: "backups/{{ inventory_hostname }}.tar.zst"
    where: controller
    compression: zstd
    pause: true
"""

RETURN = r"""
path:
  description: The archive.
  returned: success
  type: str
  sample: /srv/backups/db.tar.zst
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "compression": {"type": "str", "choices": ["none", "gzip", "zstd"], "default": "none"},
    "delivery": {
        "type": "dict",
        "options": {"archive": {"type": "path", "required": True}, "digest": {"type": "str", "required": True}},
    },
    "force": {"type": "bool", "default": False},
    "path": {"type": "path", "required": True},
    "pause": {"type": "bool", "default": False},
    "volume": {"type": "str", "required": True},
    "where": {"type": "str", "choices": ["host", "controller"], "default": "host"},
}


def main() -> None:
    run("volume_backup", OPTIONS)


if __name__ == "__main__":
    main()
