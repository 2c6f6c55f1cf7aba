"""Process 1 of a container that was asked for with an init: it passes signals on, and collects orphans.

A host has no static init binary to lend. So the runtime itself stays, with the rights of the user's program and
nothing else: sealed, non-dumpable, no descriptors; the user's program is its child.
"""

from __future__ import annotations

import _signal  # the C part: `signal` imports `enum`, which every start would pay for
import os

from ..linux import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

ANNOTATION = "skiff.init"
# Raised by the kernel for what a program itself did, or meant for whoever stops a job.
_NOT_PASSED_ON = (_signal.SIGCHLD, _signal.SIGTTIN, _signal.SIGTTOU)


def wanted(config: dict[str, Any]) -> bool:
    """Whether the bundle asks for it."""
    return (config.get("annotations") or {}).get(ANNOTATION) == "true"


def stay(execute: Callable[[], NoReturn], terminal: bool) -> NoReturn:
    """Fork: the child calls `execute`; this process ends with its exit code, 128 + n when signal n ended it."""
    every = _signal.valid_signals()
    before = _signal.pthread_sigmask(_signal.SIG_BLOCK, every)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)  # what the terminal's keys send must reach the program once
        if terminal:
            os.tcsetpgrp(0, os.getpid())
        _signal.pthread_sigmask(_signal.SIG_SETMASK, before)
        execute()
    libc.close_range(0)
    while True:
        received = _signal.sigwait(every)
        if received == _signal.SIGCHLD:
            _collect(child)
        elif received not in _NOT_PASSED_ON:
            _pass_on(child, received)


def _collect(child: int) -> None:
    """Collect all that have ended; end with the user's program."""
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == child:
            os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
        if pid == 0:
            return


def _pass_on(child: int, number: int) -> None:
    try:
        os.kill(child, number)
    except (ProcessLookupError, PermissionError):
        return  # it has just ended, or has become another user
