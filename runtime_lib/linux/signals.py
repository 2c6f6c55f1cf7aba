"""Signal dispositions for a program that is about to be executed."""

from __future__ import annotations

import _signal  # the C part: `signal` imports `enum`, which costs every start milliseconds

_FIXED = (9, 19, 32, 33)  # SIGKILL and SIGSTOP cannot be changed; 32 and 33 are glibc's own (signal(7))


def reset() -> None:
    """Give every signal its default and block none: CPython ignores SIGPIPE and SIGXFSZ, and execve(2) keeps that."""
    for number in range(1, _signal.NSIG):
        if number not in _FIXED:
            try:
                _signal.signal(number, _signal.SIG_DFL)
            except (OSError, ValueError):
                continue  # a number that this architecture does not have
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
