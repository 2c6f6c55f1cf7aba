# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of every module of this collection: bring the library to hosts that do not have it.

A module is sent with the name of the library's content. Only when the host does not have that copy installed, the library
follows in one file and the module runs again. So tasks stay small, and nothing of the library is read to build them.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
import zlib

from ansible import constants as C
from ansible.plugins.action import ActionBase
from ansible.utils.vars import merge_hash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

PACKAGE = "runtime_lib"
FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "module_utils", PACKAGE)
MISSING = "skiff_library_missing"


class ActionModule(ActionBase):
    """Run the module, and carry the library first where it is missing."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the module's result."""
        result = super().run(tmp, task_vars)
        self._tell(SKIFF_LIBRARY=content_hash(library_files()))
        if self._in_background:
            self._carry()  # nobody is there to ask for it later
        result = merge_hash(result, self._work(task_vars))
        if not self._in_background:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    @property
    def _in_background(self) -> bool:
        return bool(self._task.async_val) and not self._connection.has_native_async

    def _work(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Return what the module says; a module with a part of its own on the controller has it here."""
        return self._ask(task_vars)

    def _ask(self, task_vars: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
        """Run the module with `more` options than the task gives."""
        arguments = {**self._task.args, **more}
        background = self._in_background
        outcome: dict[str, Any] = self._execute_module(
            module_args=arguments, task_vars=task_vars, wrap_async=background
        )
        if outcome.get(MISSING):
            self._carry()
            outcome = self._execute_module(module_args=arguments, task_vars=task_vars)
        return outcome

    def _tell(self, **variables: str) -> None:
        present = self._task.environment or []
        self._task.environment = [*(present if isinstance(present, list) else [present]), variables]

    def _carry(self) -> None:
        with tempfile.NamedTemporaryFile(dir=C.DEFAULT_LOCAL_TMP, suffix=".zip") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, data in library_files():
                    archive.writestr(f"{PACKAGE}/{name}", data)
            file.flush()
            self._tell(SKIFF_PAYLOAD=self._send(file.name, f"{PACKAGE}.zip"))

    def _send(self, path: str, name: str) -> str:
        """Copy a file to the task's folder on the host; return its path there."""
        if not self._connection._shell.tmpdir:
            self._make_tmp_path()
        folder = self._connection._shell.tmpdir
        remote: str = self._connection._shell.join_path(folder, name)
        self._transfer_file(path, remote)
        self._fixup_perms2((folder, remote))
        return remote


def library_files() -> Iterator[tuple[str, bytes]]:
    """Return (path, content) of each file of the library, in order."""
    for folder, folders, names in os.walk(FOLDER):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            if name.endswith((".py", ".json")):
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    yield os.path.relpath(path, FOLDER), file.read()


def content_hash(files: Iterator[tuple[str, bytes]]) -> str:
    """Return the name of the library's content; `library.py` gives its copy on a host the same name."""
    total = 0
    for name, data in sorted(files):
        total = zlib.crc32(f"{name} {zlib.crc32(data)}\n".encode(), total)
    return f"{total:08x}"
