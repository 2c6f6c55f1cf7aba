#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_login
short_description: Log in to a registry
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Keeps the credentials for a registry on the host, after asking the registry whether they are right, as
    P(community.docker.docker_login#module) does.
  - They are kept in the file of Docker's command, or by the credential helper that this file names, and are used by all
    modules and commands that talk to the registry.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
attributes:
  check_mode:
    support: full
    details:
      - The registry is asked, and nothing is kept.
  diff_mode:
    support: full
    details:
      - It says whether there are credentials, and never shows them.
options:
  registry_url:
    description: The registry, with or without C(https://).
    type: str
    default: https://index.docker.io/v1/
    aliases: [registry, url]
  username:
    description: The name of the account. Needed with O(state=present).
    type: str
  password:
    description: Its password. Needed with O(state=present).
    type: str
  reauthorize:
    description: Write the credentials also when the same ones are kept already. This is always a change.
    type: bool
    default: false
    aliases: [reauth]
  config_path:
    description: The file that keeps credentials.
    type: path
    default: ~/.docker/config.json
    aliases: [dockercfg_path]
  state:
    description:
      - V(present) logs in.
      - V(absent) forgets the credentials.
    type: str
    choices: [absent, present]
    default: present
seealso:
  - module: skiff.containers.image_pull
  - module: skiff.containers.image_push
"""

EXAMPLES = r"""
- name: Log in
  skiff.containers.registry_login:
    registry_url: registry.example.com
    username: deploy
    password: "{{ registry_password }}"

- name: Log out
  skiff.containers.registry_login:
    registry_url: registry.example.com
    state: absent
"""

RETURN = r"""
login_results:
  description: What Docker's engine says after a login. Empty with O(state=absent).
  returned: success
  type: dict
  sample: {"IdentityToken": "", "Status": "Login Succeeded"}
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "config_path": {"type": "path", "default": "~/.docker/config.json", "aliases": ["dockercfg_path"]},
    "password": {"type": "str", "no_log": True},
    "reauthorize": {"type": "bool", "default": False, "aliases": ["reauth"]},
    "registry_url": {"type": "str", "default": "https://index.docker.io/v1/", "aliases": ["registry", "url"]},
    "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
    "username": {"type": "str"},
}


def main() -> None:
    run("registry_login", OPTIONS, required_if=[("state", "present", ["username", "password"])])


if __name__ == "__main__":
    main()
