"""The device policy of cgroup version 2: a small program that the kernel asks at each open and mknod of a device.

Source: include/uapi/linux/bpf.h (struct bpf_cgroup_dev_ctx, union bpf_attr) and Documentation/bpf/standardization.
"""

from __future__ import annotations

import ctypes
import os
import struct

from . import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

_PROG_LOAD, _PROG_ATTACH, _PROG_DETACH, _PROG_GET_FD_BY_ID, _PROG_QUERY = 5, 8, 9, 13, 16
_TYPE_CGROUP_DEVICE = 15
_AT_CGROUP_DEVICE = 6
_ALLOW_MULTI = 2
_MOST_PROGRAMS = 64  # the kernel's BPF_CGROUP_MAX_PROGS

_KINDS = {"b": 1, "c": 2, "u": 2}
_ACCESS = {"m": 1, "r": 2, "w": 4}
_ALL = 7

# Opcodes, and what each register holds.
_LOAD_WORD, _MOVE, _AND, _SHIFT_RIGHT = 0x61, 0xB4, 0x54, 0x74
_JUMP, _JUMP_UNLESS_EQUAL, _JUMP_IF_BITS, _EXIT = 0x05, 0x55, 0x45, 0x95
_RESULT, _CONTEXT, _KIND, _LEFT, _MAJOR, _MINOR = 0, 1, 2, 3, 4, 5


def program(rules: Sequence[dict[str, Any]]) -> bytes:
    """Return the instructions for OCI `linux.resources.devices`; what no rule speaks of is denied. Pure.

    For each kind of access that is asked for (read, write, mknod) the last matching rule decides. So the rules are
    asked from the last to the first, and register LEFT holds what is still undecided.
    """
    code = [
        _instruction(_LOAD_WORD, _KIND, _CONTEXT, offset=0),  # access << 16 | kind
        _instruction(_MOVE | 0x08, _LEFT, _KIND),
        _instruction(_SHIFT_RIGHT, _LEFT, value=16),
        _instruction(_AND, _KIND, value=0xFFFF),
        _instruction(_LOAD_WORD, _MAJOR, _CONTEXT, offset=4),
        _instruction(_LOAD_WORD, _MINOR, _CONTEXT, offset=8),
    ]
    for rule in reversed(rules):
        conditions = _conditions(rule)
        access = sum(_ACCESS[letter] for letter in set(rule.get("access") or "rwm"))
        code += _skip_unless(conditions, _decision(bool(rule["allow"]), access))
        if not conditions and access == _ALL:
            return b"".join(code)  # nothing passes this rule; the kernel refuses code that is never reached
    return b"".join(code + _return(False))


def attach(folder: str, instructions: bytes) -> None:
    """Make `instructions` the only device program of a version 2 group. Raises OSError with the folder's path.

    The old programs go after the new one has come: in between both must agree, so nothing is open to everybody.
    """
    group = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        old = _attached(group, folder)
        fresh = _load(instructions, folder)
        try:
            _bpf(_PROG_ATTACH, struct.pack("=IIII", group, fresh, _AT_CGROUP_DEVICE, _ALLOW_MULTI), folder)
        finally:
            os.close(fresh)
        for number in old:
            _detach(group, number, folder)
    finally:
        os.close(group)


def _conditions(rule: dict[str, Any]) -> list[tuple[int, int]]:
    """Return (register, value) pairs that must be equal."""
    pairs = []
    kind = rule.get("type") or "a"
    if kind != "a":
        pairs.append((_KIND, _KINDS[kind]))
    for register, number in ((_MAJOR, rule.get("major")), (_MINOR, rule.get("minor"))):
        if number is not None and number >= 0:
            pairs.append((register, number))
    return pairs


def _decision(allow: bool, access: int) -> list[bytes]:
    if access == _ALL:
        return _return(allow)
    if allow:
        return [
            _instruction(_AND, _LEFT, value=_ALL & ~access),
            _instruction(_JUMP_UNLESS_EQUAL, _LEFT, offset=2, value=0),
            *_return(True),
        ]
    return [
        _instruction(_JUMP_IF_BITS, _LEFT, offset=1, value=access),
        _instruction(_JUMP, offset=2),
        *_return(False),
    ]


def _skip_unless(conditions: list[tuple[int, int]], code: list[bytes]) -> list[bytes]:
    result = list(code)
    for register, value in reversed(conditions):
        result.insert(0, _instruction(_JUMP_UNLESS_EQUAL, register, offset=len(result), value=value))
    return result


def _return(allow: bool) -> list[bytes]:
    return [_instruction(_MOVE, _RESULT, value=int(allow)), _instruction(_EXIT)]


def _instruction(code: int, target: int = 0, source: int = 0, offset: int = 0, value: int = 0) -> bytes:
    return struct.pack("=BBhi", code, target | source << 4, offset, value)


def _load(instructions: bytes, folder: str) -> int:
    code, licence = ctypes.create_string_buffer(instructions), ctypes.create_string_buffer(b"GPL")
    attributes = struct.pack(
        "=IIQQIIQII",
        _TYPE_CGROUP_DEVICE,
        len(instructions) // 8,
        ctypes.addressof(code),
        ctypes.addressof(licence),
        *(0, 0, 0, 0, 0),
    )
    return _bpf(_PROG_LOAD, attributes, folder)


def _attached(group: int, folder: str) -> Iterable[int]:
    """Return the ids of the device programs of this very group."""
    ids = (ctypes.c_uint32 * _MOST_PROGRAMS)()
    head = struct.pack("=IIIIQI", group, _AT_CGROUP_DEVICE, 0, 0, ctypes.addressof(ids), _MOST_PROGRAMS)
    buffer = ctypes.create_string_buffer(head, 64)
    libc.syscall("bpf", _PROG_QUERY, ctypes.byref(buffer), len(buffer), path=folder)
    (count,) = struct.unpack_from("=I", buffer, 24)
    return list(ids[:count])


def _detach(group: int, number: int, folder: str) -> None:
    old = _bpf(_PROG_GET_FD_BY_ID, struct.pack("=III", number, 0, 0), folder)
    try:
        _bpf(_PROG_DETACH, struct.pack("=III", group, old, _AT_CGROUP_DEVICE), folder)
    finally:
        os.close(old)


def _bpf(command: int, attributes: bytes, folder: str) -> int:
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    return libc.syscall("bpf", command, ctypes.byref(buffer), len(attributes), path=folder)
