# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of the module `volume_copy`: bring the content of a volume of another host, if it differs."""

from __future__ import annotations

import os
import tempfile

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.skiff.containers.plugins.action import container
from ansible_collections.skiff.containers.plugins.plugin_utils import host_listing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What the module answers when it wants the archive (runtime_lib/desired/volume_copy.py).
WANTED = "skiff_volume_wanted"


class ActionModule(container.ActionModule):
    """Tell the module what the other host has, and send it where the module wants it."""

    def _work(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        if self._in_background:
            raise AnsibleActionFail("volume_copy does not work with async: the controller has to carry the content")
        options = self._task.args
        for name in ("volume", "source_host"):
            if not options.get(name):
                raise AnsibleActionFail(f"missing required arguments: {name}")
        self._source = host_listing.of_inventory(str(options["source_host"]), task_vars or {}, self._play_context)
        self._name = str(options.get("source_volume") or options["volume"])
        digest = self._told("volume", "export", "--digest", self._name).strip()
        outcome = self._ask(task_vars, delivery={"digest": digest})
        if not outcome.pop(WANTED, False):
            return {**outcome, "bytes_sent": 0}
        with tempfile.NamedTemporaryFile(dir=C.DEFAULT_LOCAL_TMP, suffix=".tar") as file:
            self._source.fetch(file.name, "volume", "export", *self._flags(), self._name)
            sent = os.stat(file.name).st_size
            archive = self._send(file.name, "volume.tar")
        outcome = self._ask(task_vars, delivery={"digest": digest, "archive": archive})
        return {**outcome, "bytes_sent": sent}

    def _flags(self) -> list[str]:
        pause = ["--pause"] if boolean(self._task.args.get("pause", False)) else []
        return ["--compression", str(self._task.args.get("compression", "none")), *pause]

    def _told(self, *words: str) -> str:
        code, output, errors = self._source.call(*words)
        host = self._task.args["source_host"]
        if self._source.is_bare(code, errors):
            raise AnsibleActionFail(f"volume {self._name} cannot be had from {host}: Skiff was never used there")
        if code:
            reason = self._source.reason(code, errors)
            raise AnsibleActionFail(f"volume {self._name} cannot be had from {host}: {reason}")
        return output
