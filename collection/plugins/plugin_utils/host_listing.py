# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `skiff` says, and `skiff save` writes, on a host that is reached by the variables of our connection plugin."""

from __future__ import annotations

import json
import os
import shlex

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible_collections.skiff.containers.plugins.plugin_utils import exec_call, host_way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

DEFAULT_ROOT = "/var/lib/skiff"
GONE = "no such object"


def of_inventory(name: str, task_vars: Mapping[str, Any], context: Any) -> Host:
    """Return a host of the inventory that a task names in `source_host`. Raises AnsibleActionFail."""
    if name not in task_vars["hostvars"]:
        raise AnsibleActionFail(f"source_host: there is no host {name!r} in the inventory")
    known = {key: value for key, value in task_vars["hostvars"][name].items() if key in host_way.READ}
    try:
        way = host_way.variables(name, known, C.DEFAULT_TRANSPORT)
    except ValueError as error:
        raise AnsibleActionFail(f"source_host: {name} cannot be asked: {error}") from None
    return Host(way, context)


class Host:
    """A host that can be asked. Connections are made by the thread that makes this, and used by any one."""

    def __init__(self, variables: Mapping[str, Any], context: Any) -> None:
        root = os.environ.get("SKIFF_ROOT", DEFAULT_ROOT)  # as the connection plugin has it
        self._options = {"root": root, "container_timeout": 30, **host_way.options(variables)}
        self._connection = host_way.connect(self._options.get, context)

    def containers(self, also_ended: bool) -> list[dict[str, Any]]:
        """Return what is to be told of each container; nothing where no container was ever made.

        Raises AnsibleError when the host cannot be reached or its command fails.
        """
        code, output, errors = self.call("ps", "--quiet", "--no-trunc", *(["--all"] if also_ended else []))
        if self.is_bare(code, errors):
            return []
        if code:
            raise AnsibleError(self.reason(code, errors))
        ids = output.split()
        return self._inspect(ids) if ids else []

    def _inspect(self, ids: list[str]) -> list[dict[str, Any]]:
        code, output, errors = self.call("inspect", *ids)
        if code and not all(GONE in line for line in errors.splitlines()):  # removed since it was listed
            raise AnsibleError(self.reason(code, errors))
        found: list[dict[str, Any]] = json.loads(output)
        return found

    def call(self, *words: str) -> tuple[int, str, str]:
        """Run the host's command; return its exit code, output and errors."""
        return self._run(self._command(words))

    def fetch(self, path: str, *words: str) -> None:
        """Run the host's command and copy its output to a file of the controller. Raises AnsibleError.

        It goes through a file of the user who logs in: Ansible would hold it in memory otherwise.
        """
        code, output, errors = self._run(exec_call.to_file(self._command(words)))
        remote = output.strip()
        if code or not remote:
            raise AnsibleError(self.reason(code, errors))
        try:
            self._connection.fetch_file(remote, path)
        finally:
            self._run(f"rm -f {shlex.quote(remote)}")

    def _command(self, words: Sequence[str]) -> str:
        over_ssh = not host_way.is_local(self._options.get("host"))
        become = bool(self._options.get("host_become"))
        return exec_call.host_command(self._options["root"], list(words), over_ssh, become)

    def _run(self, script: str) -> tuple[int, str, str]:
        code, output, errors = self._connection.exec_command(script, in_data=None, sudoable=False)
        return code, output.decode(), errors.decode(errors="replace")

    def is_bare(self, code: int, errors: str) -> bool:
        """Whether that is the answer of a host on which nothing was ever made."""
        return exec_call.is_not_installed(self._options["root"], code, errors)

    def reason(self, code: int, errors: str) -> str:
        """Return why the command failed."""
        host = str(self._options.get("host") or "this host")
        told = exec_call.failure(code, errors, host, "", bool(self._options.get("host_become")))
        return told or errors.strip() or f"the command ended with {code}"
