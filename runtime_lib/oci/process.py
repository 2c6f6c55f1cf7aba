"""The process of a bundle (OCI config.md "Process"), checked; pure."""

from __future__ import annotations

import os

from ..errors import InvalidSpec
from ..linux import capabilities, rlimits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MOST_ID = 2**31 - 1  # above it, systems disagree about the sign (CVE-2024-40635)
_CAPABILITY_SETS = ("bounding", "effective", "permitted", "inheritable", "ambient")


class Process:
    """What is to be executed, as whom and with which limits; every field has been looked at."""

    __slots__ = (
        "apparmor", "args", "capabilities", "cwd", "env", "gid", "groups", "no_new_privileges", "oom_score_adj",
        "rlimits", "rows_columns", "terminal", "uid", "umask",
    )  # fmt: skip

    def __init__(self, section: dict[str, Any]) -> None:
        """Read an OCI process object. Raises InvalidSpec."""
        self.args = _args(section)
        self.env = environment(section.get("env") or ())
        self.cwd = _cwd(section)
        user = section.get("user") or {}
        self.uid = _identity("user.uid", user.get("uid", 0))
        self.gid = _identity("user.gid", user.get("gid", 0))
        self.groups = [_identity("user.additionalGids", group) for group in user.get("additionalGids") or ()]
        mask = user.get("umask")
        self.umask = 0o022 if mask is None else int(mask)
        self.capabilities = capability_sets(section.get("capabilities"))
        for names in self.capabilities:
            capabilities.mask(names)
        self.no_new_privileges = bool(section.get("noNewPrivileges"))
        self.rlimits: list[dict[str, Any]] = list(section.get("rlimits") or ())
        for limit in self.rlimits:
            rlimits.number_of(limit["type"])
        self.oom_score_adj: int | None = section.get("oomScoreAdj")
        self.apparmor: str = section.get("apparmorProfile") or ""
        self.terminal = bool(section.get("terminal"))
        size = section.get("consoleSize") or {}
        self.rows_columns = (int(size.get("height") or 0), int(size.get("width") or 0))


def exit_code(status: int) -> int:
    """Return the exit code for a status of waitpid(2): 128 + n when signal n ended the process."""
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def capability_sets(section: dict[str, list[str]] | None) -> tuple[list[str], ...]:
    """Return the bounding, effective, permitted, inheritable and ambient set; no section means no capabilities."""
    section = section or {}
    return tuple(list(section.get(name) or ()) for name in _CAPABILITY_SETS)


def environment(entries: Any) -> dict[str, str]:
    """Return the environment; of entries with the same name the last one counts. Raises InvalidSpec."""
    result = {}
    for entry in entries:
        name, separator, value = entry.partition("=")
        if not name or not separator or "\0" in entry:
            raise InvalidSpec(f"environment entry {entry!r}: give NAME=value, without NUL")
        result[name] = value
    return result


def candidates(program: str, path: str | None) -> list[str]:
    """Return the files that may be `program`, in order: itself if it has a slash, else one per folder of PATH.

    An empty folder of PATH is the working directory, as POSIX has it.
    """
    if "/" in program:
        return [program]
    folders = (DEFAULT_PATH if path is None else path).split(":")
    return [f"{folder or '.'}/{program}" for folder in folders]


def find(program: str, path: str | None) -> str:
    """Return the first candidate that this process may execute.

    Raises FileNotFoundError when there is none, PermissionError when `program` names a file that cannot be executed.
    """
    for candidate in candidates(program, path):
        if "/" in program:
            _check(candidate)
            return candidate
        if _executable(candidate):
            return candidate
    raise FileNotFoundError(2, "executable file not found in $PATH", program)


def _check(path: str) -> None:
    if os.path.isdir(path):
        raise PermissionError(13, "is a directory", path)
    os.stat(path)
    if not os.access(path, os.X_OK, effective_ids=True):
        raise PermissionError(13, "permission denied", path)


def _executable(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK, effective_ids=True)


def _args(section: dict[str, Any]) -> list[str]:
    args = list(section.get("args") or ())
    if not args or not args[0]:
        raise InvalidSpec("process.args is empty: name a program to run")
    if any("\0" in argument for argument in args):
        raise InvalidSpec("process.args: an argument holds a NUL character, which no program can be given")
    return args


def _cwd(section: dict[str, Any]) -> str:
    cwd: str = section.get("cwd") or ""
    if not cwd.startswith("/") or "\0" in cwd:
        raise InvalidSpec(f"process.cwd {cwd!r}: give an absolute path in the container")
    return cwd


def _identity(what: str, number: Any) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= _MOST_ID:
        raise InvalidSpec(f"process.{what} {number!r}: give a number from 0 to {_MOST_ID}")
    return number
