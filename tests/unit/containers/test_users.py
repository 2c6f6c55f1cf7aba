from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime_lib.containers.users import User, lookup, resolve
from runtime_lib.errors import CorruptData, InvalidSpec
from runtime_lib.linux.saferoot import SafeRoot

PASSWD = (
    b"root:x:0:0:root:/root:/bin/sh\nbroken:x:0 0:0::/:\nu1:x:1000:1000::/home/u1:/bin/sh\n"
    b"high:x:4294967296:0::/:/x\n\n#c\n"
)
GROUP = b"root:x:0:\nwheel:x:10:root,u1\nu1:x:1000:\nnumbers:x:+5:u1\nextra:x:4242:u1\n"


@pytest.mark.parametrize(
    ("text", "more", "user"),
    [
        ("", (), User(0, 0, (0, 10), "/root")),
        ("root", (), User(0, 0, (0, 10), "/root")),
        ("u1", (), User(1000, 1000, (1000, 10, 4242), "/home/u1")),
        ("1000", (), User(1000, 1000, (1000, 10, 4242), "/home/u1")),
        ("u1:extra", (), User(1000, 4242, (4242,), "/home/u1")),
        ("2000", (), User(2000, 0, (0,), "/")),
        ("2000:3000", ("7", "wheel"), User(2000, 3000, (3000, 7, 10), "/")),
        ("2147483647", (), User(2147483647, 0, (0,), "/")),
    ],
)
def test_users(text: str, more: tuple[str, ...], user: User) -> None:
    assert resolve(PASSWD, GROUP, text, more) == user


@pytest.mark.parametrize(
    "text",
    ["2147483648", "4294967296", "-1", "0x0", " 0", "０", "1_0", "nosuch", "1:2:3", "u1:nosuch", "broken", "high"],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(InvalidSpec):
        resolve(PASSWD, GROUP, text)


def test_without_files(tmp_path: Path) -> None:
    with SafeRoot.at(str(tmp_path)) as root:
        assert lookup(root, "") == User(0, 0, (0,), "/")


@pytest.mark.parametrize("kind", ["fifo", "huge", "link outside"])
def test_hostile_files_are_not_read(tmp_path: Path, kind: str) -> None:
    (tmp_path / "etc").mkdir()
    passwd = tmp_path / "etc" / "passwd"
    if kind == "fifo":
        os.mkfifo(passwd)
    elif kind == "huge":
        with open(passwd, "wb") as file:
            file.truncate(11 << 20)
    else:
        passwd.symlink_to("/proc/self/environ")
    with SafeRoot.at(str(tmp_path)) as root:
        if kind == "link outside":
            assert lookup(root, "").home == "/"
            return
        with pytest.raises(CorruptData, match="/etc/passwd"):
            lookup(root, "")
