#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_remove
short_description: Remove an image, or one of its names
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Removes a name of an image and, with the last one, the image, as P(community.docker.docker_image_remove#module) does.
  - Layers that no other image has are removed with it.
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
    description: The name of the image, or its id. By its id, the image is removed with all its names.
    type: str
    required: true
  tag:
    description: The tag, for O(name) without one.
    type: str
    default: latest
  force:
    description:
      - Remove an image by its id that has several names, and one that a stopped container needs. The container keeps its
        files.
      - An image that a running container needs stays, and loses the name.
    type: bool
    default: false
  prune:
    description: Accepted, and ignored. Layers that nothing needs are always removed.
    type: bool
    default: true
seealso:
  - module: skiff.containers.image
  - module: skiff.containers.image_tag
  - module: skiff.containers.prune
"""

EXAMPLES = r"""
- name: Remove an image
  skiff.containers.image_remove:
    name: shop:1.3
"""

RETURN = r"""
image:
  description: What C(docker image inspect) says of the image before it is removed. Empty when there is none.
  returned: success
  type: dict
  sample: {"Id": "sha256:1f2e...", "RepoTags": ["shop:1.3"]}
deleted:
  description: The ids of the images that are gone, or would be gone in check mode.
  returned: success
  type: list
  elements: str
  sample: ["sha256:1f2e..."]
untagged:
  description: The names that are gone, or would be gone in check mode.
  returned: success
  type: list
  elements: str
  sample: ["shop:1.3"]
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "force": {"type": "bool", "default": False},
    "name": {"type": "str", "required": True},
    "prune": {"type": "bool", "default": True},
    "tag": {"type": "str", "default": "latest"},
}


def main() -> None:
    run("image_remove", OPTIONS)


if __name__ == "__main__":
    main()
