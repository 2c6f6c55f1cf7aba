"""Which user, groups and home a process in a container gets, from the image's own /etc/passwd and /etc/group.

The files belong to a stranger: only regular files of at most 10 MiB are read, through `SafeRoot`, and numbers are
ASCII digits up to 2^31-1 (CVE-2024-9676, CVE-2024-40635). A line that is no entry is passed over.
"""

from __future__ import annotations

from ..errors import CorruptData, InvalidSpec
from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..linux.saferoot import SafeRoot

HIGHEST = 2147483647
_MOST_GROUPS = 65536  # NGROUPS_MAX, setgroups(2)


@dataclass(frozen=True)
class User:
    """Who runs: `groups` are the supplementary ones, with the primary one first, as Docker has it."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str


def lookup(root: SafeRoot, user: str, additional: Sequence[str] = ()) -> User:
    """Return the user that `user` (`NAME`, `UID`, `NAME:GROUP`, ...; "" is root) means inside the tree `root`.

    Supplementary groups are those that name the user in /etc/group, unless a group is given, and the `additional`
    ones (names or numbers). Raises InvalidSpec for a name that is in neither file, CorruptData for a file that
    cannot be an account file.
    """
    return resolve(_content(root, "/etc/passwd"), _content(root, "/etc/group"), user, additional)


def resolve(passwd: bytes, group: bytes, user: str, additional: Sequence[str] = ()) -> User:
    """Return what `lookup` does, from the contents of the two files. Pure. Raises CorruptData."""
    name, _unused, group_name = user.partition(":")
    account = _account(passwd, name)
    uid, gid, home, login = account or (_number(name, "user", "passwd"), 0, "/", "")
    groups: list[int] = []
    if group_name:
        gid = _group(group, group_name)
    elif login:
        groups = _memberships(group, login)
    groups += [_group(group, extra) for extra in additional]
    if len(groups) >= _MOST_GROUPS:
        raise CorruptData(f"user {name[:64]!r} is in {len(groups)} groups of the image: more than a process can have")
    return User(uid, gid, tuple(dict.fromkeys([gid, *groups])), home)


def _account(passwd: bytes, name: str) -> tuple[int, int, str, str] | None:
    wanted = name or "0"
    for fields in _lines(passwd, wanted, 6):
        uid, gid = _strict(fields[2]), _strict(fields[3])
        if uid is None or gid is None:
            continue
        if (name and fields[0] == name) or fields[2] == wanted:
            return uid, gid, fields[5] or "/", fields[0]
    return None if name else (0, 0, "/", "")


def _group(group: bytes, name: str) -> int:
    for fields in _lines(group, name, 3):
        gid = _strict(fields[2])
        if gid is not None and name in (fields[0], fields[2]):
            return gid
    return _number(name, "group", "group")


def _memberships(group: bytes, login: str) -> list[int]:
    found = []
    for fields in _lines(group, login, 4):
        gid = _strict(fields[2])
        if gid is not None and login in fields[3].split(","):
            found.append(gid)
    return found


def _lines(content: bytes, word: str, least: int) -> Iterator[list[str]]:
    """Yield the fields of each line that holds `word` and has enough of them."""
    mark = word.encode(errors="surrogateescape")
    for line in content.split(b"\n"):
        if mark in line:
            fields = line.strip().decode(errors="surrogateescape").split(":")
            if len(fields) >= least:
                yield fields


def _strict(text: str) -> int | None:
    if not 1 <= len(text) <= 10 or not text.isascii() or not text.isdigit() or int(text) > HIGHEST:
        return None
    return int(text)


def _number(text: str, kind: str, file: str) -> int:
    value = _strict(text)
    if value is None:
        raise InvalidSpec(
            f"{kind} {text[:64]!r} is not in the image's /etc/{file}, and is not a number up to {HIGHEST}"
        )
    return value


def _content(root: SafeRoot, path: str) -> bytes:
    try:
        return root.read(path)
    except FileNotFoundError:
        return b""
    except NotADirectoryError:
        return b""
    except OSError as error:
        raise CorruptData(f"cannot read {path} of the container: {error.strerror}") from error
