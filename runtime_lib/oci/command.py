"""`skiff-oci`: the low-level runtime behind the command line of runc."""

from __future__ import annotations

import errno
import sys

from ..errors import SkiffError
from . import verb_log
from .arguments import parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def console() -> None:
    """Run the command and end with its exit code."""
    raise SystemExit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code, and say in one sentence on standard error what failed.

    A failure is 1, of `exec` 255, as runc has it.
    """
    options = parser().parse_args(arguments)
    try:
        code: int = options.verb(options)
        return code
    except (SkiffError, OSError) as error:
        message = describe(error)
    verb_log.say(options, "error", message)
    failure: int = options.failure
    return failure


def describe(error: SkiffError | OSError) -> str:
    """Return a sentence in which callers find the words that they know from runc."""
    if not isinstance(error, OSError):
        return str(error)
    words = error.strerror or str(error)
    words = f"{words[:1].lower()}{words[1:]}"
    stage = getattr(error, "stage", "")
    if stage == "exec":
        if error.errno == errno.EACCES and "permission denied" not in words:
            words += ": permission denied"  # Docker looks for these words to say 126
        return f'unable to start container process: exec: "{error.filename}": {words}'
    return ": ".join(filter(None, (stage, error.filename, words)))
