"""Ending a process with everything that it has started: its session (setsid(2)) and its descendants."""

from __future__ import annotations

import _signal
import os
import select

from .process import Process

_ROUNDS = 100  # of looks; a process that forks while it is being killed needs a second one
_PAUSE = 10  # milliseconds between two looks


def kill(leader: int) -> None:
    """Kill the leader of a session, everybody in it, and all their descendants; return when none of them runs.

    Who has left the session and lost its parent as well (a daemon) is not found. Who cannot die yet (a frozen one)
    has the signal and is not waited for for ever.
    """
    for _round in range(_ROUNDS):
        found = members(leader, _processes())
        if not found:
            return
        for process in found:
            try:
                process.signal(_signal.SIGKILL)
            except ProcessLookupError:
                continue
        select.poll().poll(_PAUSE)


def members(leader: int, processes: dict[int, tuple[int, int, Process]]) -> list[Process]:
    """Return those of `processes` (pid -> parent, session, process) that belong to the session of `leader`. Pure."""
    found: dict[int, Process] = {}
    more = True
    while more:
        more = False
        for pid, (parent, session, process) in processes.items():
            if pid not in found and (pid == leader or session == leader or parent in found):
                found[pid] = process
                more = True
    return list(found.values())


def _processes() -> dict[int, tuple[int, int, Process]]:
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as file:
                text = file.read(4096)
        except (FileNotFoundError, ProcessLookupError):
            continue
        fields = text[text.rindex(b")") + 2 :].split()  # proc_pid_stat(5): state, ppid, pgrp, session, ...
        if fields[0] not in (b"Z", b"X"):
            found[int(entry)] = (int(fields[1]), int(fields[3]), Process(int(entry), int(fields[19])))
    return found
