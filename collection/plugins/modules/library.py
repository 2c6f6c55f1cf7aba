#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: library
short_description: Install the runtime library and its command
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Every module of this collection brings the library to a host that does not have it. This module does nothing else, and
    has the command C(skiff) run this version, at a path that stays the same when the library is upgraded.
  - The role P(skiff.containers.host#role) calls it.
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
  command:
    description: Where the command is to be found; a link to the one in the folder of the installation.
    type: path
    default: /usr/local/bin/skiff
  state:
    description:
      - V(present) installs library and command.
      - V(absent) removes the command. The library stays for containers that run, and so does everything else.
    type: str
    choices: [absent, present]
    default: present
  purge:
    description: With O(state=absent), remove all containers, networks, volumes, images and the library, too.
    type: bool
    default: false
seealso:
  - module: skiff.containers.container
"""

EXAMPLES = r"""
- name: Have the library and the command
  skiff.containers.library:

- name: Remove everything that Skiff has on this host
  skiff.containers.library:
    state: absent
    purge: true
"""

RETURN = r"""
command:
  description: The path of the command.
  returned: with O(state=present)
  type: str
  sample: /usr/local/bin/skiff
completion:
  description: The scripts by which shells complete its words, by the name of the shell.
  returned: with O(state=present)
  type: dict
  contains:
    bash:
      description: The script for bash.
      type: str
      returned: always
    zsh:
      description: The script for zsh.
      type: str
      returned: always
settings:
  description: The path of the file with settings of the host, whether or not it is there.
  returned: always
  type: str
  sample: /etc/skiff/host.json
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "command": {"type": "path", "default": "/usr/local/bin/skiff"},
    "purge": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
}


def main() -> None:
    run("library", OPTIONS, installs=False)


if __name__ == "__main__":
    main()
