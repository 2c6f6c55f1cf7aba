"""Images: a Debian from its packages as one disk, one kernel, one initrd and the key to log in."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

from runtime_lib.images import aptsources

from . import initrd, places, recipe
from .recipe import GUEST, MASKED

_FILES = {
    "etc/hostname": "debian\n",
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "etc/fstab": "/dev/vda / ext4 defaults,noatime 0 0\n",
    "etc/resolv.conf": "",
    "etc/systemd/journald.conf.d/vms.conf": "[Journal]\nStorage=volatile\n",
}
_OPTIONS = (
    '--aptopt=Apt::Install-Recommends "false"',
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
)


def make(kind: str) -> Path:
    """Return the folder of an image (disk.raw, vmlinux, initrd, key), made first where it is not in the cache.

    Raises KeyError for an unknown kind, CalledProcessError when a tool fails; needs root.
    """
    final = places.cache() / "images" / recipe.key(kind)
    with places.making(final) as draft:
        if draft:
            _build(kind, draft)
    return final


def _build(kind: str, draft: Path) -> None:
    root = draft / "root"
    bootstrap(recipe.KINDS[kind], root, "directory")
    _kernel(root, draft)
    _configure(root, draft)
    disk = draft / "disk.raw"
    run("truncate", "-s", recipe.DISK_SIZE, str(disk))
    lazy = "lazy_itable_init=1,lazy_journal_init=1"
    run("mke2fs", "-q", "-t", "ext4", "-L", "root", "-E", lazy, "-d", str(root), str(disk))
    places.remove(root)


def bootstrap(packages: tuple[str, ...], target: Path, form: str) -> None:
    """Make a minimal Debian with some packages from the host's own sources; `form` is one of mmdebstrap's formats."""
    sources = aptsources.lines(recipe.SUITE, ("main",))
    # In a mount namespace and with --kill-child: a killed build leaves no mounts and no mmdebstrap behind.
    command = ["unshare", "--mount", "--fork", "--kill-child", "mmdebstrap", "--quiet", "--mode=root"]
    command += ["--variant=minbase", f"--format={form}", f"--include={','.join(packages)}", *_OPTIONS]
    run(*command, "--", recipe.SUITE, str(target), "-", *sources)


def _kernel(root: Path, draft: Path) -> None:
    (modules,) = (root / "usr/lib/modules").iterdir()
    vmlinuz = root / f"boot/vmlinuz-{modules.name}"
    (draft / "vmlinux").write_bytes(initrd.uncompressed(vmlinuz.read_bytes()))
    members = initrd.files(GUEST / "init", root / "usr/bin/busybox", modules)
    (draft / "initrd").write_bytes(initrd.archive(members))
    for leftover in [*root.glob("boot/initrd*"), *root.glob("initrd*"), *root.glob("vmlinuz*")]:
        leftover.unlink()


def _configure(root: Path, draft: Path) -> None:
    for name, text in _FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        path.write_text(text)
    shutil.copy(GUEST / "sshd.conf", root / "etc/ssh/sshd_config.d/vms.conf")
    shutil.copy(GUEST / "vms-ready.service", root / "etc/systemd/system/")
    _keys(root, draft)
    _chroot(root, "systemctl", "mask", "--quiet", *MASKED)
    _chroot(root, "systemctl", "set-default", "--quiet", "multi-user.target")
    _chroot(root, "systemctl", "enable", "--quiet", "vms-ready.service")
    # Not every file compiles (some are templates): only speed is lost by that.
    _chroot(root, "sh", "-c", "python3 -m compileall -q /usr/lib/python3* >/dev/null 2>&1 || true")


def _keys(root: Path, draft: Path) -> None:
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(draft / "key"), "-C", "skiff-vms")
    ssh = root / "root/.ssh"
    ssh.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(draft / "key.pub", ssh / "authorized_keys")
    # one identity, of the kind that costs the least under emulation
    for path in root.glob("etc/ssh/ssh_host_*"):
        path.unlink()
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(root / "etc/ssh/ssh_host_ed25519_key"), "-C", "guest")


def _chroot(root: Path, *command: str) -> None:
    run("chroot", str(root), *command)


def run(*command: str) -> None:
    """Run a tool that must succeed. Raises CalledProcessError."""
    environment = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/bin:/bin", "LC_ALL": "C"}
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, env=environment, cwd="/")
