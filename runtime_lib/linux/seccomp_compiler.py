"""OCI seccomp profiles to BPF: libseccomp, behind a short program of our own.

The part of our own answers for calls that are newer than libseccomp or the profile: see `_preamble`.
Source: seccomp_rule_add(3), seccomp_export_bpf(3); the idea of the preamble is runc's (libcontainer/seccomp/patchbpf).
"""

from __future__ import annotations

import ctypes
import os
import struct

from ..errors import HostLacks, InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

EPERM, ENOSYS = 1, 38
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
ACTIONS = {
    "SCMP_ACT_KILL": 0x00000000,
    "SCMP_ACT_KILL_THREAD": 0x00000000,
    "SCMP_ACT_KILL_PROCESS": 0x80000000,
    "SCMP_ACT_TRAP": 0x00030000,
    "SCMP_ACT_ERRNO": _ERRNO,
    "SCMP_ACT_TRACE": 0x7FF00000,
    "SCMP_ACT_LOG": 0x7FFC0000,
    "SCMP_ACT_ALLOW": _ALLOW,
}
_WITH_ERRNO = ("SCMP_ACT_ERRNO", "SCMP_ACT_TRACE")
_PERMISSIVE = ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG")
OPERATORS = {
    "SCMP_CMP_NE": 1, "SCMP_CMP_LT": 2, "SCMP_CMP_LE": 3, "SCMP_CMP_EQ": 4, "SCMP_CMP_GE": 5, "SCMP_CMP_GT": 6,
    "SCMP_CMP_MASKED_EQ": 7,
}  # fmt: skip
_X32 = 0x4000003E  # libseccomp's token; the kernel has x86_64's, and this bit in the number:
_X32_BIT = 0x40000000
_X86_64 = 0xC000003E
_ATTRIBUTE_NO_NEW_PRIVS, _ATTRIBUTE_OPTIMIZE = 3, 8
_BINARY_TREE = 2

# From here on every architecture has the same numbers; a libseccomp that is older than the profile lacks these names.
NEW_CALLS = {
    "landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446, "memfd_secret": 447,
    "process_mrelease": 448, "futex_waitv": 449, "set_mempolicy_home_node": 450, "cachestat": 451, "fchmodat2": 452,
    "map_shadow_stack": 453, "futex_wake": 454, "futex_wait": 455, "futex_requeue": 456, "statmount": 457,
    "listmount": 458, "lsm_get_self_attr": 459, "lsm_set_self_attr": 460, "lsm_list_modules": 461, "mseal": 462,
    "setxattrat": 463, "getxattrat": 464, "listxattrat": 465, "removexattrat": 466,
}  # fmt: skip

_LOAD, _JUMP, _RETURN = 0x20, 0x05, 0x06
_JUMP_IF_EQUAL, _JUMP_IF_GREATER, _JUMP_IF_AT_LEAST, _JUMP_IF_BITS = 0x15, 0x25, 0x35, 0x45
_NUMBER, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data


class _Comparison(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def compile(profile: dict[str, Any]) -> bytes:
    """Return the program. Raises HostLacks without libseccomp, InvalidSpec for a wrong profile."""
    library = _library()
    default = _action(profile["defaultAction"], profile.get("defaultErrnoRet"))
    context = library.seccomp_init(default)
    if not context:
        raise InvalidSpec(f"seccomp: libseccomp does not take the default action {profile['defaultAction']!r}")
    try:
        tokens = _add_architectures(library, context, profile)
        _check(library.seccomp_attr_set(context, _ATTRIBUTE_NO_NEW_PRIVS, 0), "attribute no_new_privs")
        # Refused by libseccomp < 2.5, whose program is longer and does the same.
        library.seccomp_attr_set(context, _ATTRIBUTE_OPTIMIZE, _BINARY_TREE)
        for rule in profile.get("syscalls") or ():
            _add_rule(library, context, rule, default)
        compiled = _export(library, context)
    finally:
        library.seccomp_release(context)
    if profile["defaultAction"] in _PERMISSIVE:
        return compiled
    return _preamble(library, profile, tokens) + compiled


def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    except OSError as error:
        raise HostLacks(
            "libseccomp.so.2 is missing, so containers cannot have a seccomp filter: install libseccomp2 (Debian, "
            "Ubuntu) or libseccomp (others), or run them with security option seccomp=unconfined"
        ) from error
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = (ctypes.c_uint32,)
    library.seccomp_release.argtypes = (ctypes.c_void_p,)
    library.seccomp_release.restype = None
    library.seccomp_arch_add.argtypes = library.seccomp_arch_remove.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
    library.seccomp_arch_resolve_name.argtypes = (ctypes.c_char_p,)
    library.seccomp_arch_resolve_name.restype = ctypes.c_uint32
    library.seccomp_arch_native.restype = ctypes.c_uint32
    library.seccomp_attr_set.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32)
    library.seccomp_syscall_resolve_name.argtypes = (ctypes.c_char_p,)
    library.seccomp_syscall_resolve_name_arch.argtypes = (ctypes.c_uint32, ctypes.c_char_p)
    library.seccomp_rule_add_array.argtypes = (
        *(ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint),
        ctypes.POINTER(_Comparison),
    )
    library.seccomp_export_bpf.argtypes = (ctypes.c_void_p, ctypes.c_int)
    return library


def _add_architectures(library: ctypes.CDLL, context: int, profile: dict[str, Any]) -> list[int]:
    """Make the filter be for these architectures, and kill what runs as any other; return their tokens."""
    native = library.seccomp_arch_native()
    names = profile.get("architectures") or []
    tokens = [_architecture(library, name) for name in names] or [native]
    for token in tokens:
        if token != native:
            _check(library.seccomp_arch_add(context, token), f"architecture {token:#x}")
    if native not in tokens:
        _check(library.seccomp_arch_remove(context, native), f"architecture {native:#x}")
    return tokens


def _architecture(library: ctypes.CDLL, name: str) -> int:
    token: int = library.seccomp_arch_resolve_name(name.removeprefix("SCMP_ARCH_").lower().encode())
    if not token:
        raise InvalidSpec(f"seccomp: unknown architecture {name!r}")
    return token


def _add_rule(library: ctypes.CDLL, context: int, rule: dict[str, Any], default: int) -> None:
    action = _action(rule["action"], rule.get("errnoRet"))
    if action == default:
        return  # libseccomp refuses a rule that changes nothing
    alternatives = _alternatives(rule.get("args") or [])
    for name in rule["names"]:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number == -1:
            continue  # too new for this libseccomp (see `_preamble`), or of another architecture
        for comparisons in alternatives:
            array = (_Comparison * max(len(comparisons), 1))(*comparisons)
            _check(library.seccomp_rule_add_array(context, action, number, len(comparisons), array), f"rule for {name}")


def _alternatives(conditions: list[dict[str, Any]]) -> list[list[_Comparison]]:
    """Return lists of comparisons that must all hold; any list will do.

    libseccomp takes one comparison per argument. Several for the same one mean "any of them", as in runc.
    """
    comparisons = [_comparison(condition) for condition in conditions]
    if len({comparison.arg for comparison in comparisons}) < len(comparisons):
        return [[comparison] for comparison in comparisons]
    return [comparisons]


def _comparison(condition: dict[str, Any]) -> _Comparison:
    operator = condition["op"]
    if operator not in OPERATORS:
        raise InvalidSpec(f"seccomp: unknown operator {operator!r}; use one of {', '.join(OPERATORS)}")
    return _Comparison(condition["index"], OPERATORS[operator], condition["value"], condition.get("valueTwo") or 0)


def _action(name: str, number: int | None) -> int:
    if name not in ACTIONS:
        raise InvalidSpec(f"seccomp: action {name!r} is not supported; use one of {', '.join(ACTIONS)}")
    if name in _WITH_ERRNO:
        return ACTIONS[name] | ((EPERM if number is None else number) & 0xFFFF)
    return ACTIONS[name]


def _export(library: ctypes.CDLL, context: int) -> bytes:
    descriptor = os.memfd_create("seccomp")
    try:
        _check(library.seccomp_export_bpf(context, descriptor), "export")
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    finally:
        os.close(descriptor)


def _check(result: int, what: str) -> None:
    if result < 0:
        raise OSError(-result, f"libseccomp: {what}: {os.strerror(-result)}")


def _preamble(library: ctypes.CDLL, profile: dict[str, Any], tokens: list[int]) -> bytes:
    """Return instructions to be asked before libseccomp's.

    Calls newer than the profile get ENOSYS, so that programs fall back to what they did before the call was there
    (glibc >= 2.34 takes EPERM for a final answer). Calls that the profile allows and libseccomp has not heard of
    are allowed.
    """
    names = {name for rule in profile.get("syscalls") or () for name in rule["names"]}
    allowed = _allowed_by_number(library, profile)
    code = b""
    for token in reversed([token for token in tokens if token != _X32]):
        plain = _block(_last(library, token, names), allowed)
        x32 = b""
        if _X32 in tokens and token == _X86_64:
            x32 = _block(_last(library, _X32, names), [number | _X32_BIT for number in allowed])
        code = _for_architecture(token, plain, x32, code)
    return _instruction(_LOAD, _ARCHITECTURE) + code


def _for_architecture(token: int, plain: bytes, x32: bytes, others: bytes) -> bytes:
    """Return `others` preceded by what is asked when the call's architecture is `token`."""
    body = _instruction(_LOAD, _NUMBER)
    if token == _X86_64:
        to_plain = _instruction(_JUMP, _length(plain))
        body += _instruction(_JUMP_IF_BITS, _X32_BIT, 0, _length(x32 + to_plain)) + x32 + to_plain
    body += plain + _instruction(_JUMP, _length(others))
    return _instruction(_JUMP_IF_EQUAL, token, 0, _length(body)) + body + others


def _block(last: int, allowed: list[int]) -> bytes:
    """Refuse what is newer than `last`, allow some, leave the rest to libseccomp."""
    code = _instruction(_JUMP_IF_GREATER, last, 0, 1) + _instruction(_RETURN, _ERRNO | ENOSYS)
    if allowed:
        code += _instruction(_JUMP_IF_AT_LEAST, min(allowed), 0, 2 * len(allowed))
    for number in allowed:
        code += _instruction(_JUMP_IF_EQUAL, number, 0, 1) + _instruction(_RETURN, _ALLOW)
    return code


def _allowed_by_number(library: ctypes.CDLL, profile: dict[str, Any]) -> list[int]:
    """Return the calls that the profile allows to everybody and that libseccomp does not know by name."""
    return [
        NEW_CALLS[name]
        for rule in profile.get("syscalls") or ()
        if rule["action"] == "SCMP_ACT_ALLOW" and not rule.get("args")
        for name in rule["names"]
        if name in NEW_CALLS and library.seccomp_syscall_resolve_name(name.encode()) == -1
    ]


def _last(library: ctypes.CDLL, token: int, names: set[str]) -> int:
    """Return the highest number that the profile speaks of."""
    bit = _X32_BIT if token == _X32 else 0
    numbers = [NEW_CALLS[name] | bit for name in names & NEW_CALLS.keys()]
    numbers += [library.seccomp_syscall_resolve_name_arch(token, name.encode()) for name in names]
    return max(numbers, default=0)


def _length(code: bytes) -> int:
    return len(code) // 8


def _instruction(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)
