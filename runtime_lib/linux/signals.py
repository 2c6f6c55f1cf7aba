"""Signal dispositions for a program that is about to be executed."""

from __future__ import annotations

import _signal  # the C part: `signal` imports `enum`, which costs every start milliseconds

from . import libc

_FIXED = (9, 19)  # SIGKILL and SIGSTOP cannot be changed (signal(7))
_GLIBCS_OWN = (32, 33)  # glibc's functions refuse them, yet its posix_spawn(3) leaves them ignored
_KERNEL_SIGACTION = b"\0" * 32  # struct sigaction of rt_sigaction(2): SIG_DFL, no flags, no mask
_KERNEL_SIGSET = 8  # bytes


def reset() -> None:
    """Give every signal its default and block none: CPython ignores SIGPIPE and SIGXFSZ, and execve(2) keeps that."""
    for number in range(1, _signal.NSIG):
        if number in _GLIBCS_OWN:
            libc.syscall("rt_sigaction", number, _KERNEL_SIGACTION, None, _KERNEL_SIGSET)
        elif number not in _FIXED:
            try:
                _signal.signal(number, _signal.SIG_DFL)
            except (OSError, ValueError):
                continue  # a number that this architecture does not have
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
