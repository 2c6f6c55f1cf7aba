#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_history
short_description: Say how an image was made
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Says which steps made an image, as C(docker history) does.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.info
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
options:
  name:
    description: The name of the image, or its id.
    type: str
    required: true
  tag:
    description: The tag, for O(name) without one.
    type: str
    default: latest
seealso:
  - module: skiff.containers.image_info
"""

EXAMPLES = r"""
- name: See which step made an image large
  skiff.containers.image_history:
    name: shop:1.4
  register: made

- name: Name the largest step
  ansible.builtin.debug:
    msg: "{{ (made.history | sort(attribute='Size') | last).CreatedBy }}"
"""

RETURN = r"""
history:
  description: The steps in the shape of Docker's C(ImageHistory), the newest first; C(Created) are seconds since 1970.
  returned: success
  type: list
  elements: dict
  sample:
    - Id: "sha256:1f2e..."
      Created: 1715000000
      CreatedBy: COPY page /srv/page
      Comment: ""
      Size: 1024
      Tags: ["shop:1.4"]
"""

from ..module_utils.runner import run

OPTIONS = {
    "name": {"type": "str", "required": True},
    "tag": {"type": "str", "default": "latest"},
}


def main() -> None:
    run("image_history", OPTIONS, writes=False)


if __name__ == "__main__":
    main()
