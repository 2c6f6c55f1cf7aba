#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_tag
short_description: Give an image more names
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Gives an image on the host more names, as P(community.docker.docker_image_tag#module) does.
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
  name:
    description: The name of the image, or its id.
    type: str
    required: true
  tag:
    description: The tag, for O(name) and O(repository) without one.
    type: str
    default: latest
  repository:
    description: The new names, each with or without a tag.
    type: list
    elements: str
    required: true
  existing_images:
    description:
      - What is done when another image has one of the names.
      - V(overwrite) takes the name from it.
      - V(keep) leaves it the name.
    type: str
    choices: [keep, overwrite]
    default: overwrite
seealso:
  - module: skiff.containers.image
  - module: skiff.containers.image_remove
"""

EXAMPLES = r"""
- name: Make the version that was tested the one that is used
  skiff.containers.image_tag:
    name: shop:1.4
    repository:
      - shop:stable
      - registry.example.com/shop:1.4
"""

RETURN = r"""
image:
  description: What C(docker image inspect) says of the image.
  returned: success
  type: dict
  sample: {"Id": "sha256:1f2e...", "RepoTags": ["shop:1.4", "shop:stable"]}
tagged_images:
  description: The names that the image was given, or would be given in check mode.
  returned: success
  type: list
  elements: str
  sample: ["shop:stable"]
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "existing_images": {"type": "str", "choices": ["keep", "overwrite"], "default": "overwrite"},
    "name": {"type": "str", "required": True},
    "repository": {"type": "list", "elements": "str", "required": True},
    "tag": {"type": "str", "default": "latest"},
}


def main() -> None:
    run("image_tag", OPTIONS)


if __name__ == "__main__":
    main()
