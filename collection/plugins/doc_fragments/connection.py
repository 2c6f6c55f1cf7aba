# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that say how to reach a Docker Engine; accepted so that tasks written for community.docker run as they are."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  docker_host:
    description: There is no engine to connect to. Accepted for tasks written for community.docker, and ignored.
    type: str
    aliases: [docker_url]
  tls_hostname:
    description: Accepted for tasks written for community.docker, and ignored.
    type: str
  api_version:
    description: Accepted for tasks written for community.docker, and ignored.
    type: str
    aliases: [docker_api_version]
  timeout:
    description: Accepted for tasks written for community.docker, and ignored. Nothing is asked over a network.
    type: int
  ca_path:
    description: Accepted for tasks written for community.docker, and ignored.
    type: path
    aliases: [ca_cert, tls_ca_cert, cacert_path]
  client_cert:
    description: Accepted for tasks written for community.docker, and ignored.
    type: path
    aliases: [tls_client_cert, cert_path]
  client_key:
    description: Accepted for tasks written for community.docker, and ignored.
    type: path
    aliases: [tls_client_key, key_path]
  tls:
    description: Accepted for tasks written for community.docker, and ignored.
    type: bool
  use_ssh_client:
    description: Accepted for tasks written for community.docker, and ignored.
    type: bool
  validate_certs:
    description: Accepted for tasks written for community.docker, and ignored.
    type: bool
    aliases: [tls_verify]
  docker_cli:
    description: Accepted for tasks written for community.docker, and ignored. No Docker client is needed.
    type: path
  cli_context:
    description: Accepted for tasks written for community.docker, and ignored.
    type: str
  debug:
    description: Also return RV(ignore:actions) and RV(ignore:diff) when neither check mode nor diff mode asks for them.
    type: bool
    default: false
notes:
  - Needs root on the target (C(become=true)), a Linux kernel 5.4 or newer, and nothing else than Python 3.9 or newer for
    containers without networks. Networks and published ports need C(python3-pyroute2) and C(nft).
  - The environment variables E(SKIFF_ROOT) and E(SKIFF_RUN) name another installation than C(/var/lib/skiff) and C(/run/skiff).
"""
