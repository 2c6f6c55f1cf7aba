"""A small root file system of busybox, the same for every engine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

BUSYBOX = "/bin/busybox"  # Debian's busybox-static
USERS = "root:x:0:0:root:/root:/bin/sh\nu1:x:1000:1000:u1:/home/u1:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
GROUPS = "root:x:0:\nu1:x:1000:\nextra:x:4242:u1\nnogroup:x:65534:\n"


def make(folder: Path) -> Path:
    """Fill `folder` and return it."""
    for name in ("bin", "etc", "root", "home/u1", "tmp", "var", "usr/bin"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "tmp").chmod(0o1777)
    subprocess.run(["cp", BUSYBOX, folder / "bin" / "busybox"], check=True)
    for applet in subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split():
        if applet != "busybox":
            os.symlink("busybox", folder / "bin" / applet)
    (folder / "etc" / "passwd").write_text(USERS)
    (folder / "etc" / "group").write_text(GROUPS)
    return folder


def tar(folder: Path, target: Path) -> Path:
    """Make it and pack it into the tar file `target`; return `target`."""
    subprocess.run(["tar", "-C", make(folder), "-cf", target, "."], check=True)
    return target
