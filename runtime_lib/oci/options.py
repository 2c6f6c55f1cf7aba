"""Mount options of a bundle (OCI config.md "Mounts"; mount(8)), sorted by what the kernel does with them."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..linux import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

NOATIME = 0x10
STRICTATIME = 0x20
ATIME = 0x70  # the field of all atime modes
NODIRATIME = 0x80
NOSYMFOLLOW = 0x200000

# option -> (attributes to set, attributes to clear); "r" before a name means the whole tree of mounts
_ATTRIBUTES = {
    "ro": (libc.MOUNT_ATTR_RDONLY, 0),
    "rw": (0, libc.MOUNT_ATTR_RDONLY),
    "nosuid": (libc.MOUNT_ATTR_NOSUID, 0),
    "suid": (0, libc.MOUNT_ATTR_NOSUID),
    "nodev": (libc.MOUNT_ATTR_NODEV, 0),
    "dev": (0, libc.MOUNT_ATTR_NODEV),
    "noexec": (libc.MOUNT_ATTR_NOEXEC, 0),
    "exec": (0, libc.MOUNT_ATTR_NOEXEC),
    "noatime": (NOATIME, ATIME),
    "atime": (0, ATIME),
    "relatime": (0, ATIME),
    "norelatime": (0, 0),
    "strictatime": (STRICTATIME, ATIME),
    "nostrictatime": (0, ATIME),
    "nodiratime": (NODIRATIME, 0),
    "diratime": (0, NODIRATIME),
    "nosymfollow": (NOSYMFOLLOW, 0),
    "symfollow": (0, NOSYMFOLLOW),
}
_PROPAGATION = {
    "private": libc.MS_PRIVATE,
    "shared": libc.MS_SHARED,
    "slave": libc.MS_SLAVE,
    "unbindable": libc.MS_UNBINDABLE,
}
_MEANINGLESS = frozenset(("defaults", "loud", "silent", "async", "nomand", "nolazytime", "mand", "iversion"))


class Options:
    """What a list of options means.

    `attr_set` and `attr_clr` are those of mount_setattr(2) for this mount, `tree_set` and `tree_clr` for it and all
    mounts below. `propagation` is an MS_ flag or 0. `bind` and `recursive` say that an existing tree is meant,
    `copy_up` that a new file system begins with what the image has there, `idmap` that files belong to the container's
    users as on disk they belong to the host's (`idmap_tree`: also below; `ids`: to others, see `idmaps`). `data` are
    the (key, value or None) that the file system itself reads.
    """

    __slots__ = (
        "attr_clr", "attr_set", "bind", "copy_up", "data", "idmap", "idmap_tree", "ids", "propagation",
        "propagation_tree", "recursive", "tree_clr", "tree_set",
    )  # fmt: skip

    def __init__(self) -> None:
        self.attr_set = self.attr_clr = self.tree_set = self.tree_clr = 0
        self.propagation = 0
        self.propagation_tree = self.bind = self.recursive = self.copy_up = self.idmap = self.idmap_tree = False
        self.ids = ""
        self.data: list[tuple[str, str | None]] = []

    def value(self, key: str) -> str | None:
        """Return the value of the last `key=value` among the data."""
        return next((value for name, value in reversed(self.data) if name == key), None)


def parse(words: Iterable[str]) -> Options:
    """Sort options; a later one overrides an earlier one. Raises InvalidSpec for a text that cannot be one."""
    options = Options()
    for word in words:
        if "\0" in word or not word:
            raise InvalidSpec(f"mount option {word!r}: an option is a word or key=value, without NUL")
        _sort(options, word)
    return options


def _sort(options: Options, word: str) -> None:
    tree = word[1:] if word[0] == "r" else ""
    if word in ("bind", "rbind"):
        options.bind, options.recursive = True, word == "rbind"
    elif word in _ATTRIBUTES:
        _put(options, word)
    elif tree in _ATTRIBUTES:
        wanted, unwanted = _ATTRIBUTES[tree]
        options.tree_set = options.tree_set & ~unwanted | wanted
        options.tree_clr = options.tree_clr & ~wanted | unwanted
    elif word in _PROPAGATION or tree in _PROPAGATION:
        options.propagation = _PROPAGATION.get(word) or _PROPAGATION[tree]
        options.propagation_tree = word not in _PROPAGATION
    elif word == "tmpcopyup":
        options.copy_up = True
    elif word.partition("=")[0] in ("idmap", "ridmap"):
        name, _equals, options.ids = word.partition("=")
        options.idmap, options.idmap_tree = True, name == "ridmap"
    elif word not in _MEANINGLESS:
        key, separator, value = word.partition("=")
        options.data.append((key, value if separator else None))


def _put(options: Options, word: str) -> None:
    wanted, unwanted = _ATTRIBUTES[word]
    options.attr_set = options.attr_set & ~unwanted | wanted
    options.attr_clr = options.attr_clr & ~wanted | unwanted


def propagation(text: str) -> int:
    """Return the flags of linux.rootfsPropagation; "" is the runtime's default, a recursive slave.

    Raises InvalidSpec.
    """
    if not text:
        return libc.MS_SLAVE | libc.MS_REC
    if text in _PROPAGATION:
        return _PROPAGATION[text]
    if text[0] == "r" and text[1:] in _PROPAGATION:
        return _PROPAGATION[text[1:]] | libc.MS_REC
    raise InvalidSpec(f"rootfsPropagation {text!r}: use shared, slave, private or unbindable, or r and one of them")


def layers(text: str) -> list[str]:
    """Return the folders of an overlay's `lowerdir`, top first; a colon of a path is written `\\:`."""
    paths = [""]
    escaped = False
    for character in text:
        if character == ":" and not escaped:
            paths.append("")
        elif character == "\\" and not escaped:
            escaped = True
            continue
        else:
            paths[-1] += character
        escaped = False
    return paths


def names() -> list[str]:
    """Return all options that are not left to a file system."""
    plain = [*_ATTRIBUTES, *_PROPAGATION, *_MEANINGLESS, "bind", "idmap", "tmpcopyup"]
    return sorted({*plain, *(f"r{name}" for name in (*_ATTRIBUTES, *_PROPAGATION, "bind", "idmap"))})
