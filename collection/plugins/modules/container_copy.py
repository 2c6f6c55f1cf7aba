#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: container_copy
short_description: Copy files and folders into a container and out of it
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Copies a file or a folder with all it holds between the host and a container. Nothing is written when the copy is there
    and has the same content, owner and mode.
  - Options and return values for copies into a container are those of
    P(community.docker.docker_container_copy_into#module). That one copies single files only.
  - The container may run, be stopped or never have been started. Its volumes and binds are written to, too. What it has
    mounted itself and its tmpfs are not seen.
  - Files of a folder that are not in the source stay where they are.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - A text of at most 64 KiB is shown as it is, anything else by its digest.
options:
  container:
    description: The name or id of the container.
    type: str
    required: true
  container_path:
    description:
      - The absolute path of the file or folder in the container. It is the path of the copy itself, not that of the folder
        in which it is made.
    type: str
    required: true
  direction:
    description:
      - With V(into), the copy is made in the container.
      - With V(out_of), O(path) becomes a copy of O(container_path).
    type: str
    choices: [into, out_of]
    default: into
  path:
    description:
      - The absolute path of the file or folder on the host.
      - Exactly one of O(path) and O(content) is needed.
    type: path
  content:
    description: The content of the file in the container. O(mode) says what its mode is.
    type: str
  content_is_b64:
    description: O(content) is encoded as Base64, for content that is no text.
    type: bool
    default: false
  owner_id:
    description:
      - The number of the user who owns the copy. Needs O(group_id).
      - By default, what is copied into a container belongs to the user its processes have, and what is copied out of it
        to the one who copies.
    type: int
  group_id:
    description: The number of the group. Needs O(owner_id).
    type: int
  mode:
    description:
      - The mode of the file, or of all files in a folder. Folders keep theirs.
      - By default it is that of the source.
    type: raw
  mode_parse:
    description:
      - How O(mode) is read. V(modern) takes a text for an octal number and a number as it is, V(octal_string_only) takes
        texts only.
      - V(legacy) takes a text for a decimal number, which is the default of
        P(community.docker.docker_container_copy_into#module) and a trap.
    type: str
    choices: [legacy, modern, octal_string_only]
    default: modern
  follow:
    description:
      - Follow a link at O(container_path). Otherwise, a copy into the container replaces it, and a copy out of it is a copy
        of the link.
    type: bool
    default: false
  local_follow:
    description: Follow a link at O(path).
    type: bool
    default: true
  force:
    description:
      - Copy even when the copy is the same already with V(true), and never over what is there with V(false).
      - By default it is copied where it differs.
    type: bool
seealso:
  - module: skiff.containers.container
  - module: skiff.containers.container_exec
"""

EXAMPLES = r"""
- name: Configure a server that is about to start
  skiff.containers.container_copy:
    container: web
    container_path: /etc/nginx/conf.d/default.conf
    content: "{{ lookup('ansible.builtin.template', 'site.conf.j2') }}"
    mode: "0644"
    owner_id: 0
    group_id: 0

- name: Bring a whole site into its volume
  skiff.containers.container_copy:
    container: web
    path: /srv/site
    container_path: /usr/share/nginx/html

- name: Keep a dump
  skiff.containers.container_copy:
    container: db
    direction: out_of
    container_path: /var/backups/shop.sql
    path: /srv/backups/shop.sql
    mode: "0600"
"""

RETURN = r"""
container_path:
  description: The path in the container.
  returned: success
  type: str
  sample: /etc/nginx/conf.d/default.conf
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "container": {"type": "str", "required": True},
    "container_path": {"type": "str", "required": True},
    "content": {"type": "str"},
    "content_is_b64": {"type": "bool", "default": False},
    "direction": {"type": "str", "choices": ["into", "out_of"], "default": "into"},
    "follow": {"type": "bool", "default": False},
    "force": {"type": "bool"},
    "group_id": {"type": "int"},
    "local_follow": {"type": "bool", "default": True},
    "mode": {"type": "raw"},
    "mode_parse": {"type": "str", "choices": ["legacy", "modern", "octal_string_only"], "default": "modern"},
    "owner_id": {"type": "int"},
    "path": {"type": "path"},
}


def main() -> None:
    run(
        "container_copy",
        OPTIONS,
        mutually_exclusive=[["path", "content"]],
        required_one_of=[["path", "content"]],
        required_together=[["owner_id", "group_id"]],
        required_by={"content": ["mode"]},
    )


if __name__ == "__main__":
    main()
