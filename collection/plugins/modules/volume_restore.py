#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: volume_restore
short_description: Fill a volume from an archive
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Makes the content of a volume that of a tar archive, in any compression. What else is in the volume goes.
  - The archive is unpacked beside the content and then put in its place in one step, so a damaged archive changes nothing.
  - Nothing is changed when the volume holds the same already.
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
      - Which archive is to be the content is shown, not what differs.
options:
  volume:
    description:
      - The name of the volume, which must exist.
      - No container that has it may be running when something is to be changed.
      - A volume with O(skiff.containers.volume#module:driver_options) is filled anew each time.
    type: str
    required: true
  path:
    description: The archive.
    type: path
    required: true
  force:
    description: Put the archive's content into the volume even when it holds the same already.
    type: bool
    default: false
  where:
    description:
      - Whether O(path) is a file of the host or of the controller, where a relative path is looked for as C(copy) does.
      - From the controller the archive is sent only when its content differs. The task cannot be asynchronous then.
    type: str
    choices: [host, controller]
    default: host
  delivery:
    description: What the controller's side of this module tells the host's. Not for playbooks.
    type: dict
    suboptions:
      digest:
        description: The digest of the archive's content.
        type: str
        required: true
      archive:
        description: The archive on the host.
        type: path
seealso:
  - module: skiff.containers.volume
  - module: skiff.containers.volume_backup
"""

EXAMPLES = r"""
- name: Bring a database back
  skiff.containers.volume_restore:
    volume: db
    path: /srv/backups/db.tar.zst
"""

RETURN = r"""
volume:
  description: The name of the volume.
  returned: success
  type: str
  sample: db
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "delivery": {
        "type": "dict",
        "options": {"archive": {"type": "path"}, "digest": {"type": "str", "required": True}},
    },
    "force": {"type": "bool", "default": False},
    "path": {"type": "path", "required": True},
    "volume": {"type": "str", "required": True},
    "where": {"type": "str", "choices": ["host", "controller"], "default": "host"},
}


def main() -> None:
    run("volume_restore", OPTIONS)


if __name__ == "__main__":
    main()
