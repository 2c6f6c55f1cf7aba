"""The compiled default profile answers every system call as Docker's does; programs are kept and never mistaken."""

from __future__ import annotations

import ctypes
import json
import os
from pathlib import Path
from typing import Any

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.linux import seccomp, seccomp_compiler, seccomp_profile
from tests.support import bpf

DEFAULT = (
    "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL "
    "AUDIT_WRITE"
)
DOCKER = [f"CAP_{name}" for name in DEFAULT.split()]
LAST = 466  # removexattrat, the newest call of the profile

# What Docker Engine 20.10 denied in a live container, for each of the calls that its kernel profile knew ...
DENIED_BY_20_10 = """
    syslog uselib ustat sysfs vhangup pivot_root _sysctl acct settimeofday mount umount2 swapon swapoff reboot
    sethostname setdomainname iopl ioperm create_module init_module delete_module get_kernel_syms query_module quotactl
    nfsservctl getpmsg putpmsg afs_syscall tuxcall security lookup_dcookie clock_settime vserver mbind set_mempolicy
    get_mempolicy kexec_load add_key request_key keyctl migrate_pages unshare move_pages perf_event_open fanotify_init
    name_to_handle_at open_by_handle_at setns process_vm_readv process_vm_writev kcmp finit_module kexec_file_load bpf
    userfaultfd pkey_mprotect pkey_alloc pkey_free open_tree move_mount fsopen fsconfig fsmount fspick pidfd_getfd
    process_madvise mount_setattr quotactl_fd
    """
# ... and what has changed since.
DENIED_SINCE = "io_uring_setup io_uring_enter io_uring_register set_mempolicy_home_node"
ALLOWED_SINCE = "name_to_handle_at process_vm_readv process_vm_writev pkey_mprotect pkey_alloc pkey_free"
BY_ARGUMENT = "socket personality clone clone3"


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        pytest.skip("libseccomp2 is not installed")
    library.seccomp_syscall_resolve_num_arch.restype = ctypes.c_char_p
    return library


@pytest.fixture(scope="module")
def program(library: ctypes.CDLL) -> bytes:
    return seccomp_compiler.compile(seccomp_profile.default(DOCKER, "x86_64"))


def name_of(library: ctypes.CDLL, number: int) -> str | None:
    for name, new in seccomp_compiler.NEW_CALLS.items():
        if number == new:
            return name
    name = library.seccomp_syscall_resolve_num_arch(bpf.X86_64, number)
    return name.decode() if name else None


def test_every_call_of_x86_64(library: ctypes.CDLL, program: bytes) -> None:
    denied = (set(DENIED_BY_20_10.split()) | set(DENIED_SINCE.split())) - set(ALLOWED_SINCE.split())
    denied |= {"lsm_get_self_attr", "lsm_set_self_attr", "lsm_list_modules"}
    wrong = []
    for number in range(LAST + 1):
        name = name_of(library, number)
        if name is None or name in BY_ARGUMENT.split():
            continue
        answer = bpf.seccomp(program, number)
        if answer != (bpf.EPERM if name in denied else bpf.ALLOW):
            wrong.append((number, name, hex(answer)))
    assert not wrong


@pytest.mark.parametrize("number", [LAST + 1, 500, 999, 0x3FFFFFFF, bpf.X32_BIT | 999])
def test_a_call_newer_than_the_profile_does_not_exist(program: bytes, number: int) -> None:
    assert bpf.seccomp(program, number) == bpf.ENOSYS


def test_clone3_does_not_exist_and_clone_makes_no_namespaces(program: bytes) -> None:
    assert bpf.seccomp(program, 435) == bpf.ENOSYS
    assert bpf.seccomp(program, 56, arguments=[0x11]) == bpf.ALLOW
    for flag in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert bpf.seccomp(program, 56, arguments=[flag | 0x11]) == bpf.EPERM


@pytest.mark.parametrize("family", [38, 40])
def test_families_that_no_container_needs_are_denied(program: bytes, family: int) -> None:
    assert bpf.seccomp(program, 41, arguments=[family]) == bpf.EPERM
    assert bpf.seccomp(program, bpf.X32_BIT | 41, arguments=[family]) == bpf.EPERM


@pytest.mark.parametrize("family", [1, 2, 10, 16, 17, 29, 39, 44])
def test_common_families_are_allowed(program: bytes, family: int) -> None:
    assert bpf.seccomp(program, 41, arguments=[family]) == bpf.ALLOW


@pytest.mark.parametrize(
    ("value", "answer"),
    [(0, bpf.ALLOW), (8, bpf.ALLOW), (0x20008, bpf.ALLOW), (0xFFFFFFFF, bpf.ALLOW), (0x40000, bpf.EPERM)],
)
def test_personality(program: bytes, value: int, answer: int) -> None:
    assert bpf.seccomp(program, 135, arguments=[value]) == answer


def test_other_architectures(program: bytes) -> None:
    assert bpf.seccomp(program, 4, bpf.I386) == bpf.ALLOW, "write of 32-bit programs"
    assert bpf.seccomp(program, 21, bpf.I386) == bpf.EPERM, "mount of 32-bit programs"
    assert bpf.seccomp(program, 999, bpf.I386) == bpf.ENOSYS
    assert bpf.seccomp(program, bpf.X32_BIT | 1) == bpf.ALLOW, "write of x32 programs"
    assert bpf.seccomp(program, bpf.X32_BIT | 165) == bpf.EPERM, "mount of x32 programs"
    assert bpf.seccomp(program, 64, bpf.AARCH64) == bpf.KILL


def test_capabilities_open_their_calls(library: ctypes.CDLL) -> None:
    program = seccomp_compiler.compile(seccomp_profile.default([*DOCKER, "CAP_SYS_ADMIN"], "x86_64"))
    for number in (165, 272, 308, 321, 435, 461):  # mount unshare setns bpf clone3 lsm_list_modules
        assert bpf.seccomp(program, number) == bpf.ALLOW
    assert bpf.seccomp(program, 56, arguments=[0x10000000]) == bpf.ALLOW
    assert bpf.seccomp(program, 246) == bpf.EPERM, "kexec_load"


def test_arm_is_compiled_on_any_host(library: ctypes.CDLL) -> None:
    program = seccomp_compiler.compile(seccomp_profile.default(DOCKER, "aarch64"))
    assert bpf.seccomp(program, 64, bpf.AARCH64) == bpf.ALLOW, "write"
    assert bpf.seccomp(program, 40, bpf.AARCH64) == bpf.EPERM, "mount"
    assert bpf.seccomp(program, 999, bpf.AARCH64) == bpf.ENOSYS
    assert bpf.seccomp(program, 1, bpf.X86_64) == bpf.KILL


def test_several_comparisons_of_one_argument_mean_any(library: ctypes.CDLL) -> None:
    condition = {"index": 0, "op": "SCMP_CMP_EQ"}
    program = seccomp_compiler.compile(
        {
            "defaultAction": "SCMP_ACT_ERRNO",
            "architectures": ["SCMP_ARCH_X86_64"],
            "syscalls": [
                {
                    "names": ["socket", "no_such_call"],
                    "action": "SCMP_ACT_ALLOW",
                    "args": [{**condition, "value": 1}, {**condition, "value": 2}],
                }
            ],
        }
    )
    answers = [bpf.seccomp(program, 41, arguments=[family]) for family in (1, 2, 3)]
    assert answers == [bpf.ALLOW, bpf.ALLOW, bpf.EPERM]


def test_a_list_of_denials_allows_what_is_new(library: ctypes.CDLL) -> None:
    program = seccomp_compiler.compile(
        {
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}],
        }
    )
    if os.uname().machine == "x86_64":
        assert bpf.seccomp(program, 165) == bpf.ENOSYS
        assert bpf.seccomp(program, 999) == bpf.ALLOW


@pytest.mark.parametrize(
    ("profile", "word"),
    [
        ({"defaultAction": "SCMP_ACT_NOTIFY"}, "SCMP_ACT_NOTIFY"),
        ({"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_PDP11"]}, "PDP11"),
        (
            {
                "defaultAction": "SCMP_ACT_ERRNO",
                "syscalls": [
                    {
                        "names": ["read"],
                        "action": "SCMP_ACT_ALLOW",
                        "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_ABOUT"}],
                    }
                ],
            },
            "SCMP_CMP_ABOUT",
        ),
    ],
)
def test_a_wrong_profile_is_named(library: ctypes.CDLL, profile: dict[str, Any], word: str) -> None:
    with pytest.raises(InvalidSpec, match=word):
        seccomp_compiler.compile(profile)


def test_flags() -> None:
    assert seccomp.flags({}) == seccomp.SPEC_ALLOW
    assert seccomp.flags({"flags": ["SECCOMP_FILTER_FLAG_LOG"]}) == 2
    with pytest.raises(InvalidSpec, match="NO_SUCH"):
        seccomp.flags({"flags": ["NO_SUCH"]})


def test_a_program_is_kept_and_read_again(tmp_path: Path, library: ctypes.CDLL) -> None:
    profile = {"defaultAction": "SCMP_ACT_ERRNO"}
    first = seccomp.cached(str(tmp_path), profile)
    (kept,) = tmp_path.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    before = kept.stat().st_mtime_ns
    assert seccomp.cached(str(tmp_path), json.loads(json.dumps(profile))) == first
    assert kept.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-8], lambda data: b"", lambda data: data.replace(b"ERRNO", b"ALLOW")]
)
def test_a_damaged_program_is_compiled_again(tmp_path: Path, library: ctypes.CDLL, damage: Any) -> None:
    profile = {"defaultAction": "SCMP_ACT_ERRNO"}
    first = seccomp.cached(str(tmp_path), profile)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(damage(kept.read_bytes()))
    assert seccomp.cached(str(tmp_path), profile) == first
    assert kept.read_bytes().endswith(first)
