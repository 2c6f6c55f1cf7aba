# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to a container's host: Ansible's own `local` or `ssh`, with the options of our connection plugin."""

from __future__ import annotations

import copy
import os

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.loader import connection_loader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

# Our option, and what the SSH plugin calls it.
SSH_OPTIONS = {
    "host": "host",
    "host_port": "port",
    "host_user": "remote_user",
    "host_private_key_file": "private_key_file",
    "host_password": "password",
    "host_ssh_args": "ssh_common_args",
    "container_timeout": "timeout",
}
# Our variables, and where a host of the inventory says the same: the first that it has.
VARIABLES = {
    "ansible_skiff_host": ("ansible_host", "ansible_ssh_host"),
    "ansible_skiff_host_port": ("ansible_port", "ansible_ssh_port"),
    "ansible_skiff_host_user": ("ansible_user", "ansible_ssh_user"),
    "ansible_skiff_host_private_key_file": ("ansible_private_key_file", "ansible_ssh_private_key_file"),
    "ansible_skiff_host_password": ("ansible_password", "ansible_ssh_pass", "ansible_ssh_password"),
}
SSH_ARGUMENTS = ("ansible_ssh_common_args", "ansible_ssh_extra_args")
PREFIX = "ansible_skiff_"
LOCAL = ("local", "ansible.builtin.local")
SSH = ("ssh", "ansible.builtin.ssh", "smart")
SUDO = ("sudo", "ansible.builtin.sudo")
LOCALHOST = ("localhost", "127.0.0.1", "::1")
KEPT = ("ansible_skiff_root", "ansible_skiff_timeout")
BECOME = ("ansible_become", "ansible_become_method", "ansible_become_user")
# All variables of a host that `variables` looks at.
READ = ("ansible_connection", *KEPT, *BECOME, *SSH_ARGUMENTS, *(name for names in VARIABLES.values() for name in names))


def is_local(host: str | None) -> bool:
    """Whether a value of the option `host` means the controller itself."""
    return host in ("", "localhost", None)


def options(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of our connection plugin that these variables set. Pure."""
    found = {name[len(PREFIX) :]: value for name, value in variables.items() if name.startswith(PREFIX)}
    if "timeout" in found:
        found["container_timeout"] = found.pop("timeout")
    return found


def connect(option: Callable[[str], Any], context: Any) -> Any:
    """Return the connection to the host that our options name; `option` returns one of them, None when it is not set."""
    context = copy.copy(context)
    context.password = ""  # it belongs to the container
    context.remote_user = option("host_user")
    local = is_local(option("host"))
    connection = connection_loader.get(f"ansible.builtin.{'local' if local else 'ssh'}", context, os.devnull)
    options = {"pipelining": True, "become_success_timeout": option("container_timeout")}
    if not local:
        given = {theirs: option(ours) for ours, theirs in SSH_OPTIONS.items()}
        # A terminal would mix output and errors.
        options.update(use_tty=False, **{name: value for name, value in given.items() if value is not None})
    connection.set_options(direct=options)
    return connection


def variables(name: str, host: Mapping[str, Any], default_connection: str) -> dict[str, Any]:
    """Return the variables of the containers on a host of the inventory, from the variables of that host.

    Raises ValueError with what of them our connection plugin has no way for. Pure.
    """
    kept = {key: host[key] for key in KEPT if key in host}
    implied = "local" if name in LOCALHOST else default_connection
    connection = str(host.get("ansible_connection") or implied)
    if connection not in LOCAL + SSH:
        raise ValueError(f"its connection is {connection}, and containers are reached by local and ssh")
    if connection in LOCAL:
        return {**kept, **_become(host)}
    found = {ours: _first(host, theirs) for ours, theirs in VARIABLES.items()}
    address = found["ansible_skiff_host"] or name
    found["ansible_skiff_host"] = "127.0.0.1" if is_local(address) else address  # an SSH server of this machine
    found["ansible_skiff_host_ssh_args"] = " ".join(str(host[key]) for key in SSH_ARGUMENTS if host.get(key)) or None
    root = found["ansible_skiff_host_user"] == "root"
    given = {key: value for key, value in found.items() if value is not None}
    return {**kept, **given, **({} if root else _become(host))}


def _first(host: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((host[name] for name in names if host.get(name) is not None), None)


def _become(host: Mapping[str, Any]) -> dict[str, Any]:
    if not boolean(host.get("ansible_become", False)):
        return {}
    method = str(host.get("ansible_become_method", "sudo"))
    user = str(host.get("ansible_become_user", "root"))
    if method not in SUDO or user != "root":
        raise ValueError(f"it becomes {user} by {method}, and containers are reached as root or by sudo to root")
    return {"ansible_skiff_host_become": True}
