from __future__ import annotations

import pytest

from runtime_lib.containers.top import chosen
from runtime_lib.errors import InvalidSpec

LISTING = "USER   PID COMMAND\nroot     1 init\nu1      12 sh -c  echo \x1b[2J\nu1     120 other\n"


def test_the_processes_of_a_container_are_picked_by_their_ids() -> None:
    assert chosen(LISTING, [12, 99]) == (["USER", "PID", "COMMAND"], [["u1", "12", "sh -c  echo ?[2J"]])
    assert chosen(LISTING, []) == (["USER", "PID", "COMMAND"], [])


def test_without_ids_there_is_nothing_to_pick_by() -> None:
    for listing in ("", "USER COMMAND\nroot init\n"):
        with pytest.raises(InvalidSpec, match="column PID"):
            chosen(listing, [1])
