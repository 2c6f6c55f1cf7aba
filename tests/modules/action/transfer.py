"""An action that moves one file by the connection itself: `put` or `fetch`, `to`."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    _VALID_ARGS = frozenset(("put", "fetch", "to"))

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = self._task.args
        try:
            if "put" in arguments:
                self._connection.put_file(arguments["put"], arguments["to"])
            else:
                self._connection.fetch_file(arguments["fetch"], arguments["to"])
        except AnsibleError as error:
            return {**result, "failed": True, "msg": str(error)}
        return {**result, "changed": True}
