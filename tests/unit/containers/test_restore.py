"""Docker's table of what starts after a boot; tests/oracle/test_boot.py asks a real engine the same."""

from __future__ import annotations

import pytest

from runtime_lib.containers.restore import wanted
from runtime_lib.monitor.state import State

NEVER = {"started": 0}
CUT_OFF = {"started": 5, "exit_code": 255}
ENDED = {"started": 5, "exit_code": 0}
FAILED = {"started": 5, "exit_code": 1}
SPENT = {"started": 5, "exit_code": 1, "restart_count": 3}

TABLE = {
    #                   no, on-failure, on-failure:3, always, unless-stopped
    "never started": (NEVER, False, "-----"),
    "cut off": (CUT_OFF, False, "-yyyy"),
    "ended": (ENDED, False, "---yy"),
    "failed": (FAILED, False, "-yyyy"),
    "failed too often": (SPENT, False, "-y-yy"),
    "stopped by the user": (ENDED, True, "---y-"),
    "killed by the user": ({"started": 5, "exit_code": 137}, True, "-yyy-"),
}
POLICIES = (("no", 0), ("on-failure", 0), ("on-failure", 3), ("always", 0), ("unless-stopped", 0))


@pytest.mark.parametrize("what", TABLE)
def test_dockers_table(what: str) -> None:
    values, by_user, row = TABLE[what]
    state = State({"status": "exited" if values["started"] else "created", **values})
    found = "".join("y" if wanted(policy, retries, state, by_user) else "-" for policy, retries in POLICIES)
    assert found == row


@pytest.mark.parametrize("status", ["running", "paused", "restarting"])
def test_what_lives_is_left_alone(status: str) -> None:
    assert not wanted("always", 0, State({"status": status, "started": 5}), False)
