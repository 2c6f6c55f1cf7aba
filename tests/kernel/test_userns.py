"""Containers with a user namespace of their own, on the real kernel."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
ALONE = ("--network", "none", "--userns", "auto")


def inside(skiff: Skiff, script: str, *options: str) -> str:
    return skiff.run("run", "--rm", *ALONE, *options, "bb", "sh", "-c", script).stdout


def pid(skiff: Skiff, name: str) -> str:
    return skiff.run("inspect", "-f", "{{.State.Pid}}", name).stdout.strip()


def first(skiff: Skiff, name: str, file: str = "uid_map") -> int:
    """Return what root of a running container is on the host."""
    words = Path(f"/proc/{pid(skiff, name)}/{file}").read_text().split()
    assert words[0] == "0"
    assert words[2] == "65536"
    return int(words[1])


@pytest.fixture
def web(skiff: Skiff) -> Iterator[str]:
    """A container that runs."""
    skiff.run("run", "-d", "--name", "web", *ALONE, "bb", "sh", "-c", "echo up; sleep 1000")
    yield "web"
    skiff.run("rm", "-f", "web")


@pytest.mark.userns
def test_root_is_nobody_outside(skiff: Skiff, web: str) -> None:
    root = first(skiff, web)
    assert root >= 100000
    assert first(skiff, web, "gid_map") >= 100000
    assert os.stat(f"/proc/{pid(skiff, web)}").st_uid == root
    skiff.run("exec", web, "sh", "-c", "touch /made; chown 7:8 /made; echo more >>/etc/passwd; mkdir /new")
    assert skiff.run("exec", web, "stat", "-c", "%u:%g", "/", "/made", "/etc/passwd").stdout.split() == [
        "0:0",
        "7:8",
        "0:0",
    ]
    # On disk are the ids that the container knows.
    upper = Path(skiff.layout.container(skiff.run("inspect", "-f", "{{.Id}}", web).stdout.strip())) / "upper"
    assert ((upper / "made").stat().st_uid, (upper / "made").stat().st_gid) == (7, 8)
    assert (upper / "new").stat().st_uid == 0


def test_two_containers_share_no_ids(skiff: Skiff, web: str) -> None:
    skiff.run("run", "-d", "--name", "other", *ALONE, "bb", "sleep", "1000")
    try:
        assert abs(first(skiff, web) - first(skiff, "other")) >= 65536
    finally:
        skiff.run("rm", "-f", "other")


def test_output_and_input(skiff: Skiff, web: str) -> None:
    assert skiff.run("logs", web).stdout == "up\n"
    written = skiff.run("exec", web, "sh", "-c", "echo out >/dev/stdout; echo err >/dev/stderr; cat /proc/self/uid_map")
    assert written.stdout.split()[0] == "out"
    assert written.stderr == "err\n"
    assert inside(skiff, "echo opened >/dev/stdout; id -u", "--user", "12") == "opened\n12\n"
    asked = skiff.run("exec", "-i", web, "cat", input="told\n", stdin=None)
    assert asked.stdout == "told\n"


@pytest.mark.userns
def test_the_file_systems_of_the_kernel(skiff: Skiff) -> None:
    look = "stat -c %u:%g /dev/pts /dev/shm /etc/hosts; mount | grep -c -E ' on /(proc|sys|dev/mqueue) '; "
    look += "echo x >/dev/null; cat /proc/sys/kernel/shm_rmid_forced; cat /proc/kcore | wc -c"
    seen = inside(skiff, look, "--sysctl", "kernel.shm_rmid_forced=1")
    assert seen.split() == ["0:0", "0:0", "0:0", "3", "1", "0"]
    refused = skiff.run("run", "--rm", *ALONE, "bb", "mknod", "/x", "b", "8", "0", check=False)
    assert "Operation not permitted" in refused.stderr
    free = ("--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined")
    assert inside(skiff, "mkdir /m; mount -t tmpfs x /m && echo done", *free) == "done\n"


def test_ids_are_given_back(skiff: Skiff, tmp_path: Path) -> None:
    small = tmp_path / "subuid"
    small.write_text("containers:300000:100000\nskiff:500000:70000\n")

    def create(*words: str) -> subprocess.CompletedProcess[str]:
        return skiff.run("create", "--network", "none", *words, "bb", "true", check=False, before=_files(small))

    assert create("--name", "one", "--userns", "auto").returncode == 0
    full = create("--name", "two", "--userns", "auto")
    assert full.returncode == 1
    assert "65536 ids in a row" in full.stderr
    assert str(small) in full.stderr
    assert create("--name", "two", "--userns", "auto:size=4000").returncode == 0
    skiff.run("rm", "one", "two")
    assert create("--name", "one", "--userns", "auto").returncode == 0
    skiff.run("rm", "one")


def test_root_of_the_host_is_never_given_away(skiff: Skiff, tmp_path: Path) -> None:
    wrong = tmp_path / "subuid"
    wrong.write_text("skiff:0:2000\n")
    words = ("run", "--rm", "--network", "none", "--userns", "auto:size=1000", "bb", "cat", "/proc/self/uid_map")
    assert skiff.run(*words, before=_files(wrong)).stdout.split() == ["0", "1000", "1000"]
    wrong.write_text("skiff:0:1500\n")
    refused = skiff.run(*words, before=_files(wrong), check=False)
    assert refused.returncode == 125
    assert "no 1000 ids in a row" in refused.stderr


def test_users_of_the_host(skiff: Skiff, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    os.chown(shared, 1000, 1001)
    os.chmod(tmp_path, 0o755)
    auto = "auto:size=3000,uidmapping=1000:1000:1,gidmapping=2000:1001:1"
    script = "touch /b/mine; cat /proc/self/uid_map; stat -c %u:%g /b /b/mine /etc/passwd"
    words = ("run", "--rm", "--network", "none", "--userns", auto, "-u", "1000:2000", "-v", f"{shared}:/b", "bb")
    lines = skiff.run(*words, "sh", "-c", script).stdout.splitlines()
    rows = [[int(word) for word in line.split()] for line in lines[:3]]
    base = rows[0][1]
    assert rows == [[0, base, 1000], [1000, 1000, 1], [1001, base + 1001, 1999]]
    assert lines[3:] == ["1000:2000", "1000:2000", "0:0"]
    assert ((shared / "mine").stat().st_uid, (shared / "mine").stat().st_gid) == (1000, 1001)
    skiff.run("create", "--name", "own", *words[2:], "true")
    skiff.run("cp", str(shared), "own:/home/")
    skiff.run("start", "own")
    skiff.run("wait", "own")
    skiff.run("rm", "own")
    taken = ("create", "--userns", f"auto:uidmapping=5:{base}:1", "bb", "true")
    refused = skiff.run(*taken, check=False)
    assert refused.returncode == 1
    assert "among those that containers get by themselves" in refused.stderr


def _files(path: Path) -> str:
    return f"from runtime_lib.containers import userns; userns._FILES = ({str(path)!r},) * 2"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--userns", "auto", "--network", "host"), "network_mode host cannot be combined with userns_mode auto"),
        (("--userns", "auto", "--pid", "host"), "pid_mode host cannot be combined"),
        (("--userns", "keep-id"), "a user's own Podman"),
        (("--userns", "auto:size=0"), "between 1 and"),
        (("--userns", "auto:uidmapping=1"), "use host, auto, or auto:size=N,uidmapping=CONTAINER:HOST:SIZE"),
    ],
)
def test_what_cannot_be(skiff: Skiff, options: tuple[str, ...], told: str) -> None:
    refused = skiff.run("create", *options, "bb", "true", check=False)
    assert refused.returncode == 1
    assert told in refused.stderr


def test_copies_have_the_containers_owners(skiff: Skiff, web: str, tmp_path: Path) -> None:
    source = tmp_path / "file"
    source.write_text("copied")
    os.chown(source, 3, 4)
    for state in ("running", "stopped"):
        skiff.run("cp", str(source), f"{web}:/{state}")
        skiff.run("cp", "-a", str(source), f"{web}:/etc/{state}")  # which becomes the container's user's
        assert _listed(skiff, web, f"/{state}", tmp_path) == "3/4"
        assert _listed(skiff, web, f"/etc/{state}", tmp_path) == "0/0"
        skiff.run("stop", "-t", "0", web)
    skiff.run("start", web)
    seen = skiff.run("exec", web, "stat", "-c", "%u:%g", "/running", "/stopped", "/etc/running").stdout
    assert seen.split() == ["3:4", "3:4", "0:0"]
    os.chown(source, 70000, 0)
    refused = skiff.run("cp", str(source), f"{web}:/", check=False)
    assert refused.returncode == 1
    assert "file belongs to 70000:0, and the container's user namespace has no such user" in refused.stderr
    missing = skiff.run("cp", str(source), f"{web}:/no/such/folder/", check=False)
    assert missing.returncode == 1
    assert "no folder" in missing.stderr
    skiff.run("exec", web, "mkdir", "/taken")
    (tmp_path / "taken").write_text("a file")
    refused = skiff.run("cp", str(tmp_path / "taken"), f"{web}:/", check=False)
    assert refused.returncode == 1
    assert "taken" in refused.stderr


def _listed(skiff: Skiff, name: str, path: str, folder: Path) -> str:
    archive = folder / "out.tar"
    with archive.open("wb") as file:
        skiff.run("cp", f"{name}:{path}", "-", stdout=file, stderr=None, capture_output=False)
    listed = subprocess.run(["tar", "--numeric-owner", "-tvf", archive], check=True, capture_output=True, text=True)
    return listed.stdout.split()[1]


def test_images_have_the_containers_owners(skiff: Skiff, web: str, tmp_path: Path) -> None:
    skiff.run("exec", web, "sh", "-c", "touch /mine; chown 9:10 /mine; rm /etc/passwd")
    assert {"A /mine", "D /etc/passwd"} <= set(skiff.run("diff", web).stdout.splitlines())
    skiff.run("export", "-o", str(tmp_path / "export.tar"), web)
    listed = subprocess.run(
        ["tar", "--numeric-owner", "-tvf", tmp_path / "export.tar", "mine"], check=True, capture_output=True, text=True
    )
    assert "9/10" in listed.stdout
    skiff.run("commit", web, "changed")
    look = ("run", "--rm", "--network", "none", "changed", "sh", "-c", "stat -c %u:%g /mine; ls /etc/passwd 2>&1")
    assert skiff.run(*look, check=False).stdout.splitlines()[0] == "9:10"
    again = ("run", "--rm", *ALONE, "changed", "stat", "-c", "%u:%g", "/mine")
    assert skiff.run(*again).stdout == "9:10\n"
    skiff.run("rmi", "-f", "changed")


@pytest.mark.userns
def test_volumes_are_shared_and_binds_are_the_hosts(skiff: Skiff, tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o755)
    (tmp_path / "file").write_text("the host's")
    inside(skiff, "touch /v/made; chown 5:6 /v/made", "-v", "data:/v")
    seen = skiff.run("run", "--rm", "--network", "none", "-v", "data:/v", "bb", "stat", "-c", "%u:%g", "/v/made")
    assert seen.stdout == "5:6\n"
    assert inside(skiff, "stat -c %u:%g /v/made", "-v", "data:/v") == "5:6\n"
    assert inside(skiff, "stat -c %u:%g /b/file; touch /b/x 2>/dev/null || cat /b/file", "-v", f"{tmp_path}:/b") == (
        "65534:65534\nthe host's"
    )
    mount = "type=image,source=bb,target=/t"
    assert inside(skiff, "stat -c %u:%g /t/etc/passwd", "--mount", mount) == "0:0\n"
    skiff.run("volume", "rm", "data")


@pytest.mark.userns
def test_a_volume_on_a_tmpfs(skiff: Skiff) -> None:
    skiff.run("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "fast")
    words = ("run", "--rm", *ALONE, "-v", "fast:/v", "bb", "stat", "-c", "%u:%g", "/v")
    done = skiff.run(*words, check=False)
    if [int(word) for word in re.findall(r"\d+", os.uname().release)[:2]] >= [6, 3]:
        assert done.stdout == "0:0\n"
    else:
        assert done.returncode == 125
        assert "cannot be shown with other owners" in done.stderr
        assert "tmpfs on Linux 6.3 or newer" in done.stderr
    skiff.run("volume", "rm", "fast")


OLDER = "from runtime_lib.linux import kernel; kernel._version = lambda name: (5, 15);"
WITHOUT = """
from runtime_lib.linux import seccomp
rule = {"names": ["mount_setattr"], "action": "SCMP_ACT_ERRNO", "errnoRet": 22}
seccomp.load(seccomp.compile({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}))
"""


def test_an_older_kernel_is_told(skiff: Skiff) -> None:
    refused = skiff.run("create", *ALONE, "bb", "true", check=False, before=OLDER + WITHOUT)
    assert refused.returncode == 1
    assert "userns_mode auto needs Linux 5.19 or newer" in refused.stderr


def test_an_older_kernel_that_can_do_it(skiff: Skiff) -> None:
    """Distributions bring such things to their kernels without another version."""
    assert skiff.run("run", "--rm", *ALONE, "bb", "id", "-u", before=OLDER).stdout == "0\n"
    assert [name for name in os.listdir(skiff.layout.temporary) if name.startswith("tmp")] == []


def test_a_user_outside_of_the_range(skiff: Skiff, web: str) -> None:
    told = "the user or group id 70000 is not among those of the container"
    for words in (("run", "--rm", *ALONE, "--user", "70000", "bb", "id"), ("exec", "--user", "0:70000", web, "id")):
        refused = skiff.run(*words, check=False)
        assert refused.returncode == 125
        assert told in refused.stderr


def test_a_device_by_another_name(skiff: Skiff) -> None:
    assert inside(skiff, "head -c 3 /dev/other | wc -c", "--device", "/dev/zero:/dev/other") == "3\n"


def test_a_restart_keeps_the_range(skiff: Skiff, web: str) -> None:
    before = first(skiff, web)
    skiff.run("restart", "-t", "0", web)
    assert first(skiff, web) == before
    assert skiff.run("exec", "-t", web, "sh", "-c", "stat -c %u $(tty)").stdout.strip() == "0"


@pytest.mark.userns
def test_a_network_that_it_owns(skiff: Skiff) -> None:
    script = (
        "ip link set eth0 down && ip link set eth0 up && echo mine; echo 1 >/proc/sys/net/ipv4/ip_forward && echo set"
    )
    words = ("run", "--rm", "--userns", "auto", "--privileged", "bb", "sh", "-c", script)
    assert skiff.run(*words).stdout == "mine\nset\n"
    refused = skiff.run(*words[:-1], "echo 1 >/proc/sys/kernel/panic", check=False)
    assert "Permission denied" in refused.stderr
