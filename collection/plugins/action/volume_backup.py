# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of the module `volume_backup`: bring the archive to the controller where it is wanted there."""

from __future__ import annotations

import os
import tempfile

from ansible.errors import AnsibleActionFail
from ansible_collections.skiff.containers.plugins.action import container
from ansible_collections.skiff.containers.plugins.plugin_utils import controller_archives

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ActionModule(container.ActionModule):
    """Tell the module what the controller has, and fetch what it has written instead."""

    def _work(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        if not controller_archives.wanted(self._task.args, self._in_background):
            return self._ask(task_vars)
        path = self._loader.path_dwim(str(self._task.args.get("path") or ""))
        if not self._task.check_mode and not os.path.isdir(os.path.dirname(path)):
            raise AnsibleActionFail(f"cannot write {path}: its folder does not exist on the controller")
        if not self._connection._shell.tmpdir:
            self._make_tmp_path()
        remote = self._connection._shell.join_path(self._connection._shell.tmpdir, "volume.tar")
        digest = controller_archives.digest(path)
        outcome = self._ask(task_vars, path=path, delivery={"digest": digest, "archive": remote})
        if outcome.get("changed") and not outcome.get("failed") and not self._task.check_mode:
            self._bring(remote, path)
        return outcome

    def _bring(self, remote: str, path: str) -> None:
        """Fetch the archive; the old one stays until the new one is complete."""
        descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".volume-")
        os.close(descriptor)
        try:
            self._connection.fetch_file(remote, temporary)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
