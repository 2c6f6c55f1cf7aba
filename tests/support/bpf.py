"""Classic BPF (seccomp) and the few eBPF instructions of the device program, interpreted: what would the kernel say?"""

from __future__ import annotations

import struct
from collections.abc import Sequence

ALLOW, KILL, ERRNO = 0x7FFF0000, 0, 0x00050000
EPERM, ENOSYS = ERRNO | 1, ERRNO | 38
X86_64, I386, AARCH64, X32_BIT = 0xC000003E, 0x40000003, 0xC00000B7, 0x40000000


def seccomp(program: bytes, number: int, architecture: int = X86_64, arguments: Sequence[int] = ()) -> int:
    """Return the filter's answer to one system call (Documentation/networking/filter.rst)."""
    words = [value & 0xFFFFFFFFFFFFFFFF for value in (*arguments, *[0] * 6)][:6]
    data = struct.pack("=IIQ6Q", number, architecture, 0, *words)
    code = list(struct.iter_unpack("=HBBI", program))
    at = accumulator = 0
    while True:
        operation, yes, no, value = code[at]
        at += 1
        if operation == 0x20:  # load a word
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif operation == 0x06:  # return
            return int(value)
        elif operation == 0x05:  # jump
            at += value
        elif operation == 0x54:  # and
            accumulator &= value
        else:
            test = {
                0x15: accumulator == value,
                0x25: accumulator > value,
                0x35: accumulator >= value,
                0x45: bool(accumulator & value),
            }[operation]
            at += yes if test else no


def device(program: bytes, access: int, kind: int, major: int, minor: int) -> bool:
    """Return whether a device program allows an access (mknod 1, read 2, write 4) to a block (1) or char (2) device."""
    context = struct.pack("=III", access << 16 | kind, major, minor)
    code = list(struct.iter_unpack("=BBhi", program))
    registers = [0] * 11
    at = 0
    while True:
        operation, pair, offset, value = code[at]
        target, source = pair & 15, pair >> 4
        at += 1
        if operation == 0x61:
            (registers[target],) = struct.unpack_from("=I", context, offset)
        elif operation == 0xB4:
            registers[target] = value
        elif operation == 0xBC:
            registers[target] = registers[source]
        elif operation == 0x54:
            registers[target] &= value
        elif operation == 0x74:
            registers[target] >>= value
        elif operation == 0x95:
            return bool(registers[0])
        elif operation in (0x05, 0x55, 0x45):
            taken = {0x05: True, 0x55: registers[target] != value, 0x45: bool(registers[target] & value)}
            at += offset if taken[operation] else 0
        else:
            raise AssertionError(f"unexpected instruction {operation:#x}")
