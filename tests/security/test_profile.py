"""What a container is let do, as facts (gate G1): Docker's default profile with moby's additions of 2026."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.linux import capabilities, libc
from tests.support import bpf
from tests.support.skiff import Skiff
from tests.support.typist import Typist

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
DOCKER = 0x00000000A80425FB  # its 14 capabilities
EPERM, ENOSYS, ENOENT = 1, 38, 2
SAFE = "nosuid,nodev,noexec"
NODES = {"null": "1:3", "zero": "1:5", "full": "1:7", "random": "1:8", "urandom": "1:9", "tty": "5:0"}
LINKS = ["fd", "ptmx", "stderr", "stdin", "stdout"]
MASKED_FILES = ("interrupts", "kcore", "keys", "latency_stats", "sched_debug", "timer_list")
MASKED_FOLDERS = ("/proc/acpi", "/proc/asound", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap")
READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
UNKNOWN = 0xC00000F3  # riscv64
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH, PTRACE_SECCOMP_GET_FILTER = 0x4206, 0x4207, 17, 0x420C


def run(skiff: Skiff, *options: str, script: str) -> str:
    done = skiff.run("run", "--rm", "--network=none", *options, "bb", "sh", "-c", script, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def sets(text: str) -> dict[str, int]:
    """Return the five sets of capabilities of a /proc/PID/status."""
    pairs = [line.split(":\t") for line in text.splitlines() if line.startswith("Cap")]
    return {name[3:]: int(value, 16) for name, value in pairs}


def own_bounding() -> int:
    return capabilities.own_bounding()


@pytest.mark.parametrize(
    ("options", "held", "bounding"),
    [
        ((), DOCKER, DOCKER),
        (("--user", "1000"), 0, DOCKER),
        (("--cap-drop", "ALL"), 0, 0),
        (("--cap-drop", "ALL", "--cap-add", "CHOWN"), 1, 1),
        (("--init",), DOCKER, DOCKER),
        (("--read-only",), DOCKER, DOCKER),
        (("--privileged",), -1, -1),
    ],
)
def test_capabilities(skiff: Skiff, options: tuple[str, ...], held: int, bounding: int) -> None:
    most = own_bounding()
    wanted = {"Inh": 0, "Prm": held & most, "Eff": held & most, "Bnd": bounding & most, "Amb": 0}
    assert sets(run(skiff, *options, script="cat /proc/self/status")) == wanted
    if "--init" in options:
        assert sets(run(skiff, *options, script="cat /proc/1/status")) == wanted


def test_of_an_exec_too(skiff: Skiff) -> None:
    skiff.run("run", "-d", "--name=one", "--network=none", "bb", "sleep", "1000")
    try:
        status = skiff.run("exec", "one", "cat", "/proc/self/status").stdout
        assert sets(status) == {"Inh": 0, "Prm": DOCKER, "Eff": DOCKER, "Bnd": DOCKER, "Amb": 0}
        assert "Seccomp:\t2" in status
        assert "NoNewPrivs:\t0" in status
        held = skiff.run("exec", "-u", "1000", "one", "grep", "CapEff", "/proc/self/status").stdout.split()
        assert held[1] == "0" * 16
        assert skiff.run("exec", "one", "ls", "/proc/self/fd").stdout.split() == ["0", "1", "2", "3"]  # 3 is ls's own
    finally:
        skiff.run("rm", "-f", "one")


def test_state_of_the_first_process(skiff: Skiff) -> None:
    assert run(skiff, script="grep -e NoNewPrivs -e Seccomp: /proc/1/status").split() == [
        "NoNewPrivs:", "0", "Seccomp:", "2",
    ]  # fmt: skip
    assert run(skiff, script="cat /proc/self/uid_map").split() == ["0", "0", "4294967295"]
    environment = run(skiff, script="tr '\\0' '\\n' </proc/1/environ | cut -d= -f1; umask")
    assert environment.split() == ["PATH", "HOSTNAME", "HOME", "0022"]
    assert run(skiff, script="ls /proc/1/fd; true").split() == ["0", "1", "2"]
    assert "NoNewPrivs:\t1" in run(skiff, "--security-opt=no-new-privileges", script="cat /proc/1/status")


def test_namespaces(skiff: Skiff) -> None:
    kinds = ["mnt", "pid", "net", "uts", "ipc"]
    theirs = run(skiff, script=f"cd /proc/self/ns; for n in {' '.join(kinds)}; do readlink $n; done").split()
    assert len(theirs) == len(kinds)
    assert not set(theirs) & {os.readlink(f"/proc/self/ns/{kind}") for kind in kinds}


def mount_table(text: str) -> dict[str, tuple[set[str], str]]:
    """Return {mount point: (its flags, the type of its file system)}, without access time modes."""
    table = {}
    for line in text.splitlines():
        left, right = line.split(" - ")
        flags = {flag for flag in left.split()[5].split(",") if not flag.endswith("atime")}
        table[left.split()[4]] = (flags, right.split()[0])
    return table


@pytest.mark.parametrize("read_only", [False, True])
def test_mounts(skiff: Skiff, read_only: bool) -> None:
    options = ("--read-only",) if read_only else ()
    table = mount_table(run(skiff, *options, script="cat /proc/self/mountinfo"))
    safe = set(SAFE.split(","))
    assert table["/"] == ({"ro" if read_only else "rw"}, "overlay")
    assert table["/proc"] == ({"rw", *safe}, "proc")
    assert table["/dev"] == ({"rw", "nosuid"}, "tmpfs")
    assert table["/dev/pts"] == ({"rw", "nosuid", "noexec"}, "devpts")
    assert table["/dev/shm"] == ({"rw", *safe}, "tmpfs")
    assert table["/dev/mqueue"] == ({"rw", *safe}, "mqueue")
    assert table["/sys"] == ({"ro", *safe}, "sysfs")
    groups = {path: flags for path, (flags, _kind) in table.items() if path.startswith("/sys/fs/cgroup")}
    assert groups
    assert {path: flags for path, flags in groups.items() if flags != {"ro", *safe}} == {}
    for path in READ_ONLY:
        assert table.get(path, ({"ro"}, ""))[0] >= {"ro"}, path


def test_the_mounts_of_etc_are_its_own(skiff: Skiff) -> None:
    table = mount_table(run(skiff, script="cat /proc/self/mountinfo"))
    for name in ("resolv.conf", "hosts", "hostname"):
        assert "rw" in table[f"/etc/{name}"][0]


def test_masked_and_read_only_paths(skiff: Skiff) -> None:
    files = " ".join(f"/proc/{name}" for name in MASKED_FILES)
    shown = run(skiff, script=f"for f in {files}; do [ -e $f ] && wc -c <$f; done; true")
    assert set(shown.split()) <= {"0"}
    folders = " ".join(MASKED_FOLDERS)
    assert run(skiff, script=f"for f in {folders}; do [ -e $f ] && ls -A $f; done; true") == ""
    tries = "/proc/sys/kernel/hostname /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/core_pattern /proc/sysrq-trigger"
    script = f"for f in {tries}; do [ -e $f ] && (: >>$f) 2>&1; done; mkdir /sys/fs/cgroup/x 2>&1; true"
    refused = run(skiff, script=script).splitlines()
    assert all("Read-only file system" in line for line in refused)
    assert all(any(name in line for line in refused) for name in ("hostname", "ip_forward", "core_pattern", "cgroup/x"))


def test_thermal_throttle_is_masked(skiff: Skiff) -> None:
    hidden = list(Path("/sys/devices/system/cpu").glob("cpu*/thermal_throttle"))
    script = "ls -A /sys/devices/system/cpu/cpu*/thermal_throttle/* 2>/dev/null; true"
    assert run(skiff, script=script) == "", f"the host has {len(hidden)} of them"


@pytest.mark.parametrize("text", ["systempaths=unconfined", "unmask=ALL"])
def test_the_switch_that_unmasks_them(skiff: Skiff, text: str) -> None:
    table = mount_table(run(skiff, f"--security-opt={text}", script="cat /proc/self/mountinfo"))
    assert not {path for path in table if path.startswith("/proc/")}


def test_single_paths_are_masked_and_unmasked(skiff: Skiff) -> None:
    options = ("--security-opt=unmask=/proc/acpi:/proc/sys", "--security-opt=mask=/proc/version:/etc")
    table = mount_table(run(skiff, *options, script="cat /proc/self/mountinfo"))
    assert not {"/proc/acpi", "/proc/sys"} & set(table)
    assert {"/proc/version", "/etc", "/proc/keys"} <= set(table)
    assert run(skiff, *options, script="cat /proc/version; ls /etc") == ""


def test_devices(skiff: Skiff) -> None:
    script = "cd /dev; for f in *; do [ -c $f ] && [ ! -L $f ] && stat -c '%n %t:%T' $f; done"
    script += "; find . -type l; find . -type b"
    lines = run(skiff, script=script).splitlines()
    nodes = {name: ":".join(str(int(part, 16)) for part in number.split(":")) for name, number in
             (line.split() for line in lines if " " in line)}  # fmt: skip
    assert nodes == NODES
    assert sorted({line[2:] for line in lines if line.startswith("./")} - {"core"}) == LINKS


def test_devices_may_be_made_and_not_opened(skiff: Skiff) -> None:
    script = "mknod /mem c 1 1 && mknod /disk b 254 0 && mknod /fuse c 10 229"
    script += "; for f in /mem /disk /fuse; do cat $f 2>&1; done; true"
    refused = run(skiff, script=script).splitlines()
    assert len(refused) == 3
    assert all("Operation not permitted" in line for line in refused)


def test_with_a_terminal(skiff: Skiff) -> None:
    words = ("run", "--rm", "-it", "--network=none", "bb", "sh")
    with Typist(["/usr/bin/env", f"SKIFF_ROOT={skiff.root}", *skiff.command(*words)]) as typist:
        typist.until("# ")
        typist.type("stat -c '%t:%T %g %a' /dev/console; tty; grep CapEff /proc/self/status; echo do''ne\n")
        shown = typist.until("done")
        assert "/dev/pts/0" in shown
        assert f"{DOCKER:016x}" in shown
        assert " 5 620" in shown
        typist.type("exit\n")
        assert typist.end() == 0


def answers(text: str) -> dict[str, int]:
    return {name: int(number) for name, number in (line.rsplit(" ", 1) for line in text.splitlines())}


def test_system_calls(skiff: Skiff) -> None:
    """Each of them is made, in the container, for real."""
    denied = answers(run(skiff, script="calls denied"))
    assert len(denied) > 30
    assert set(denied.values()) <= {EPERM, ENOSYS}, denied
    assert {denied[name] for name in ("mount", "unshare", "setns", "bpf", "keyctl")} == {EPERM}
    assert set(answers(run(skiff, script="calls missing")).values()) == {ENOSYS}
    assert answers(run(skiff, script="calls refused-families")) == {"alg": EPERM, "vsock": EPERM}
    assert answers(run(skiff, script="calls recent"))["io_uring_setup"] == EPERM
    assert not {EPERM, ENOSYS} & set(answers(run(skiff, script="calls allowed")).values())


@pytest.fixture
def live_filter(skiff: Skiff) -> Iterator[bytes]:
    """The filter that the kernel holds for a container's first process."""
    skiff.run("run", "-d", "--name=filtered", "--network=none", "bb", "sleep", "1000")
    try:
        yield _dump(int(skiff.run("inspect", "-f", "{{.State.Pid}}", "filtered").stdout))
    finally:
        skiff.run("rm", "-f", "filtered")


def _dump(pid: int) -> bytes:
    trace = ctypes.CDLL(None, use_errno=True).ptrace
    trace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_void_p)
    trace.restype = ctypes.c_long

    def call(request: int, address: int, data: object = None) -> int:
        result: int = trace(request, pid, address, data)
        if result < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), f"ptrace {request:#x}")
        return result

    call(PTRACE_SEIZE, 0)
    try:
        call(PTRACE_INTERRUPT, 0)
        os.waitpid(pid, 0x40000000)  # __WALL
        count = call(PTRACE_SECCOMP_GET_FILTER, 0)
        program = ctypes.create_string_buffer(8 * count)
        call(PTRACE_SECCOMP_GET_FILTER, 0, program)
        call(PTRACE_DETACH, 0)
    except OSError:
        os.kill(pid, signal.SIGKILL)
        raise
    return program.raw


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="this machine: numbers of x86_64")
def test_the_filter_that_the_kernel_holds(live_filter: bytes) -> None:
    def ask(number: int, *arguments: int, architecture: int = bpf.X86_64) -> int:
        return bpf.seccomp(live_filter, number, architecture, arguments)

    sockets = {family: ask(41, family, 1, 0) for family in (1, 2, 10, 16, 17, 38, 40)}
    assert {family for family, answer in sockets.items() if answer == bpf.EPERM} == {38, 40}  # AF_ALG, AF_VSOCK
    assert {ask(number) for number in (425, 426, 427)} == {bpf.EPERM}  # io_uring
    assert {ask(number) for number in (165, 166, 272, 308, 321, 250)} == {bpf.EPERM}
    assert {ask(number) for number in (435, 470, 500, 999, 0x3FFFFFFF)} == {bpf.ENOSYS}
    assert ask(56, libc.CLONE_NEWUSER) == bpf.EPERM
    assert ask(56, int(signal.SIGCHLD)) == bpf.ALLOW
    assert ask(39, architecture=UNKNOWN) == bpf.KILL
    assert ask(20, architecture=bpf.I386) == bpf.ALLOW
