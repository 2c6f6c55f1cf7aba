"""A stdout callback that prints each task's result as one line of JSON."""

from __future__ import annotations

import json
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: results
type: stdout
short_description: one line of JSON for each result
description: One line of JSON for each result.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "results"

    def show(self, result: Any, ending: str, **_kwargs: Any) -> None:
        details = getattr(result, "_result", None) or result.result
        task = getattr(result, "_task", None) or result.task
        value = {**details, "_ending": ending, "_task": task.get_name().strip()}
        self._display.display("RESULT " + json.dumps(value, default=str))

    def v2_runner_on_ok(self, result: Any, **kwargs: Any) -> None:
        self.show(result, "ok", **kwargs)

    def v2_runner_on_failed(self, result: Any, **kwargs: Any) -> None:
        self.show(result, "failed", **kwargs)

    def v2_runner_on_skipped(self, result: Any, **kwargs: Any) -> None:
        self.show(result, "skipped", **kwargs)

    def v2_runner_on_unreachable(self, result: Any, **kwargs: Any) -> None:
        self.show(result, "unreachable", **kwargs)
