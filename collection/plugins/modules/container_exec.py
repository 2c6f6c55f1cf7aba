#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: container_exec
short_description: Run a command in a container
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Runs a command in a running container and returns its output.
  - Options and return values are those of P(community.docker.docker_container_exec#module).
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
attributes:
  check_mode:
    support: none
    details:
      - Nobody can tell what a command would change, so in check mode the task is skipped.
  diff_mode:
    support: none
options:
  container:
    description: The name or id of the container.
    type: str
    required: true
  argv:
    description: The command, as a list. Exactly one of O(argv) and O(command) is needed.
    type: list
    elements: str
  command:
    description: The command, as a text that is split like a shell does. No shell runs it.
    type: str
  chdir:
    description: The folder in the container to run it in.
    type: str
  detach:
    description: Return at once, with RV(exec_id) and nothing else.
    type: bool
    default: false
  user:
    description: The user (and group) to run it as, by name or number.
    type: str
  env:
    description: Environment variables. Values must be texts.
    type: dict
  stdin:
    description: What the command reads from its standard input.
    type: str
  stdin_add_newline:
    description: Add a newline to O(stdin).
    type: bool
    default: true
  strip_empty_ends:
    description: Strip newlines from the end of RV(stdout) and RV(stderr).
    type: bool
    default: true
  tty:
    description: Give the command a terminal. Then everything it writes is in RV(stdout).
    type: bool
    default: false
seealso:
  - module: skiff.containers.container
"""

EXAMPLES = r"""
- name: Reload a web server
  skiff.containers.container_exec:
    container: web
    command: nginx -s reload

- name: Feed a database
  skiff.containers.container_exec:
    container: db
    argv: [mariadb, shop]
    stdin: "{{ lookup('ansible.builtin.file', 'shop.sql') }}"
"""

RETURN = r"""
rc:
  description: The exit code. Anything but zero makes the task fail. As in a shell, V(127) is a missing command, V(126) one
    that cannot be executed.
  returned: without O(detach=true)
  type: int
  sample: 0
stdout:
  description: The standard output.
  returned: without O(detach=true)
  type: str
stderr:
  description: The standard error.
  returned: without O(detach=true)
  type: str
exec_id:
  description: A name of this run.
  returned: with O(detach=true)
  type: str
"""

from ..module_utils.runner import run

OPTIONS = {
    "argv": {"type": "list", "elements": "str"},
    "chdir": {"type": "str"},
    "command": {"type": "str"},
    "container": {"type": "str", "required": True},
    "detach": {"type": "bool", "default": False},
    "env": {"type": "dict"},
    "stdin": {"type": "str"},
    "stdin_add_newline": {"type": "bool", "default": True},
    "strip_empty_ends": {"type": "bool", "default": True},
    "tty": {"type": "bool", "default": False},
    "user": {"type": "str"},
}


def main() -> None:
    run(
        "container_exec",
        OPTIONS,
        supports_check_mode=False,
        required_one_of=[["argv", "command"]],
        mutually_exclusive=[["argv", "command"]],
    )


if __name__ == "__main__":
    main()
