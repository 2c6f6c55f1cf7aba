#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: container_logs
short_description: Return what a container has written
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Return the lines that a container has written to its standard output and error, as far as its log keeps them.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.info
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
options:
  name:
    description: The name of the container, or its id or the unique beginning of that.
    type: str
    required: true
    aliases:
      - container
  since:
    description:
      - Only lines from this time on - an RFC 3339 time or date, seconds since 1970, or a length of time before now such as
        V(10m) or V(1h30m).
    type: str
  tail:
    description: Number of lines from the end of the log, or V(all).
    type: str
    default: all
  timestamps:
    description: Begin each line with its time, as RFC 3339 in UTC with nanoseconds.
    type: bool
    default: false
  until:
    description: Only lines before this time, which is given as O(since) is.
    type: str
seealso:
  - module: skiff.containers.container
"""

EXAMPLES = r"""
- name: Look at the last lines of a container
  skiff.containers.container_logs:
    name: web
    tail: "20"
    since: 1h
  register: log

- name: Stop the play when it complains
  ansible.builtin.assert:
    that: "'ERROR' not in log.lines | join(' ')"
"""

RETURN = r"""
lines:
  description: The lines of both streams, in the order in which they were written, without their ends.
  returned: success
  type: list
  elements: str
  sample: ["listening on port 80"]
stdout_lines:
  description: Those of the standard output. All of them for a container with a terminal.
  returned: success
  type: list
  elements: str
stderr_lines:
  description: Those of the standard error.
  returned: success
  type: list
  elements: str
"""

from ..module_utils.runner import run

OPTIONS = {
    "name": {"type": "str", "required": True, "aliases": ["container"]},
    "since": {"type": "str"},
    "tail": {"type": "str", "default": "all"},
    "timestamps": {"type": "bool", "default": False},
    "until": {"type": "str"},
}


def main() -> None:
    run("container_logs", OPTIONS, writes=False)


if __name__ == "__main__":
    main()
