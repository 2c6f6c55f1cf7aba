#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_export
short_description: Save images to an archive
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Saves images to a tar archive, as P(community.docker.docker_image_export#module) does.
  - Docker, Podman, skopeo and umoci read the archive, too. The images have the same ids there.
  - The same images always give the same bytes, on whatever host they are saved.
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
  names:
    description:
      - Names or ids of images on the host.
      - An image that is given by its id is saved without its names.
    type: list
    elements: str
    required: true
    aliases: [name]
  tag:
    description: The tag, for O(names) without one.
    type: str
    default: latest
  format:
    description:
      - V(docker-archive) and V(oci-archive) are one file that is both. V(oci-dir) is a folder with an OCI image layout.
    type: str
    choices: [docker-archive, oci-archive, oci-dir]
    default: docker-archive
  platform:
    description:
      - The platform that the images must have, such as V(linux/arm64). An image for another one is an error, as a host has
        one image of each name.
    type: str
  path:
    description:
      - The archive on the host, or the folder of the layout. The folder that it lies in must exist.
      - It is written when it does not hold just these images under these names. The old file is there until the new one
        is complete. A new file or folder can be read by its owner only, as images may hold secrets.
      - A folder that holds anything but an OCI layout is not replaced.
    type: path
    required: true
  force:
    description: Write the archive even when it holds the images already.
    type: bool
    default: false
seealso:
  - module: skiff.containers.image
  - module: skiff.containers.image_load
"""

EXAMPLES = r"""
- name: Save an image and all that it needs
  skiff.containers.image_export:
    name: shop:1.4
    path: /srv/images/shop-1.4.tar

- name: Save it as a folder, for tools that read OCI layouts
  skiff.containers.image_export:
    name: shop:1.4
    path: /srv/images/shop
    format: oci-dir

- name: Save several images to one archive
  skiff.containers.image_export:
    names:
      - shop:1.4
      - redis:7
    path: /srv/images/site.tar

# One image, built once on the controller, on all hosts of a play.
- name: Save the image on the controller
  skiff.containers.image_export:
    name: shop:1.4
    path: /srv/images/shop-1.4.tar
  delegate_to: localhost
  run_once: true

- name: Bring the archive to each host
  ansible.builtin.copy:
    src: /srv/images/shop-1.4.tar
    dest: /var/tmp/shop-1.4.tar
    mode: "0600"

- name: Load it where it is not there yet
  skiff.containers.image_load:
    path: /var/tmp/shop-1.4.tar
"""

RETURN = r"""
images:
  description: What C(docker image inspect) says of each image.
  returned: success
  type: list
  elements: dict
  sample: [{"Id": "sha256:1f2e...", "RepoTags": ["shop:1.4"]}]
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "force": {"type": "bool", "default": False},
    "format": {
        "type": "str",
        "choices": ["docker-archive", "oci-archive", "oci-dir"],
        "default": "docker-archive",
    },
    "names": {"type": "list", "elements": "str", "required": True, "aliases": ["name"]},
    "path": {"type": "path", "required": True},
    "platform": {"type": "str"},
    "tag": {"type": "str", "default": "latest"},
}


def main() -> None:
    run("image_export", OPTIONS)


if __name__ == "__main__":
    main()
