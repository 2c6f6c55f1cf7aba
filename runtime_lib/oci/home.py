"""The home folder of a user, as the container's /etc/passwd has it (passwd(5))."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..linux.saferoot import SafeRoot

_FIELDS = 7


def of(root: SafeRoot, uid: int) -> str:
    """Return the home of a user, "/" when the tree does not say, as runc has it."""
    try:
        content = root.read("/etc/passwd")
    except OSError:
        return "/"  # none, or one that is no file: a container needs no users
    return find(content, uid) or "/"


def find(passwd: bytes, uid: int) -> str:
    """Return the home of the first entry with this uid; "" when there is none, or none that is an absolute path."""
    wanted = b"%d" % uid
    for line in passwd.split(b"\n"):
        fields = line.split(b":")
        if len(fields) == _FIELDS and fields[2] == wanted:
            path = fields[5].decode("utf-8", "surrogateescape")
            return path if path.startswith("/") and "\0" not in path else ""
    return ""
