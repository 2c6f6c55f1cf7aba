#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image
short_description: Manage images
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Brings images to the host, gives them names and removes them.
  - Options and return values are those of P(community.docker.docker_image#module). Sources that need no registry were added.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
attributes:
  check_mode:
    support: full
    details:
      - For O(source=load) and O(source=build), the archive and the build's inputs are looked at, so the answer is exact.
  diff_mode:
    support: full
options:
  name:
    description: The name of the image, or its id.
    type: str
    required: true
  tag:
    description: The tag, for a O(name) without one.
    type: str
    default: latest
  state:
    description:
      - V(present) makes sure that the image exists.
      - V(absent) removes the name, and the image with its last name. It is an error when a container needs the image.
    type: str
    choices: [absent, present]
    default: present
  source:
    description:
      - Where an image comes from that is not on the host. Needed with O(state=present).
      - V(bootstrap) makes it from the packages of a distribution, see O(bootstrap).
      - V(build) builds it from a Dockerfile, see O(build).
      - V(controller) sends it from the controller, from the archive O(load_path) there, or without O(load_path) from the
        images that Skiff has there.
      - V(host) sends it from another host of the inventory, see O(source_host).
      - With V(controller) and V(host), only the layers that this host lacks are sent, through Ansible's own connections.
      - V(import) makes it from the tar archive O(load_path) of a root file system.
      - V(load) loads it from the archive O(load_path), as C(docker save) and other programs write it.
      - V(local) fails when it is not there.
      - V(pull) pulls it from the registry that its name begins with.
    type: str
    choices: [bootstrap, build, controller, host, import, load, pull, local]
  force_source:
    description: Look at the source even when the image exists. The result is only changed when another image came of it.
    type: bool
    default: false
  force_absent:
    description:
      - Remove the name even when a container needs the image, and with its last name the image.
      - Containers that are stopped keep the files they need. An image that a running container needs stays, without
        the name.
    type: bool
    default: false
  force_tag:
    description: Give O(repository) to this image even when another image has it.
    type: bool
    default: false
  load_path:
    description:
      - The archive on the host for O(source=load) and O(source=import).
      - With O(source=controller), the archive on the controller, or a folder with an OCI layout. A relative path is looked
        for in C(files/) of the role or beside the playbook, as for M(ansible.builtin.copy).
    type: path
  source_host:
    description:
      - With O(source=host), the host of the inventory that has the image under this O(name), or with this id.
      - It is reached by the same ways as for the connection plugin P(skiff.containers.container#connection), local and SSH,
        as root, or with C(ansible_become) by C(sudo) without a password. Skiff must have been used on it.
    type: str
  delivery:
    description: What the controller's side of this module tells the host's. Not for playbooks.
    type: dict
    suboptions:
      image_id:
        description: The id of the image.
        type: str
        required: true
      layers:
        description: The digests of its layers without compression, the lowest first.
        type: list
        elements: str
        required: true
      archive:
        description: The archive on the host with the layers that were missing.
        type: path
  changes:
    description: With O(source=import), Dockerfile instructions such as V(CMD ["sh"]) or V(ENV A=1) for the new image.
    type: list
    elements: str
  bootstrap:
    description: With O(source=bootstrap), what to make the image from.
    type: dict
    suboptions:
      suite:
        description: The distribution's name for its version, such as V(bookworm).
        type: str
        required: true
      packages:
        description: Packages to install in addition.
        type: list
        elements: str
      mirror:
        description: Where packages come from, as a URL or as a line of C(sources.list). Without it, the sources of the host.
        type: str
      variant:
        description: Which packages belong to the base, as C(mmdebstrap) names it.
        type: str
        default: minbase
      components:
        description: The components of the distribution.
        type: list
        elements: str
        default: [main]
      architecture:
        description: The architecture, in the distribution's words. Without it, that of the host.
        type: str
      keyring:
        description: A file on the host with the keys that sign the packages.
        type: path
  build:
    description: With O(source=build), how to build the image.
    type: dict
    suboptions:
      path:
        description: The folder on the host with the files for the build.
        type: path
        required: true
      dockerfile:
        description: The Dockerfile, in O(build.path).
        type: str
      args:
        description: Values of C(ARG) instructions.
        type: dict
      target:
        description: The stage to build. The last one without it.
        type: str
      nocache:
        description: Do not use layers of earlier builds.
        type: bool
        default: false
      labels:
        description: Labels of the image.
        type: dict
      network:
        description: The network mode of C(RUN) instructions.
        type: str
      etc_hosts:
        description: More lines of C(/etc/hosts) in C(RUN) instructions, from host name to address.
        type: dict
      shm_size:
        description: The size of C(/dev/shm) in C(RUN) instructions.
        type: str
      container_limits:
        description: Limits of C(RUN) instructions.
        type: dict
        suboptions:
          memory:
            description: The limit of memory.
            type: str
          memswap:
            description: The limit of memory and swap together.
            type: str
          cpushares:
            description: The weight for processor time.
            type: int
          cpusetcpus:
            description: The processors, such as V(0-2).
            type: str
      cache_from:
        description: Caches beside the host's own, as for the option of this name of M(skiff.containers.dockerfile_build).
        type: list
        elements: str
      http_timeout:
        description: Accepted with a warning.
        type: int
      platform:
        description: The platform of the image, for example V(linux/arm64); the host's without it.
        type: str
      pull:
        description: Look for newer base images in their registries. Those that are not on the host are pulled in any case.
        type: bool
        default: false
      rm:
        description: Accepted. Nothing is left of a build but its layers.
        type: bool
        default: true
      use_config_proxy:
        description: Accepted, and ignored.
        type: bool
  repository:
    description: One more name for the image.
    type: str
  archive_path:
    description:
      - Save the image to this archive on the host, unless it holds just this image already.
      - See M(skiff.containers.image_export) for what is written.
    type: path
  push:
    description:
      - Send the image to the registry of O(repository), or of its own name without that.
      - Nothing is sent when the registry has this very image under the name.
    type: bool
    default: false
  pull:
    description: With O(source=pull), how to pull it.
    type: dict
    suboptions:
      platform:
        description: Which image of several to take, such as V(linux/arm64/v8). The host's own without it.
        type: str
seealso:
  - module: skiff.containers.dockerfile_build
  - module: skiff.containers.image_export
  - module: skiff.containers.image_info
  - module: skiff.containers.image_load
"""

EXAMPLES = r"""
- name: A base image from Debian's own packages
  skiff.containers.image:
    name: debian:bookworm
    source: bootstrap
    bootstrap:
      suite: bookworm

- name: An image from an archive
  skiff.containers.image:
    name: shop:1.4
    source: load
    load_path: /srv/images/shop-1.4.tar.zst

- name: An image from the tar of a root file system
  skiff.containers.image:
    name: busybox
    source: import
    load_path: /srv/images/busybox.tar
    changes:
      - CMD ["sh"]

- name: An image that is built here, and an archive of it for other hosts
  skiff.containers.image:
    name: shop:1.4
    source: build
    build:
      path: /srv/shop
    archive_path: /srv/images/shop-1.4.tar

- name: An image of an archive beside the playbook; of its layers only the missing ones are sent
  skiff.containers.image:
    name: shop:1.4
    source: controller
    load_path: shop-1.4.tar

- name: An image that another host has built
  skiff.containers.image:
    name: shop:1.4
    source: host
    source_host: builder

- name: Remove an image
  skiff.containers.image:
    name: shop:1.3
    state: absent
"""

RETURN = r"""
image:
  description: What C(docker image inspect) says of the image. Empty when there is none.
  returned: always
  type: dict
  sample: {"Id": "sha256:1f2e...", "RepoTags": ["shop:1.4"]}
stdout:
  description: The log of the build.
  returned: with O(source=build)
  type: str
  sample: "Step 1/2 : FROM debian"
bytes_sent:
  description: How many bytes the archive had that was sent to the host. 0 in check mode, and when nothing was missing.
  returned: with O(source=controller) and O(source=host) when the image had to be asked for
  type: int
  sample: 10240
layers_sent:
  description: The digests of the layers that the host lacked.
  returned: with O(source=controller) and O(source=host) when the image had to be asked for
  type: list
  elements: str
  sample: ["sha256:9a0c..."]
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "archive_path": {"type": "path"},
    "bootstrap": {
        "type": "dict",
        "options": {
            "architecture": {"type": "str"},
            "components": {"type": "list", "elements": "str", "default": ["main"]},
            "keyring": {"type": "path"},
            "mirror": {"type": "str"},
            "packages": {"type": "list", "elements": "str"},
            "suite": {"type": "str", "required": True},
            "variant": {"type": "str", "default": "minbase"},
        },
    },
    "build": {
        "type": "dict",
        "options": {
            "args": {"type": "dict"},
            "cache_from": {"type": "list", "elements": "str"},
            "container_limits": {
                "type": "dict",
                "options": {
                    "cpusetcpus": {"type": "str"},
                    "cpushares": {"type": "int"},
                    "memory": {"type": "str"},
                    "memswap": {"type": "str"},
                },
            },
            "dockerfile": {"type": "str"},
            "etc_hosts": {"type": "dict"},
            "http_timeout": {"type": "int"},
            "labels": {"type": "dict"},
            "network": {"type": "str"},
            "nocache": {"type": "bool", "default": False},
            "path": {"type": "path", "required": True},
            "platform": {"type": "str"},
            "pull": {"type": "bool", "default": False},
            "rm": {"type": "bool", "default": True},
            "shm_size": {"type": "str"},
            "target": {"type": "str"},
            "use_config_proxy": {"type": "bool"},
        },
    },
    "changes": {"type": "list", "elements": "str"},
    "delivery": {
        "type": "dict",
        "options": {
            "archive": {"type": "path"},
            "image_id": {"type": "str", "required": True},
            "layers": {"type": "list", "elements": "str", "required": True},
        },
    },
    "force_absent": {"type": "bool", "default": False},
    "force_source": {"type": "bool", "default": False},
    "force_tag": {"type": "bool", "default": False},
    "load_path": {"type": "path"},
    "name": {"type": "str", "required": True},
    "pull": {"type": "dict", "options": {"platform": {"type": "str"}}},
    "push": {"type": "bool", "default": False},
    "repository": {"type": "str"},
    "source": {"type": "str", "choices": ["bootstrap", "build", "controller", "host", "import", "load", "pull", "local"]},
    "source_host": {"type": "str"},
    "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
    "tag": {"type": "str", "default": "latest"},
}


def main() -> None:
    run("image", OPTIONS)


if __name__ == "__main__":
    main()
