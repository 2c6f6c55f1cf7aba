"""Session keyrings (keyrings(7)): a container must not see the keys of the session that started it."""

from __future__ import annotations

import errno

from . import libc

_JOIN_SESSION_KEYRING = 1
_SETPERM = 5
# Possessor: everything; user: view, read, search, link. The kernel's own choice plus search, as runc has it, so that
# a process of the same user that enters later finds the keys.
_PERMISSIONS = 0x3F1B0000


def join_session(name: str) -> None:
    """Give the calling process a new session keyring `name` (such as `_ses.<container id>`). Raises OSError.

    A kernel without keyrings has nothing to hide and is left alone.
    """
    try:
        ring = libc.syscall("keyctl", _JOIN_SESSION_KEYRING, name.encode())
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        return
    libc.syscall("keyctl", _SETPERM, ring, _PERMISSIONS)
