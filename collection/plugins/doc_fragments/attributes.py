# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules support: check mode, diff mode, action groups."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
  diff_mode:
    description: Returns details on what has changed, or would be changed, in diff mode.
"""

    ACTION_GROUPS = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/skiff.containers.skiff) or C(group/skiff.containers.docker) in C(module_defaults).
    support: full
    membership:
      - skiff.containers.docker
      - skiff.containers.skiff
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    support: full
    details:
      - This module changes nothing.
  diff_mode:
    description: Returns details on what has changed, or would be changed, in diff mode.
    support: N/A
    details:
      - This module changes nothing.
"""
