"""`skiff exec`."""

from __future__ import annotations

import os
import sys

from ..containers import early
from ..errors import InvalidSpec
from . import opened
from .options import FLAG, LIST, TEXT, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..containers.execute import ExecSpec
    from .options import Parsed

_EXEC = Usage(
    "exec",
    "[OPTIONS] CONTAINER COMMAND [ARG...]",
    "Run a command in a running container",
    (
        Option("detach", "d", FLAG, "Do not wait for its end"),
        Option("detach-keys", "", TEXT, "Keys that leave the terminal (default ctrl-p,ctrl-q)"),
        Option("env", "e", LIST, "Set environment variables"),
        Option("env-file", "", LIST, "Read environment variables from a file"),
        Option("interactive", "i", FLAG, "Pass standard input on"),
        Option("privileged", "", FLAG, "Give all privileges"),
        Option("tty", "t", FLAG, "Give it a terminal"),
        Option("user", "u", TEXT, "User name or uid (name|uid[:group|gid])"),
        Option("workdir", "w", TEXT, "Working directory"),
    ),
    2,
)


def execute(words: list[str]) -> int:
    """Run a program in a container; return its exit code."""
    parsed = _EXEC.parse(words, interspersed=False)
    if parsed.tty and parsed.interactive and not parsed.detach and not os.isatty(0):
        raise InvalidSpec("the input device is not a TTY; leave out -t, or run this in a terminal")
    reference, *command = parsed.arguments
    helper = None if parsed.detach else early.helper(opened.layout())
    from ..containers import execute as engine

    spec = _spec(parsed, command)
    if parsed.detach:
        engine.detach(opened.store(), reference, spec)
        return 0

    def follow() -> int:
        return engine.stream(opened.store(), reference, spec, helper=helper)

    return detachable(follow, code=1) if parsed.tty else follow()


def _spec(parsed: Parsed, command: list[str]) -> ExecSpec:
    from ..containers.execute import ExecSpec

    env = {}
    if parsed.env or parsed.env_file:
        from .container_spec import environment

        env = environment(parsed.env_file, parsed.env)
    keys, size = _terminal(parsed) if parsed.tty else (b"", (0, 0))
    return ExecSpec(
        tuple(command),
        env,
        parsed.user or "",
        parsed.workdir or "",
        bool(parsed.tty),
        bool(parsed.interactive),
        bool(parsed.privileged),
        keys,
        size,
    )


def detachable(follow: Callable[[], int], code: int = 0) -> int:
    """Return the exit code of what is followed, or `code` when the user leaves its terminal; Docker's is 1 or 0."""
    from ..containers.detach_keys import Detached

    try:
        return follow()
    except Detached:
        if code:
            sys.stderr.write("read escape sequence\n")
        return code


def _terminal(parsed: Parsed) -> tuple[bytes, tuple[int, int]]:
    """Return the keys that leave it, and its size."""
    from ..containers import detach_keys, terminal

    return detach_keys.parse(parsed.detach_keys) if parsed.interactive else b"", terminal.size(0)
