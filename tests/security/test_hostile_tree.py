"""Nothing of an image is imported, loaded or executed by us (gate G5): CVE-2019-14271 and its kin.

The image has modules of its own wherever our interpreter looks for them, libraries wherever the loader and the name
service do, and programs wherever a helper could be sought. Each of them leaves a mark, in the container's /marks.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.conftest import make_archive
from tests.support import rootfs
from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
PATIENCE = 120.0  # seconds
MODULE = "import os\nos.close(os.open('/marks/module', os.O_CREAT | os.O_WRONLY))\n"
PROGRAM = "#!/bin/busybox sh\n/bin/busybox touch /marks/program-${0##*/}\n"
MODULES = (
    "encodings/__init__",
    "encodings/idna",
    "encodings/utf_8",
    "encodings/ascii",
    "encodings/latin_1",
    "runtime_lib/__init__",
)
LIBRARIES = (
    "libc.so.6", "libm.so.6", "libz.so.1", "libexpat.so.1", "libcrypto.so.3", "libpython3.so", "libseccomp.so.2",
    "libnss_files.so.2", "libnss_dns.so.2", "libnss_compat.so.2", "libgcc_s.so.1", "libffi.so.8",
)  # fmt: skip
PROGRAMS = (
    "mount", "umount", "nsenter", "unshare", "ip", "nft", "iptables", "tar", "gzip", "xz", "unpigz", "ps", "nologin",
    "getent", "python3", "runc", "env", "modprobe", "sysctl", "ldconfig", "skiff", "newuidmap", "newgidmap",
)  # fmt: skip
FOLDERS = ("bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin")


def our_paths(skiff: Skiff) -> set[str]:
    """Return the folders in which our interpreter finds modules, and the installed library."""
    found = subprocess.run(
        [os.path.realpath(sys.executable), "-I", "-S", "-c", "import sys; print('\\n'.join(sys.path))"],
        check=True, text=True, capture_output=True,
    ).stdout.split()  # fmt: skip
    skiff.run("run", "--rm", "--network=none", "bb", "true")  # the first start installs it
    installed = [str(folder) for folder in Path(skiff.root, "lib").iterdir()]
    return {path.strip("/") for path in (*found, *installed, sysconfig.get_paths()["stdlib"]) if path}


def fill(skiff: Skiff, tree: Path) -> None:
    """Put everything hostile into a tree."""
    (tree / "marks").mkdir(mode=0o777)
    names = getattr(
        sys, "stdlib_module_names", ("os", "json", "codecs", "socket", "subprocess", "linecache", "traceback")
    )
    for path in our_paths(skiff):
        for name in (*names, *MODULES, "sitecustomize", "usercustomize"):
            file = tree / path / f"{name}.py"
            if path.endswith(".zip") or file.exists():
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(MODULE)
    for folder in FOLDERS:
        (tree / folder).mkdir(parents=True, exist_ok=True)
        for name in PROGRAMS:
            (tree / folder / name).unlink(missing_ok=True)
            (tree / folder / name).write_text(PROGRAM)
            (tree / folder / name).chmod(0o755)
    libraries = ("lib", "lib64", "usr/lib", "usr/lib64", "lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu")
    built = tree / "hostile.so"
    source = Path(__file__).with_name("hostile.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-nostartfiles", "-o", built, source], check=True)
    for folder in libraries:
        (tree / folder).mkdir(parents=True, exist_ok=True)
        for name in LIBRARIES:
            (tree / folder / name).unlink(missing_ok=True)
            os.link(built, tree / folder / name)
    (tree / "etc" / "ld.so.preload").write_text("/hostile.so\n")
    (tree / "etc" / "nsswitch.conf").write_text("passwd: files dns compat\ngroup: files dns compat\nhosts: dns\n")


@pytest.fixture(scope="module")
def hostile(skiff: Skiff, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The image."""
    folder = tmp_path_factory.mktemp("hostile")
    tree = rootfs.make(folder / "hostile")
    fill(skiff, tree)
    skiff.run("import", "-c", 'CMD ["busybox", "sleep", "1000"]', str(make_archive(folder, tree)), "hostile")
    yield "hostile"
    skiff.run("rmi", "hostile")


def test_the_marks_can_be_left(skiff: Skiff, hostile: str) -> None:
    """A program that the container itself runs does leave one: so the tests below can fail."""
    script = "/usr/bin/mount; busybox ls /marks"
    assert (
        skiff.run("run", "--rm", "--network=none", hostile, "busybox", "sh", "-c", script).stdout == "program-mount\n"
    )


def test_nothing_of_it_is_used(skiff: Skiff, hostile: str, tmp_path: Path) -> None:
    health = ("--health-cmd", "/bin/busybox true", "--health-interval", "100ms")
    skiff.run("run", "-d", "--name=host", "--init", "--user=u1", "-p", "127.0.0.1::80", *health, hostile)
    try:
        root = Path(f"/proc/{skiff.run('inspect', '-f', '{{.State.Pid}}', 'host').stdout.strip()}/root")
        for words in (
            ("exec", "host", "/bin/busybox", "true"),
            ("exec", "-u", "nobody:nogroup", "-w", "/tmp", "-e", "A=é", "host", "busybox", "id"),
            ("exec", "-t", "host", "busybox", "tty"),
            ("exec", "-d", "host", "busybox", "true"),
            ("top", "host"),
            ("inspect", "host"),
            ("logs", "host"),
            ("stats", "--no-stream", "host"),
            ("diff", "host"),
            ("port", "host"),
            ("export", "-o", str(tmp_path / "tar"), "host"),
            ("cp", "host:/etc", str(tmp_path / "etc")),
            ("cp", str(tmp_path / "etc"), "host:/tmp/etc"),
            ("commit", "host", "copy"),
            ("pause", "host"),
            ("unpause", "host"),
            ("restart", "-t", "0", "host"),
        ):
            skiff.run(*words)
        for program in ("/nonesuch", "nonesuch"):
            assert skiff.run("exec", "host", program, check=False).returncode == 127
        root = Path(f"/proc/{skiff.run('inspect', '-f', '{{.State.Pid}}', 'host').stdout.strip()}/root")
        deadline = time.monotonic() + PATIENCE
        while skiff.run("inspect", "-f", "{{.State.Health.Status}}", "host").stdout.strip() != "healthy":
            assert time.monotonic() < deadline
        assert os.listdir(root / "marks") == []
        assert not os.path.exists("/marks")
    finally:
        skiff.run("rm", "-f", "host")
        skiff.run("rmi", "copy", check=False)


def test_after_entering_only_the_program_is_opened(skiff: Skiff, hostile: str, tmp_path: Path) -> None:
    """What the kernel saw: from its entry into the mount namespace on, a process opens no module and no library."""
    skiff.run("run", "-d", "--name=host", "--network=none", hostile)
    try:
        log = tmp_path / "trace"
        calls = "trace=open,openat,openat2,execve,setns"
        command = ["strace", "-f", "-qq", "-s", "200", "-e", calls, "-o", str(log)]
        words = skiff.command("exec", "-u", "nobody", "host", "/bin/busybox", "true")
        done = subprocess.run(
            [*command, *words], text=True, capture_output=True, env=skiff.environment, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stderr
    finally:
        skiff.run("rm", "-f", "host")
    entered, opened = set(), []
    for line in log.read_text(errors="replace").splitlines():
        pid, _unused, call = line.partition(" ")
        call = call.strip()
        if call.startswith("setns(") and ("CLONE_NEWNS" in call or "NEWNS" in call):
            entered.add(pid)
        elif pid in entered and "execve(" in call:
            entered.discard(pid)  # what it does from here on is the program's own
            opened.append(call)
        elif pid in entered:
            opened.append(call)
    assert [call for call in opened if call.startswith("execve(")], "no process was seen to enter"
    assert all('"/bin/busybox"' in call for call in opened), opened
