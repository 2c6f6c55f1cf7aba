"""What an image or a volume may try in a container with ids of its own: no owner, no node, no mount leads outside."""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import rootfs
from tests.support.alone import alone
from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
ALONE = ("run", "--rm", "--network", "none", "--userns", "auto")
OUTSIDE = 70000  # not among the 65536
NET_RAW = 1 << 13
FILE_CAPABILITY = struct.pack("<5I", 0x02000001, NET_RAW, 0, 0, 0)  # struct vfs_cap_data of revision 2, effective
WHO = r"""
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(void) {
    char text[4096] = "";
    int file = open("/proc/self/status", O_RDONLY);
    if (file < 0 || read(file, text, sizeof text - 1) < 0) return 1;
    printf("%u %u %.16s\n", geteuid(), getegid(), strstr(text, "CapEff:\t") + 8);
    return 0;
}
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Skiff]:
    """A host with the image `bb`, which holds programs and nodes that would give rights."""
    folder = tmp_path_factory.mktemp("userns")
    tree = rootfs.make(folder / "bb")
    (folder / "who.c").write_text(WHO)
    subprocess.run(["gcc", "-static", "-O1", "-o", tree / "bin" / "plain", folder / "who.c"], check=True)
    for name, owner, mode in (("roots", 0, 0o6755), ("outside", OUTSIDE, 0o6755), ("capable", 0, 0o755)):
        subprocess.run(["cp", tree / "bin" / "plain", tree / "bin" / name], check=True)
        os.chown(tree / "bin" / name, owner, owner)
        os.chmod(tree / "bin" / name, mode)
    os.setxattr(tree / "bin" / "capable", "security.capability", FILE_CAPABILITY)
    (tree / "secret").write_text("not yours\n")
    os.chown(tree / "secret", OUTSIDE, OUTSIDE)
    os.chmod(tree / "secret", 0o600)
    os.mknod(tree / "zero", 0o020666, os.makedev(1, 5))
    os.chmod(tree / "zero", 0o666)
    subprocess.run(["tar", "--xattrs", "--xattrs-include=*", "-C", tree, "-cf", folder / "bb.tar", "."], check=True)
    with alone(folder, folder / "bb.tar") as host:
        yield host


def seen(host: Skiff, script: str, *options: str) -> str:
    """Return what a container with ids of its own writes, errors among it."""
    return host.run(*ALONE, *options, "bb", "sh", "-c", f"exec 2>&1; {script}", check=False).stdout


def test_set_user_id_gives_users_of_the_container_alone(host: Skiff) -> None:
    nothing = "0" * 16
    programs = "for name in plain roots outside; do $name; done"
    assert seen(host, programs, "--user", "1000", "--cap-drop", "ALL").splitlines() == [
        f"1000 1000 {nothing}",
        f"0 0 {nothing}",
        f"1000 1000 {nothing}",
    ]


def test_root_of_the_container_is_not_root_of_the_host(host: Skiff) -> None:
    name = host.run(*ALONE[:1], "-d", *ALONE[2:], "--user", "1000", "bb", "sleep", "1000").stdout.strip()
    try:
        pid = host.run("inspect", "-f", "{{.State.Pid}}", name).stdout.strip()
        first = int(Path(f"/proc/{pid}/uid_map").read_text().split()[1])
        assert first >= 100000
        assert os.stat(f"/proc/{pid}").st_uid == first + 1000
    finally:
        host.run("rm", "-f", name)


def test_file_capabilities_count_inside_alone(host: Skiff) -> None:
    shown = seen(host, "capable; grep CapEff /proc/self/status", "--user", "1000").split()
    assert shown == ["1000", "1000", f"{NET_RAW:016x}", "CapEff:", "0" * 16]
    refused = seen(host, "capable", "--user", "1000", "--cap-drop", "ALL")
    assert f"{NET_RAW:016x}" not in refused


def test_what_belongs_to_nobody_stays_so(host: Skiff) -> None:
    script = "cat /secret; chown 0 /secret; chmod 666 /secret; rm /secret; mv /secret /tmp/; ls -n /secret; "
    script += "touch /mine; chown 70000 /mine; ls -n /mine"
    for options in ((), ("--privileged",)):
        lines = seen(host, script, *options).splitlines()
        assert "not yours" not in lines
        owners = {line.split()[-1]: line.split()[2] for line in lines if line.startswith("-rw")}
        assert owners == {"/secret": "65534", "/mine": "0"}


@pytest.mark.parametrize("options", [(), ("--privileged",), ("--device-cgroup-rule", "a *:* rwm")])
def test_nodes_of_devices_are_files_without_use(host: Skiff, options: tuple[str, ...]) -> None:
    """Their owner and mode are the image's, so only the rules for devices would stand before the host's disks."""
    plain = ("run", "--rm", "--network", "none", "-v", "nodes:/v", "bb", "sh", "-c")
    host.run(*plain, "rm -f /v/zero; mknod -m 666 /v/zero c 1 5; head -c 1 /v/zero /zero")
    try:
        mounts = ("-v", "nodes:/v", "--mount", "type=image,source=bb,target=/i")
        script = "for node in /zero /v/zero /i/zero /dev/zero; do head -c 1 $node | wc -c; done"
        lines = seen(host, script, *mounts, *options).splitlines()
        assert [line for line in lines if line.isdigit()] == ["0", "0", "0", "1"]
        assert sum("Permission denied" in line for line in lines) == 3
        script = "for place in / /v /i; do mount -o remount,bind,dev $place; done; head -c 1 /zero /v/zero | wc -c"
        assert seen(host, script, *mounts, *options).splitlines()[-1] == "0"
    finally:
        host.run("volume", "rm", "nodes")


@pytest.mark.userns
def test_read_only_stays_so(host: Skiff, tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o777)
    (tmp_path / "file").touch(0o666)
    os.chmod(tmp_path / "file", 0o666)
    binds = ("-v", f"{tmp_path}:/b:ro", "-v", f"{tmp_path}/file:/f:ro", "-v", "kept:/v:ro")
    script = "for place in /b /f /v; do mount -o remount,bind,rw $place; done; touch /v/x /b/x; echo x >/f; "
    script += "umount /v; mount -t tmpfs x /v && touch /v/own && echo end"
    try:
        lines = seen(host, script, "--privileged", *binds).splitlines()
        assert sum("permission denied" in line for line in lines) == 3, lines
        assert sum("Read-only file system" in line for line in lines) == 3
        assert lines[-1] == "end"
    finally:
        host.run("volume", "rm", "kept")


def test_set_user_id_files_in_volumes_are_out_of_reach(host: Skiff) -> None:
    """On disk they are those of the host's root: nobody else may come near them."""
    seen(host, "cp /bin/roots /v/; chmod 6755 /v/roots", "-v", "tools:/v")
    try:
        point = host.run("volume", "inspect", "-f", "{{.Mountpoint}}", "tools").stdout.strip()
        found = Path(point, "roots").stat()
        assert (found.st_uid, found.st_mode & 0o7777) == (0, 0o6755)
        with pytest.raises(PermissionError):
            subprocess.run([f"{point}/roots"], user=65534, group=65534, extra_groups=[], check=False)
    finally:
        host.run("volume", "rm", "tools")


def test_mounts_with_all_rights(host: Skiff, tmp_path: Path) -> None:
    """Its own namespace is all that it may change; what only the host's root may write stays unwritten."""
    (tmp_path / "victim").write_text("whole")
    os.chmod(tmp_path, 0o755)
    script = (
        "mount -t tmpfs x /b && echo covered; umount /b; echo x >/b/victim; mount -o remount,rw,bind /proc/sys;"
        " sh -c ': >/proc/sys/kernel/panic'; sh -c ': >/proc/sys/kernel/core_pattern';"
        " mount -t ext4 /dev/loop0 /tmp; mount --bind /proc/1/root/../.. /tmp; ls /tmp/b; nsenter -t 1 -m true && echo"
        " same; echo end"
    )
    rights = ("--cap-add", "ALL", "--security-opt", "seccomp=unconfined", "-v", f"{tmp_path}:/b")
    lines = seen(host, script, *rights).splitlines()
    assert "covered" in lines
    assert lines[-1] == "end"
    assert sum("Permission denied" in line for line in lines) >= 3
    assert (tmp_path / "victim").read_text() == "whole"
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
