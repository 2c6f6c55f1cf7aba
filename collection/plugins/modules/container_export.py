#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: container_export
short_description: Write a container's file system to an archive
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Writes the file system of a container to a tar archive, as C(docker export) does. Volumes and other mounts are left out.
  - The container may run, be stopped or never have been started.
  - The same files always give the same archive. Nothing is written when the archive is there and is the same.
  - An image can be made of it by O(skiff.containers.image#module:source=import).
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
  container:
    description: The name or id of the container.
    type: str
    required: true
  path:
    description:
      - The archive on the host. Its folder must exist.
      - The old file is there until the new one is complete. A new file can be read by its owner only.
    type: path
    required: true
  force:
    description: Write the archive even when it is the same already.
    type: bool
    default: false
seealso:
  - module: skiff.containers.container_commit
  - module: skiff.containers.container_copy
  - module: skiff.containers.image
"""

EXAMPLES = r"""
- name: Keep what a container has become
  skiff.containers.container_export:
    container: builder
    path: /srv/archives/builder.tar
"""

RETURN = r"""
path:
  description: The archive.
  returned: success
  type: str
  sample: /srv/archives/builder.tar
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "container": {"type": "str", "required": True},
    "force": {"type": "bool", "default": False},
    "path": {"type": "path", "required": True},
}


def main() -> None:
    run("container_export", OPTIONS)


if __name__ == "__main__":
    main()
