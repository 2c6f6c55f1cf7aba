"""The one file system that Skiff cannot do without."""

from __future__ import annotations

import errno

from ..errors import HostLacks
from . import libc


def context() -> int:
    """Return a new context of overlayfs (fsopen(2)). Raises HostLacks when the kernel has none, or is too old."""
    try:
        return libc.fsopen("overlay")
    except OSError as error:
        if error.errno == errno.ENODEV:
            raise HostLacks("the kernel has no overlay file system: load its module with 'modprobe overlay'") from error
        if error.errno == errno.ENOSYS:
            raise HostLacks("the kernel is too old: containers need Linux 5.4 or newer") from error
        raise
