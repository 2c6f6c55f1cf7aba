"""Trees with everything that a layer can hold, and what is in a tree, to compare two of them."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def described(tree: Path) -> dict[str, tuple[object, ...]]:
    """Return what is in a tree: type, mode, owner, time, links, attributes and content of every path."""
    found: dict[str, tuple[object, ...]] = {}
    for path in [tree, *tree.rglob("*")]:
        status = path.lstat()
        regular = stat.S_ISREG(status.st_mode)
        content: object = path.read_bytes() if regular else None
        if path.is_symlink():
            content = os.readlink(path)
        attributes = {
            key: os.getxattr(path, key, follow_symlinks=False)
            for key in os.listxattr(path, follow_symlinks=False)
            if not key.startswith("trusted.overlay.")
        }
        links = status.st_nlink if regular else 0
        owner = (status.st_uid, status.st_gid)
        time = status.st_mtime_ns // 10**9
        found[str(path.relative_to(tree))] = (status.st_mode, owner, status.st_rdev, time, links, attributes, content)
    return found


def rich_tree(folder: Path) -> None:
    """Make a tree with everything that a layer can hold."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "su").write_bytes(b"#!" * 5000)
    os.chmod(folder / "bin" / "su", 0o4755)
    os.setxattr(folder / "bin" / "su", "security.capability", bytes.fromhex("0100000200200000000000000000000000000000"))
    os.setxattr(folder / "bin" / "su", "user.note", b"\0\xff\n=")
    os.link(folder / "bin" / "su", folder / "bin" / "sudo")
    os.symlink("/bin/su", folder / "absolute")
    os.symlink("n" * 200, folder / "long-link")
    os.mkfifo(folder / "fifo", 0o622)
    os.mknod(folder / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    (folder / ("d" * 120)).mkdir()
    (folder / ("d" * 120) / ("ä" * 60)).write_text("x")
    os.chown(folder / ("d" * 120), 4242, 70000)
    os.mkdir(folder / "tmp")
    os.chmod(folder / "tmp", 0o1777)
    with open(folder / "sparse", "wb") as file:
        file.seek(1_000_000)
        file.write(b"end")
    for number, path in enumerate([*folder.rglob("*"), folder]):
        os.utime(path, (1_600_000_000 + number, 1_600_000_000 + number), follow_symlinks=False)
