"""Seccomp filters (seccomp(2)): an OCI profile in, a BPF program out, loaded.

Compiling takes libseccomp and some milliseconds, so the program is kept; loading it takes neither.
Source: runtime-spec config-linux.md "Seccomp".
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from ..errors import InvalidSpec
from . import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SET_MODE_FILTER = 1
# bit 2, SPEC_ALLOW: no slow-down of the whole container against speculation, as Docker and the kernel since 5.16
_FLAGS = {"SECCOMP_FILTER_FLAG_TSYNC": 1, "SECCOMP_FILTER_FLAG_LOG": 2, "SECCOMP_FILTER_FLAG_SPEC_ALLOW": 4}
SPEC_ALLOW = 4
_INSTRUCTION = 8  # bytes of struct sock_filter
_HEAD = struct.Struct("<4sII")
_MAGIC = b"skf1"


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def load(bpf: bytes, flags: int = SPEC_ALLOW) -> None:
    """Put a filter on the calling process, for good. Raises OSError.

    Needs CAP_SYS_ADMIN or no_new_privs: the former means before capabilities are dropped.
    """
    program = _Program(len(bpf) // _INSTRUCTION, bpf)
    try:
        libc.syscall("seccomp", _SET_MODE_FILTER, flags, ctypes.byref(program))
    except OSError as error:
        if error.errno != errno.EINVAL or not flags & SPEC_ALLOW:
            raise
        libc.syscall("seccomp", _SET_MODE_FILTER, flags & ~SPEC_ALLOW, ctypes.byref(program))  # Linux < 4.17


def flags(profile: dict[str, Any]) -> int:
    """Return the flags of a profile for `load`. Raises InvalidSpec for an unknown one."""
    result = 0
    for name in profile.get("flags", ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]):
        if name not in _FLAGS:
            raise InvalidSpec(f"seccomp flag {name!r} is not supported: use one of {', '.join(_FLAGS)}")
        result |= _FLAGS[name]
    return result


def cached(folder: str, profile: dict[str, Any]) -> bytes:
    """Return the program of an OCI profile, compiled once and then read from `folder`.

    The file holds the profile as well, so that a stale, torn or foreign one is never taken for it.
    Raises HostLacks and InvalidSpec as `compile` does.
    """
    import zlib  # not json for the key, nor either of them on top: a start and an exec wait for these imports

    key = f"{os.uname().machine} {profile!r}".encode()
    path = f"{folder}/seccomp-{zlib.crc32(key):08x}.bpf"
    bpf = _read(path, key)
    if bpf is None:
        bpf = compile(profile)
        _write(path, key, bpf)
    return bpf


def compile(profile: dict[str, Any]) -> bytes:
    """Return the program of an OCI profile. Raises HostLacks without libseccomp, InvalidSpec for a wrong profile."""
    from . import seccomp_compiler

    return seccomp_compiler.compile(profile)


def _read(path: str, key: bytes) -> bytes | None:
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return None
    bpf = content[_HEAD.size + len(key) :]
    return bpf if content.startswith(_HEAD.pack(_MAGIC, len(key), len(bpf)) + key) else None


def _write(path: str, key: bytes, bpf: bytes) -> None:
    temporary = f"{path}.{os.getpid()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(_HEAD.pack(_MAGIC, len(key), len(bpf)) + key + bpf)
        file.flush()
        os.fdatasync(descriptor)
    os.rename(temporary, path)
