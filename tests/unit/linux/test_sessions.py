from __future__ import annotations

from runtime_lib.linux.process import Process
from runtime_lib.linux.sessions import members

# pid -> (parent, session)
TREE = {1: (0, 1), 10: (1, 10), 11: (10, 10), 12: (11, 12), 13: (12, 12), 14: (1, 10), 20: (1, 20), 21: (20, 20)}


def test_the_session_and_the_descendants_of_everybody_in_it() -> None:
    processes = {pid: (parent, session, Process(pid, 0)) for pid, (parent, session) in TREE.items()}
    assert sorted(process.pid for process in members(10, processes)) == [10, 11, 12, 13, 14]


def test_nobody_is_left() -> None:
    assert members(10, {1: (0, 1, Process(1, 0))}) == []
