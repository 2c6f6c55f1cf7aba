"""`skiff exec`."""

from __future__ import annotations

import os

from ..containers import early
from ..errors import InvalidSpec
from . import opened
from .options import FLAG, LIST, TEXT, Option, Usage

_EXEC = Usage(
    "exec",
    "[OPTIONS] CONTAINER COMMAND [ARG...]",
    "Run a command in a running container",
    (
        Option("detach", "d", FLAG, "Do not wait for its end"),
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
    if parsed.tty and parsed.interactive and not os.isatty(0):
        raise InvalidSpec("the input device is not a TTY; leave out -t, or run this in a terminal")
    reference, *command = parsed.arguments
    helper = None if parsed.detach else early.helper(opened.layout())
    from ..containers import execute as engine

    env = {}
    if parsed.env or parsed.env_file:
        from .container_spec import environment

        env = environment(parsed.env_file, parsed.env)
    spec = engine.ExecSpec(
        tuple(command),
        env,
        parsed.user or "",
        parsed.workdir or "",
        bool(parsed.tty),
        bool(parsed.interactive),
        bool(parsed.privileged),
    )
    if parsed.detach:
        engine.detach(opened.store(), reference, spec)
        return 0
    return engine.stream(opened.store(), reference, spec, helper=helper)
