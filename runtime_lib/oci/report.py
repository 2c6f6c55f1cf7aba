"""What failed while a container was being made or entered, from one process to another.

The wire form is one text `errno NUL stage NUL path NUL message`. Nothing at all (end of file) means success: the pipe
is closed by execve(2).
"""

from __future__ import annotations

import os

from ..errors import HostLacks, InvalidSpec

_LIMIT = 16384


class LaunchError(OSError):
    """A step of a start or of an exec failed: errno and filename as always, and `stage`.

    Stages: "cgroup", "namespace", "root", "mount", "device", "mask", "sysctl", "terminal", "rlimit", "keyring",
    "user", "capabilities", "seccomp", "label", "cwd", "exec", "runtime".
    Of stage "exec", ENOENT means that the program was not found (Docker's exit code 127), every other errno that it
    cannot be executed (126); "cwd" is 126 as well for Docker.
    """

    def __init__(self, number: int, message: str, path: str, stage: str) -> None:
        super().__init__(number, message, path or None)
        self.stage = stage


class Stage:
    """A block whose failures become LaunchErrors of this stage, about `path` or else what they name."""

    __slots__ = ("name", "path")

    def __init__(self, name: str, path: str = "") -> None:
        self.name = name
        self.path = path

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, OSError) and not isinstance(error, LaunchError):
            path = self.path or (error.filename if isinstance(error.filename, str) else "")
            raise LaunchError(error.errno or 5, error.strerror or str(error), path, self.name) from error


def encode(error: BaseException) -> bytes:
    """Return the wire form of a failure."""
    if isinstance(error, LaunchError):
        fields = [str(error.errno), error.stage, error.filename or "", error.strerror or ""]
    elif isinstance(error, OSError):
        fields = [str(error.errno or 5), "runtime", str(error.filename or ""), error.strerror or str(error)]
    elif isinstance(error, InvalidSpec):
        fields = ["0", "spec", "", str(error)]
    elif isinstance(error, HostLacks):
        fields = ["0", "host", "", str(error)]
    else:
        fields = ["5", "runtime", "", f"{type(error).__name__}: {error}"]
    return "\0".join(field.replace("\0", " ") for field in fields).encode("utf-8", "surrogateescape")[:_LIMIT]


def decode(data: bytes) -> LaunchError | InvalidSpec | HostLacks:
    """Return the failure that `encode` wrote."""
    number, stage, path, message = (data.decode("utf-8", "surrogateescape").split("\0", 3) + ["", "", ""])[:4]
    if stage == "spec":
        return InvalidSpec(message)
    if stage == "host":
        return HostLacks(message)
    return LaunchError(int(number), message, path, stage)


def receive(descriptor: int) -> bytes:
    """Read from a pipe until its end."""
    parts: list[bytes] = []
    while True:
        part = os.read(descriptor, _LIMIT)
        if not part:
            return b"".join(parts)
        parts.append(part)


class Failures:
    """Where a forked process tells what failed; its descriptor may change its number before the program starts."""

    __slots__ = ("descriptor",)

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def tell(self, error: BaseException) -> None:
        """Write a failure, marked with `!`."""
        os.write(self.descriptor, b"!" + encode(error))
