#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_pull
short_description: Pull an image from a registry
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Brings an image from its registry to the host, as P(community.docker.docker_image_pull#module) does.
  - The host's C(registries.conf), C(certs.d) and credentials are used. Layers that the host has are not fetched again, and a
    pull that broke off goes on where it was.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
attributes:
  check_mode:
    support: full
    details:
      - The registry is asked what the name means there, so the answer is exact.
  diff_mode:
    support: full
options:
  name:
    description: The name of the image, with or without a tag or digest. An id cannot be pulled.
    type: str
    required: true
  tag:
    description: The tag, for a O(name) without one.
    type: str
    default: latest
  platform:
    description: Which image of several to take, such as V(linux/arm64/v8). The host's own without it.
    type: str
  pull:
    description:
      - V(always) asks the registry each time. The result is only changed when another image came.
      - V(not_present) asks it only when the image is not on the host, or is for another O(platform).
    type: str
    choices: [always, not_present]
    default: always
seealso:
  - module: skiff.containers.image
  - module: skiff.containers.image_push
  - module: skiff.containers.registry_login
"""

EXAMPLES = r"""
- name: The newest image of a name
  skiff.containers.image_pull:
    name: registry.example.com/shop:stable

- name: One image exactly, whatever its tags become
  skiff.containers.image_pull:
    name: registry.example.com/shop@sha256:2b3f38e5fbd2fc1d3ab11e1f0d9dca6c3c3b8d8ed9ff8e8a9ac3b1ba05a9f0f2
    pull: not_present
"""

RETURN = r"""
image:
  description: What C(docker image inspect) says of the image. Empty when it is not there yet in check mode.
  returned: success
  type: dict
  sample: {"Id": "sha256:1f2e...", "RepoTags": ["registry.example.com/shop:stable"]}
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "name": {"type": "str", "required": True},
    "platform": {"type": "str"},
    "pull": {"type": "str", "choices": ["always", "not_present"], "default": "always"},
    "tag": {"type": "str", "default": "latest"},
}


def main() -> None:
    run("image_pull", OPTIONS)


if __name__ == "__main__":
    main()
