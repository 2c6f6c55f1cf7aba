#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_load
short_description: Load images from an archive
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Loads all images of an archive, as P(community.docker.docker_image_load#module) does.
  - Archives of P(skiff.containers.image_export#module), C(docker save), C(podman save), C(skopeo) and C(buildah), OCI
    archives and folders with an OCI layout can be loaded, compressed or not.
  - Nothing is loaded and nothing is changed when the images are on the host, with the ids and names of the archive.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
attributes:
  check_mode:
    support: full
    details:
      - The archive is looked at, so the answer is exact. When it is not there yet, loading it would be a change.
  diff_mode:
    support: full
options:
  path:
    description:
      - The archive, or a folder with an OCI layout, on the host. Use M(ansible.builtin.copy) for one on the controller, see
        the examples.
    type: path
    required: true
seealso:
  - module: skiff.containers.image
  - module: skiff.containers.image_export
"""

EXAMPLES = r"""
- name: Load what an archive holds
  skiff.containers.image_load:
    path: /srv/images/shop-1.4.tar
  register: loaded

- name: Say what it was
  ansible.builtin.debug:
    msg: "{{ loaded.image_names }}"

# An archive that was made elsewhere, on all hosts of a play.
- name: Bring the archive to each host
  ansible.builtin.copy:
    src: shop-1.4.tar
    dest: /var/tmp/shop-1.4.tar
    mode: "0600"

- name: Load it where it is not there yet
  skiff.containers.image_load:
    path: /var/tmp/shop-1.4.tar
"""

RETURN = r"""
image_names:
  description: The names of the images in the archive, and the ids of those that have no name there.
  returned: success
  type: list
  elements: str
  sample: ["shop:1.4"]
images:
  description: What C(docker image inspect) says of each image. In check mode, of those that are there already.
  returned: success
  type: list
  elements: dict
  sample: [{"Id": "sha256:1f2e...", "RepoTags": ["shop:1.4"]}]
stdout:
  description: What C(skiff load) and C(docker load) print of the images in the archive. In check mode, what they would print.
  returned: success
  type: str
  sample: "Loaded image: shop:1.4\n"
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "path": {"type": "path", "required": True},
}


def main() -> None:
    run("image_load", OPTIONS)


if __name__ == "__main__":
    main()
