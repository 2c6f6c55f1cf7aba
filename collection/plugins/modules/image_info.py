#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_info
short_description: Say what images there are
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Say what images there are, as P(community.docker.docker_image_info#module) does.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.info
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
options:
  name:
    description:
      - Names or ids of images. Those that do not exist are left out of the result.
      - Without it, all images are returned.
    type: list
    elements: str
seealso:
  - module: skiff.containers.image
"""

EXAMPLES = r"""
- name: Look at an image
  skiff.containers.image_info:
    name: nginx
"""

RETURN = r"""
images:
  description: What C(docker image inspect) says of each image.
  returned: always
  type: list
  elements: dict
  sample: [{"Id": "sha256:1f2e...", "RepoTags": ["nginx:latest"]}]
"""

from ..module_utils.runner import run

OPTIONS = {
    "name": {"type": "list", "elements": "str"},
}


def main() -> None:
    run("image_info", OPTIONS, writes=False)


if __name__ == "__main__":
    main()
