"""The `container_exec` module's work."""

from __future__ import annotations

import os
import shlex

from ..errors import CommandFailed, InvalidSpec
from .container_values import texts
from .plan import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..containers.execute import ExecSpec
    from ..store import Store


def perform(store: Store, options: dict[str, Any], _check: bool) -> Outcome:
    """Run the command and return what came of it. Raises WrongState when the container does not run."""
    from ..containers import execute

    spec = specification(options)
    if options["detach"]:
        execute.detach(store, options["container"], spec)
        return Outcome({"exec_id": os.urandom(32).hex()}, changed=True)
    data = options["stdin"] or ""
    if options["stdin"] is not None and options["stdin_add_newline"]:
        data += "\n"
    try:
        result = execute.capture(store, options["container"], spec, data.encode())
    except CommandFailed as error:
        return Outcome({"rc": error.exit_code, "stdout": str(error), "stderr": ""}, changed=True)
    facts = {"rc": result.exit_code}
    for stream in ("stdout", "stderr"):
        text = getattr(result, stream).decode(errors="replace")
        facts[stream] = text.rstrip("\r\n") if options["strip_empty_ends"] else text
    return Outcome(facts, changed=True)


def specification(options: dict[str, Any]) -> ExecSpec:
    """Return what to run. Raises InvalidSpec for an empty command. Pure."""
    from ..containers.execute import ExecSpec

    try:
        words = tuple(options["argv"] if options["argv"] is not None else shlex.split(options["command"]))
    except ValueError as error:
        raise InvalidSpec(f"command {options['command']!r} cannot be split into words: {error}") from error
    if not words:
        raise InvalidSpec("the command is empty")
    return ExecSpec(
        words,
        env=texts(options["env"] or {}, "env"),
        user=options["user"] or "",
        working_dir=options["chdir"] or "",
        tty=options["tty"],
        interactive=options["stdin"] is not None,
    )
