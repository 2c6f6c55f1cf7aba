from __future__ import annotations

from typing import Any

from runtime_lib.cli import history

STEP: dict[str, Any] = {"Id": "<missing>", "Created": 0, "CreatedBy": "", "Comment": "", "Size": 0}


def test_what_a_terminal_would_obey_is_escaped() -> None:
    shown = history.describe({**STEP, "CreatedBy": "RUN a\x1b[2J\t\u202eb\nü", "Comment": "\x9b31m\r"}, True, True)
    assert shown["CreatedBy"] == "RUN a\\x1b[2J \\u202eb\nü"
    assert shown["Comment"] == "\\x9b31m\\r"
