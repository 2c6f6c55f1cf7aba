# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of the module `image`: bring an image from the controller or from another host.

The host is asked which layers it lacks, and gets an archive of these alone. Other sources are the module's own work.
"""

from __future__ import annotations

import os
import tempfile

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible_collections.skiff.containers.plugins.action import container
from ansible_collections.skiff.containers.plugins.plugin_utils import image_sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ansible_collections.skiff.containers.plugins.plugin_utils.image_sources import Source

# What the module answers when it is the controller's turn (runtime_lib/desired/image_delivery.py).
QUESTION = "skiff_which_image"
MISSING = "skiff_missing_layers"
ELSEWHERE = ("controller", "host")


class ActionModule(container.ActionModule):
    """Run the module, and where it asks for an image, answer and send it."""

    def _work(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        if self._task.args.get("source") in ELSEWHERE and self._in_background:
            raise AnsibleActionFail("source controller and host do not work with async: the controller has to answer")
        outcome = self._ask(task_vars)
        machine = outcome.get(QUESTION)
        if not machine:
            return outcome
        name = image_sources.full_name(str(self._task.args["name"]), str(self._task.args.get("tag", "latest")))
        with image_sources.opened(lambda: self._source(task_vars or {}), name, machine) as source:
            return self._deliver(source, task_vars)

    def _deliver(self, source: Source, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Send what is missing, and have it loaded."""
        delivery: dict[str, Any] = {"image_id": source.image_id, "layers": source.layers}
        outcome = self._ask(task_vars, delivery=delivery)
        missing = outcome.pop(MISSING, None)
        if missing is None or self._task.check_mode or outcome.get("failed"):
            return {**outcome, "bytes_sent": 0, "layers_sent": missing or []}
        with tempfile.NamedTemporaryFile(dir=C.DEFAULT_LOCAL_TMP, suffix=".tar") as file:
            source.write(missing, file.name)
            delivery["archive"] = self._send(file.name, "image.tar")
            sent = os.stat(file.name).st_size
        outcome = self._ask(task_vars, delivery=delivery)
        return {**outcome, "bytes_sent": sent, "layers_sent": missing}

    def _source(self, task_vars: dict[str, Any]) -> Source:
        options = self._task.args
        if options["source"] == "controller" and options.get("load_path"):
            return image_sources.Archive(self._find_needle("files", options["load_path"]))
        host = str(options["source_host"]) if options["source"] == "host" else "localhost"
        return image_sources.Elsewhere(host, task_vars, self._play_context)
