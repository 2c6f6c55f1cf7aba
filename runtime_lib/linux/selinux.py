"""SELinux: whether the host's kernel labels processes and files by a policy. Skiff sets no labels."""

from __future__ import annotations

import os

from ..errors import HostLacks

_FOLDER = "/sys/fs/selinux"


def enabled(folder: str = _FOLDER) -> bool:
    """Whether a policy counts, or could be told to: selinuxfs is mounted at `folder`."""
    return os.path.exists(f"{folder}/enforce")


def refuse(what: str, label: object, folder: str = _FOLDER) -> None:
    """Raise HostLacks where a label would count and somebody relies on it; elsewhere it means nothing to anybody."""
    if label and enabled(folder):
        raise HostLacks(
            f"{what} {label!r}: Skiff sets no labels of SELinux, which this host enforces; "
            "have the engine ask for none (--security-opt label=disable)"
        )
