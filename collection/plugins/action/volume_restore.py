# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of the module `volume_restore`: send an archive of the controller, if its content differs."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible_collections.skiff.containers.plugins.action import container
from ansible_collections.skiff.containers.plugins.plugin_utils import controller_archives

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What the module answers when it wants the archive (runtime_lib/desired/volume_restore.py).
WANTED = "skiff_volume_wanted"


class ActionModule(container.ActionModule):
    """Tell the module what the controller has, and send it where the module wants it."""

    def _work(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        if not controller_archives.wanted(self._task.args, self._in_background):
            return self._ask(task_vars)
        path = self._find_needle("files", str(self._task.args.get("path") or ""))
        digest = controller_archives.digest(path)
        if not digest:
            raise AnsibleActionFail(f"path {path!r}: it is no archive, or a damaged one; nothing was changed")
        outcome = self._ask(task_vars, path=path, delivery={"digest": digest})
        if not outcome.pop(WANTED, False):
            return outcome
        archive = self._send(path, "volume.tar")
        return self._ask(task_vars, path=path, delivery={"digest": digest, "archive": archive})
