#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: container_commit
short_description: Make an image of what a container has changed
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Makes an image of a container, as C(docker commit) does. It is the container's image with one more layer, and has the
    container's own settings. Volumes do not belong to it.
  - Nothing is done when the image of this name is just that already.
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
  container:
    description: The name or id of the container.
    type: str
    required: true
  name:
    description: The name of the image, with or without a tag. It is taken from another image that has it.
    type: str
    required: true
    aliases: [image, repository]
  tag:
    description: The tag, for O(name) without one.
    type: str
    default: latest
  author:
    description: The author of the image.
    type: str
    default: ""
  comment:
    description: A comment in the image's history.
    type: str
    default: ""
  changes:
    description: Dockerfile instructions that change the image's settings, such as V(CMD ["nginx"]).
    type: list
    elements: str
    default: []
    aliases: [change]
  pause:
    description: Pause a running container while it is read. Otherwise the task fails when a file changes meanwhile.
    type: bool
    default: true
  force:
    description: Make the image even when it is just that already.
    type: bool
    default: false
seealso:
  - module: skiff.containers.container_export
  - module: skiff.containers.dockerfile_build
"""

EXAMPLES = r"""
- name: Make an image of a container that was prepared by tasks inside it
  skiff.containers.container_commit:
    container: prepared
    name: shop:1.4
    changes:
      - CMD ["/usr/bin/shop"]
      - EXPOSE 8080
"""

RETURN = r"""
image:
  description: What C(docker image inspect) says of the image. Empty in check mode where it does not exist.
  returned: success
  type: dict
  sample: {"Id": "sha256:1f2e...", "RepoTags": ["shop:1.4"]}
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "author": {"type": "str", "default": ""},
    "changes": {"type": "list", "elements": "str", "default": [], "aliases": ["change"]},
    "container": {"type": "str", "required": True},
    "force": {"type": "bool", "default": False},
    "comment": {"type": "str", "default": ""},
    "name": {"type": "str", "required": True, "aliases": ["image", "repository"]},
    "pause": {"type": "bool", "default": True},
    "tag": {"type": "str", "default": "latest"},
}


def main() -> None:
    run("container_commit", OPTIONS)


if __name__ == "__main__":
    main()
