#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_push
short_description: Push an image to a registry
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Sends an image of the host to the registry that its name begins with, as P(community.docker.docker_image_push#module) does.
  - Nothing is changed when the registry has this very image under this name. Layers that it has are not sent again.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
attributes:
  check_mode:
    support: full
    details:
      - The registry is asked what it has under this name, so the answer is exact.
  diff_mode:
    support: full
options:
  name:
    description: The name of the image, with or without a tag. An id cannot be pushed, nor a digest.
    type: str
    required: true
  tag:
    description: The tag, for a O(name) without one.
    type: str
    default: latest
seealso:
  - module: skiff.containers.image_pull
  - module: skiff.containers.image_tag
  - module: skiff.containers.registry_login
"""

EXAMPLES = r"""
- name: Give the image its name in the registry
  skiff.containers.image_tag:
    name: shop:1.4
    repository:
      - registry.example.com/shop:1.4

- name: Send it there
  skiff.containers.image_push:
    name: registry.example.com/shop:1.4
"""

RETURN = r"""
image:
  description: What C(docker image inspect) says of the image.
  returned: success
  type: dict
  sample: {"Id": "sha256:1f2e...", "RepoTags": ["registry.example.com/shop:1.4"]}
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "name": {"type": "str", "required": True},
    "tag": {"type": "str", "default": "latest"},
}


def main() -> None:
    run("image_push", OPTIONS)


if __name__ == "__main__":
    main()
