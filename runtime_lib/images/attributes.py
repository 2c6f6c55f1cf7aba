"""Which extended attributes of files belong to an image. Pure."""

from __future__ import annotations


def stored(key: str) -> bool:
    """Whether a layer may hold this attribute: file capabilities, access lists, and the user's own.

    Never those that overlayfs obeys (a stranger could redirect a folder to anywhere in the layers), nor the labels of
    the host's security module.
    """
    if key == "security.capability" or key.startswith("system.posix_acl_"):
        return True
    return key.startswith("user.") and not key.startswith("user.overlay.")
