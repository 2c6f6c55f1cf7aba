#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dockerfile_build
short_description: Build an image from a Dockerfile
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Builds an image on the host, without an engine and without a Docker client.
  - Options and return values are those of P(community.docker.docker_image_build#module). Unlike there, a build is repeated by
    default when its inputs have changed, and the task is only changed when another image came of it.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
attributes:
  check_mode:
    support: full
    details:
      - The Dockerfile, the files, the arguments and the base image are looked at, so the answer is exact.
  diff_mode:
    support: full
options:
  name:
    description: The name of the image.
    type: str
    required: true
  tag:
    description: The tag, for a O(name) without one.
    type: str
    default: latest
  path:
    description: The folder on the host with the files for the build.
    type: path
    required: true
  dockerfile:
    description: The Dockerfile, in O(path).
    type: str
  rebuild:
    description:
      - V(auto) builds when the Dockerfile, the files that it uses, the arguments or the base image differ from those of the
        last build. V(always) means the same, as inputs that are the same give the image that is there.
      - V(never) builds only when there is no image of this name.
    type: str
    choices: [auto, never, always]
    default: auto
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
  cache_from:
    description:
      - Caches of other hosts, beside the host's own. An image's name, V(type=registry,ref=NAME) or V(type=local,src=PATH), which is
        what O(cache_to) has written. One that cannot be read is told in RV(stdout), and the build goes on without it.
      - A step that is found there is not run here. So name only what you would run.
    type: list
    elements: str
  cache_to:
    description:
      - Where a build writes its cache for other hosts, V(type=local,dest=PATH) as an OCI layout folder, V(type=registry,ref=NAME)
        in a registry, or V(type=inline) in the image itself.
      - With V(mode=max) it holds the steps of all stages, else those of the image's own. With V(ignore-error=true) a cache that
        cannot be written is no failure.
      - Nothing is written when nothing has to be built.
    type: list
    elements: str
  platform:
    description:
      - The platform of the image, for example V(linux/arm64). One only, and the host's without it.
      - C(RUN) for another processor needs an interpreter that is registered with binfmt_misc; everything else does not.
    type: list
    elements: str
  pull:
    description: Look for newer base images in their registries. Those that are not on the host are pulled in any case.
    type: bool
    default: false
  secrets:
    description:
      - What C(RUN --mount=type=secret) may ask for. It is in no layer, no history and no log, and on no disk.
      - An unchanged secret and a changed one make no difference to O(rebuild=auto).
    type: list
    elements: dict
    suboptions:
      id:
        description: The name by which the Dockerfile asks for it.
        type: str
        required: true
      type:
        description: Where it comes from. O(secrets[].src), O(secrets[].env) and O(secrets[].value) belong to one type each.
        type: str
        choices: [file, env, value]
        required: true
      src:
        description: A file on the host.
        type: path
      env:
        description: A variable in the environment of the task, such as one of the keyword C(environment).
        type: str
      value:
        description: The secret itself.
        type: str
  squash:
    description: Make one layer of those that the Dockerfile adds to its base image.
    type: bool
    default: false
  outputs:
    description:
      - Where the result goes beside the host's store, where it always is.
      - What is at O(outputs[].dest) already is written again when the image has changed.
    type: list
    elements: dict
    suboptions:
      type:
        description:
          - V(image), and V(docker) without O(outputs[].dest), is the store.
          - V(docker) and V(oci) write an archive of the image, V(tar) one of its file system.
          - V(local) copies the file system into a folder, without devices, set-user-ID bits and capabilities.
        type: str
        choices: [local, tar, oci, docker, image]
        required: true
      dest:
        description: The path on the host.
        type: path
      context:
        description: Accepted, and ignored.
        type: str
      name:
        description: One more name of the image.
        type: list
        elements: str
      push:
        description: V(true) is refused, as a push is a task of its own.
        type: bool
        default: false
seealso:
  - module: skiff.containers.image
"""

EXAMPLES = r"""
- name: Build an image, again whenever its files change
  skiff.containers.dockerfile_build:
    name: shop
    tag: '1.4'
    path: /srv/shop
    args:
      VERSION: '1.4'

- name: Build with a token that no layer keeps, and write the files of one stage to a folder
  skiff.containers.dockerfile_build:
    name: shop-assets
    path: /srv/shop
    target: assets
    secrets:
      - id: npm
        type: value
        value: "{{ npm_token }}"
    outputs:
      - type: local
        dest: /srv/www
"""

RETURN = r"""
image:
  description: What C(docker image inspect) says of the image. Empty in check mode when it does not exist yet.
  returned: always
  type: dict
  sample: {"Id": "sha256:1f2e...", "RepoTags": ["shop:1.4"]}
stdout:
  description: The log of the build. Empty when nothing was built.
  returned: always
  type: str
  sample: "Step 1/2 : FROM debian"
actions:
  description:
    - What was done, or would be done. In C(because) a build has the first instruction that has to be run, with its line.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "args": {"type": "dict"},
    "cache_from": {"type": "list", "elements": "str"},
    "cache_to": {"type": "list", "elements": "str"},
    "dockerfile": {"type": "str"},
    "etc_hosts": {"type": "dict"},
    "labels": {"type": "dict"},
    "name": {"type": "str", "required": True},
    "network": {"type": "str"},
    "nocache": {"type": "bool", "default": False},
    "outputs": {
        "type": "list",
        "elements": "dict",
        "options": {
            "context": {"type": "str"},
            "dest": {"type": "path"},
            "name": {"type": "list", "elements": "str"},
            "push": {"type": "bool", "default": False},
            "type": {"type": "str", "choices": ["local", "tar", "oci", "docker", "image"], "required": True},
        },
    },
    "path": {"type": "path", "required": True},
    "platform": {"type": "list", "elements": "str"},
    "pull": {"type": "bool", "default": False},
    "rebuild": {"type": "str", "choices": ["auto", "never", "always"], "default": "auto"},
    "secrets": {
        "type": "list",
        "elements": "dict",
        "no_log": False,
        "options": {
            "env": {"type": "str"},
            "id": {"type": "str", "required": True},
            "src": {"type": "path"},
            "type": {"type": "str", "choices": ["file", "env", "value"], "required": True},
            "value": {"type": "str", "no_log": True},
        },
    },
    "shm_size": {"type": "str"},
    "squash": {"type": "bool", "default": False},
    "tag": {"type": "str", "default": "latest"},
    "target": {"type": "str"},
}


def main() -> None:
    run("dockerfile_build", OPTIONS)


if __name__ == "__main__":
    main()
