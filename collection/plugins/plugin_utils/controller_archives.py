# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives of volumes on the controller."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def wanted(arguments: dict[str, Any], in_background: bool) -> bool:
    """Whether a task's archive lies on the controller. Raises AnsibleActionFail when the task does not wait for it."""
    found = arguments.get("where", "host") == "controller"
    if found and in_background:
        raise AnsibleActionFail("where: controller does not work with async: the controller has to answer")
    return found


def digest(path: str) -> str:
    """Return the SHA-256 of what an archive holds without compression; "" where there is none, or a damaged one.

    Raises AnsibleActionFail.
    """
    from ansible_collections.skiff.containers.plugins.module_utils.runtime_lib import errors
    from ansible_collections.skiff.containers.plugins.module_utils.runtime_lib.images import compression

    try:
        return compression.digest(path)
    except errors.SkiffError as error:
        raise AnsibleActionFail(str(error)) from error
    except OSError as error:
        raise AnsibleActionFail(errors.sentence(error)) from error
