"""What a program finds inside of a container that `skiff-oci run` made."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.linux import mounts
from tests.support.bundle import CAPABILITIES, Bundle

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.mark.cgroups
def test_namespaces_are_its_own(bundle: Bundle) -> None:
    theirs = bundle.output("for n in mnt pid net uts ipc; do readlink /proc/self/ns/$n; done").split()
    ours = [os.readlink(f"/proc/self/ns/{name}") for name in ("mnt", "pid", "net", "uts", "ipc")]
    assert len(theirs) == 5
    assert not set(theirs) & set(ours)


@pytest.mark.cgroups
def test_it_is_process_one_of_its_cgroup(bundle: Bundle) -> None:
    shown = bundle.output("echo $$; cat /proc/self/cgroup")
    first, *groups = shown.splitlines()
    assert first == "1"
    assert groups
    assert all(line.endswith(f"/skiff-oci/{bundle.name}") for line in groups)


def test_mounts(bundle: Bundle) -> None:
    lines = [line.split(" - ") for line in bundle.output("cat /proc/self/mountinfo").splitlines()]
    seen = {left.split()[4]: (left.split()[5], right.split()[0]) for left, right in lines}
    assert seen["/"] == ("rw,relatime", "overlay")
    assert seen["/proc"] == ("rw,nosuid,nodev,noexec,relatime", "proc")
    assert seen["/dev"] == ("rw,nosuid", "tmpfs")
    assert seen["/dev/pts"] == ("rw,nosuid,noexec,relatime", "devpts")
    assert seen["/sys"] == ("ro,nosuid,nodev,noexec,relatime", "sysfs")
    assert seen["/dev/shm"] == ("rw,nosuid,nodev,noexec,relatime", "tmpfs")
    assert seen["/proc/sys"] == ("ro,nosuid,nodev,noexec,relatime", "proc")
    assert seen["/sys/firmware"][0].startswith("ro")
    assert seen["/proc/keys"][1] == "devtmpfs"


def test_cgroups_are_seen_and_cannot_be_written(bundle: Bundle) -> None:
    script = "cat /sys/fs/cgroup/memory/memory.usage_in_bytes; mkdir /sys/fs/cgroup/memory/x 2>&1; true"
    if not os.path.exists("/sys/fs/cgroup/memory"):
        pytest.skip("this machine: no version 1 controllers")
    usage, refusal = bundle.output(script).splitlines()
    assert 0 < int(usage) < 1 << 30
    assert "Read-only file system" in refusal


def test_masked_paths_are_empty(bundle: Bundle) -> None:
    assert bundle.output("cat /proc/keys /proc/timer_list; ls /sys/firmware /proc/acpi").split() == [
        "/proc/acpi:",
        "/sys/firmware:",
    ]


def test_a_mask_does_not_change_the_host(bundle: Bundle) -> None:
    done = bundle.run(
        "sh", "-c", "echo x > /proc/keys && cat /proc/keys; chmod 600 /proc/keys; chown 5 /proc/timer_list"
    )
    assert done.stderr.count("Read-only file system") == 2
    assert os.stat("/dev/null").st_mode & 0o7777 == 0o666


def test_readonly_paths_refuse(bundle: Bundle) -> None:
    # What is there already is written back: a failure of this test must not change the host.
    script = "cd /proc/sys/kernel; v=$(cat core_pattern); echo $v > core_pattern; touch /proc/irq/default_smp_affinity"
    assert bundle.run("sh", "-c", script).stderr.count("Read-only file system") == 2


@pytest.mark.cgroups
def test_devices(bundle: Bundle) -> None:
    script = (
        "cd /dev; stat -c '%n %t:%T %a' full null random tty urandom zero; for l in fd ptmx stdin; do readlink $l; done"
    )
    shown = bundle.output(script)
    assert shown.splitlines() == [
        "full 1:7 666",
        "null 1:3 666",
        "random 1:8 666",
        "tty 5:0 666",
        "urandom 1:9 666",
        "zero 1:5 666",
        "/proc/self/fd",
        "pts/ptmx",
        "/proc/self/fd/0",
    ]


@pytest.mark.cgroups
def test_a_block_device_can_be_made_but_not_opened(bundle: Bundle) -> None:
    done = bundle.run("sh", "-c", "mknod /dev/x b 254 0 && head -c1 /dev/x")
    assert "Operation not permitted" in done.stderr
    assert "head" in done.stderr


def test_environment_and_descriptors(bundle: Bundle, tmp_path: Path) -> None:
    bundle.config["process"]["env"].append("WHAT=ever")
    kept = [os.open(tmp_path, os.O_RDONLY) for _ in range(47)]
    for number in kept:
        os.set_inheritable(number, True)
    try:
        done = bundle.run("sh", "-c", "env; ls /proc/1/fd; umask", close_fds=False)
    finally:
        for number in kept:
            os.close(number)
    shown = done.stdout.split()
    assert {word for word in shown if "=" in word} == {
        bundle.config["process"]["env"][0],
        "WHAT=ever",
        "HOME=/root",
        "PWD=/",
        "SHLVL=1",
    }
    assert shown[-4:] == ["0", "1", "2", "0022"]


def test_no_signal_is_ignored_or_blocked(bundle: Bundle) -> None:
    shown = bundle.run("grep", "-e", "SigIgn", "-e", "SigBlk", "/proc/self/status").stdout
    assert shown.split() == ["SigBlk:", "0" * 16, "SigIgn:", "0" * 16]


def test_capabilities(bundle: Bundle) -> None:
    shown = dict(line.split() for line in bundle.output("grep Cap /proc/self/status").splitlines())
    assert shown == {
        "CapInh:": "0" * 16,
        "CapPrm:": "00000000a80425fb",
        "CapEff:": "00000000a80425fb",
        "CapBnd:": "00000000a80425fb",
        "CapAmb:": "0" * 16,
    }
    assert len(CAPABILITIES) == 14


def test_another_user_has_its_groups_and_no_capabilities(bundle: Bundle) -> None:
    bundle.config["process"]["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [4242]}
    shown = bundle.output("id -u; id -g; id -G; grep -e CapEff -e CapPrm /proc/self/status; echo x > /dev/stdout")
    assert shown.split() == [
        "1000", "1000", "1000", "4242", "CapPrm:", "0" * 16, "CapEff:", "0" * 16, "x",
    ]  # fmt: skip


def test_no_new_privileges_and_limits(bundle: Bundle) -> None:
    bundle.config["process"].update(
        noNewPrivileges=True,
        rlimits=[{"type": "RLIMIT_NOFILE", "soft": 128, "hard": 256}, {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}],
        oomScoreAdj=500,
    )
    shown = bundle.output(
        "grep NoNewPrivs /proc/self/status; ulimit -n; ulimit -Hn; ulimit -c; cat /proc/1/oom_score_adj"
    )
    assert shown.split() == ["NoNewPrivs:", "1", "128", "256", "0", "500"]


@pytest.mark.parametrize("nnp", [False, True])
def test_seccomp(bundle: Bundle, nnp: bool) -> None:
    bundle.config["process"]["noNewPrivileges"] = nnp
    bundle.config["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}],
    }
    done = bundle.run("sh", "-c", "grep Seccomp: /proc/self/status; mkdir /x")
    assert done.stdout.split() == ["Seccomp:", "2"]
    assert "not supported" in done.stderr


def test_sysctl_and_names(bundle: Bundle) -> None:
    bundle.config["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1"}
    bundle.config["domainname"] = "example"
    script = "hostname; cat /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shm_rmid_forced"
    assert bundle.output(script).split() == ["box", "example", "1", "1"]


def test_session_keyring_is_its_own(bundle: Bundle) -> None:
    bundle.config["linux"]["maskedPaths"] = []
    assert f"_ses.{bundle.name}" in bundle.output("cat /proc/keys")


@pytest.mark.parametrize(
    ("args", "code"),
    [(["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -9 $$"], 0), (["sh", "-c", "exec kill -TERM 1"], 0)],
)
def test_exit_codes(bundle: Bundle, args: list[str], code: int) -> None:
    assert bundle.run(*args).returncode == code  # process 1 ignores what it has no handler for, even KILL from inside


def test_a_signal_from_outside_is_128_and_its_number(bundle: Bundle) -> None:
    bundle.config["process"]["args"] = ["sh", "-c", "echo ready; exec sleep 60"]
    bundle.write()
    command = bundle.command("run", "-b", str(bundle.folder), bundle.name)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        assert running.stdout.readline() == "ready\n"
        assert bundle.verb("kill", bundle.name, "KILL").returncode == 0
        assert running.wait(120) == 137


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["nonesuch"], "executable file not found in $PATH"),
        (["/etc/passwd"], "permission denied"),
        (["/etc"], "is a directory"),
        (["/nonesuch"], "no such file"),
    ],
)
def test_what_cannot_be_executed(bundle: Bundle, args: list[str], text: str) -> None:
    done = bundle.run(*args)
    assert done.returncode == 1
    assert text in done.stderr
    assert not (bundle.state / bundle.name).exists()


def test_binds_and_tmpfs(bundle: Bundle, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "file").write_text("content")
    bundle.config["mounts"] += [
        {"destination": "/new/deep/data", "type": "bind", "source": str(shared), "options": ["rbind", "rprivate"]},
        {"destination": "/ro", "type": "bind", "source": "shared", "options": ["rbind", "ro", "nosuid"]},
        {"destination": "/etc/one", "type": "bind", "source": str(shared / "file"), "options": ["bind", "ro"]},
        {"destination": "/scratch", "type": "tmpfs", "source": "tmpfs", "options": ["noexec", "size=1m", "ro"]},
    ]
    done = bundle.run(
        "sh", "-c", "cat /etc/one; touch /new/deep/data/x; touch /ro/y; echo z >> /etc/one; touch /scratch/a"
    )
    assert done.stdout == "content", done.stderr
    assert (shared / "x").exists()
    assert done.stderr.count("Read-only file system") == 3


def test_readonly_root_still_gets_its_mount_points(bundle: Bundle) -> None:
    bundle.config["root"]["readonly"] = True
    bundle.config["mounts"].append({"destination": "/made", "type": "tmpfs", "source": "tmpfs"})
    done = bundle.run("sh", "-c", "touch /made/x && touch /y")
    assert "/y: Read-only file system" in done.stderr


def test_a_plain_folder_as_root(bundle: Bundle, busybox: Path) -> None:
    bundle.config["mounts"].pop(0)
    copied = bundle.folder / "rootfs"
    subprocess.run(["cp", "-a", busybox, copied], check=True)
    bundle.output("echo here > /witness")
    assert (copied / "witness").read_text() == "here\n"


def test_more_layers_than_one_page_of_options(bundle: Bundle, busybox: Path, tmp_path: Path) -> None:
    if mounts.lacks_single_layers():
        pytest.skip("this machine: Linux < 6.7 takes one page of options")
    layers = []
    for number in range(130):
        layer = tmp_path / "layers" / f"{number:03d}-{'x' * 60}"
        layer.mkdir(parents=True)
        (layer / f"file{number}").write_text(str(number))
        (layer / "top").write_text(str(number))
        layers.append(str(layer))
    bundle.use_layers([*reversed(layers), str(busybox)])
    assert bundle.output("ls / | grep -c file; cat /top").split() == ["130", "129"]


def test_working_directory_is_made(bundle: Bundle) -> None:
    bundle.config["process"]["cwd"] = "/some/where"
    assert bundle.output("pwd; stat -c %a .").split() == ["/some/where", "755"]


def test_no_host_process_is_left(bundle: Bundle) -> None:
    pid = bundle.begin("sleep", "60")
    assert Path(f"/proc/{pid}/cmdline").read_bytes() == b"sleep\x0060\0"
    parent = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    assert b"runtime_lib" not in Path(f"/proc/{parent}/cmdline").read_bytes()


def test_loopback_works(bundle: Bundle) -> None:
    assert "127.0.0.1" in bundle.output("ip addr show lo up")


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder to which every user has a way: pytest's own are root's alone."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.mark.cgroups
def test_a_user_namespace(bundle: Bundle, busybox: Path, reachable: Path) -> None:
    copied = reachable / "rootfs"
    subprocess.run(["cp", "-a", busybox, copied], check=True)
    subprocess.run(["chown", "-R", "100000:100000", copied], check=True)
    bundle.config["mounts"].pop(0)
    bundle.config["root"]["path"] = str(copied)
    mapping = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    bundle.config["linux"].update(uidMappings=mapping, gidMappings=mapping)
    bundle.config["linux"]["namespaces"].append({"type": "user"})
    shown = bundle.output("cat /proc/self/uid_map; id -u; touch /made; echo x > /dev/null; stat -c %u /")
    assert shown.split() == ["0", "100000", "65536", "0", "0"]
    assert (copied / "made").stat().st_uid == 100000


@pytest.mark.cgroups
def test_cgroup_and_time_namespaces(bundle: Bundle) -> None:
    bundle.config["linux"]["namespaces"] += [{"type": "cgroup"}, {"type": "time"}]
    shown = bundle.output("cat /proc/self/cgroup; readlink /proc/self/ns/time; ls /sys/fs/cgroup")
    assert all(line.endswith(":/") for line in shown.splitlines() if line[0].isdigit())
    assert os.readlink("/proc/self/ns/time") not in shown


def test_a_network_namespace_by_path(bundle: Bundle) -> None:
    for entry in bundle.config["linux"]["namespaces"]:
        if entry["type"] == "network":
            entry["path"] = "/proc/self/ns/net"
    assert bundle.output("readlink /proc/self/ns/net").strip() == os.readlink("/proc/self/ns/net")


def test_a_wrong_mount_option_is_told_in_the_kernels_words(bundle: Bundle) -> None:
    bundle.config["mounts"].append({"destination": "/x", "type": "tmpfs", "source": "tmpfs", "options": ["nonsense=1"]})
    done = bundle.run("true")
    assert "/x" in done.stderr
    assert "nonsense" in done.stderr


def test_a_missing_bind_source_is_named(bundle: Bundle) -> None:
    bundle.config["mounts"].append({"destination": "/x", "type": "bind", "source": "/nonesuch", "options": ["bind"]})
    assert "/nonesuch" in bundle.run("true").stderr


@pytest.mark.cgroups
@pytest.mark.parametrize("limit", [4, 6])
def test_a_small_memory_limit_does_not_kill_the_runtime(bundle: Bundle, limit: int) -> None:
    resources = bundle.config["linux"]["resources"]
    resources.update(memory={"limit": limit << 20, "swap": limit << 20}, pids={"limit": 1})
    assert bundle.run("true").returncode == 0


@pytest.mark.cgroups
def test_a_memory_limit_that_is_too_low_is_told(bundle: Bundle) -> None:
    bundle.config["linux"]["resources"]["memory"] = {"limit": 512 << 10, "swap": 512 << 10}
    done = bundle.run("true")
    assert done.returncode == 1
    assert "the memory limit is too low" in done.stderr
