"""The host command: `skiff VERB ...`.

Nothing is imported before the verb is known: what `exec` does not need, it does not pay for.
"""

from __future__ import annotations

import gc
import os
import sys

from ..linux import children, lease

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# What to call for a verb: module of this package and function, which takes the words after the verb.
VERBS = {
    "attach": "run:attach",
    "bootstrap": "images:bootstrap",
    "build": "build:build",
    "check": "check:check",
    "commit": "files:commit",
    "completion": "completion:completion",
    "cp": "copy:cp",
    "create": "run:create",
    "diff": "files:diff",
    "events": "events:events",
    "exec": "execute:execute",
    "export": "files:export",
    "history": "history:history",
    "images": "images:listing",
    "import": "archives:import_",
    "info": "system:info",
    "inspect": "inspect:inspect",
    "kill": "lifecycle:kill",
    "load": "archives:load",
    "login": "login:login",
    "logout": "login:logout",
    "logs": "logs:logs",
    "network": "networks:network",
    "pause": "lifecycle:pause",
    "port": "files:port",
    "ps": "ps:ps",
    "pull": "pulling:pull",
    "push": "pushing:push",
    "rename": "lifecycle:rename",
    "restart": "lifecycle:restart",
    "restore": "system:restore",
    "rm": "lifecycle:rm",
    "rmi": "images:rmi",
    "run": "run:run",
    "save": "archives:save",
    "search": "search:search",
    "shutdown": "system:shutdown",
    "start": "lifecycle:start",
    "stats": "stats:stats",
    "stop": "lifecycle:stop",
    "tag": "images:tag",
    "top": "top:top",
    "unpause": "lifecycle:unpause",
    "update": "update:update",
    "version": "system:version",
    "volume": "volumes:volume",
    "wait": "lifecycle:wait",
}
# Docker's long forms: `skiff container ls` is `skiff ps`, `skiff image rm` is `skiff rmi`.
GROUPS = {
    "builder": {"build": "build", "prune": "builder prune"},
    "container": {"prune": "container prune", "ls": "ps", "list": "ps", "ps": "ps"},
    "image": {"ls": "images", "list": "images", "rm": "rmi", "remove": "rmi", "prune": "image prune"},
    "system": {"df": "system df", "events": "events", "info": "info", "prune": "system prune"},
}
# What has a long form only.
LONG_VERBS = {
    "builder prune": "prune:builder",
    "container prune": "prune:containers",
    "image prune": "prune:images",
    "system df": "df:df",
    "system prune": "prune:system",
}
# A failure of one of these is Docker's 125, so that it is told from the exit code of the user's program.
ENGINE_FAILED = 125
_RUNS_PROGRAMS = ("run", "exec")


def console() -> None:
    """Run the command line of this process; never returns."""
    lease.hold(f"{os.path.dirname(os.path.dirname(os.path.abspath(__file__)))}/.complete")
    children.expect()
    gc.set_threshold(100_000)  # a short command makes no garbage that would be worth the search
    code = main(sys.argv[1:])
    sys.stderr.flush()
    # Not by SystemExit: the interpreter takes some milliseconds to end, and when the last connection to the database
    # closes, SQLite writes its log back and waits for the disk. The log serves the next command as it is.
    os._exit(code)


def main(words: Sequence[str]) -> int:
    """Run `skiff WORDS...` and return its exit code; failures are one line on standard error."""
    try:
        code = _run(words)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has had enough; keep the interpreter from writing more at its end.
        _give_up_output()
        return 1
    except OSError as error:  # standard output is a file on a full disk
        from ..errors import sentence

        return _fail(sentence(error), 1)


def _run(words: Sequence[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(overview())
        return 0
    verb, rest = _verb(["version"] if words[0] in ("-v", "--version") else words)
    if verb not in VERBS and verb not in LONG_VERBS:
        sys.stderr.write(f"skiff: {verb!r} is not a skiff command; see 'skiff --help'\n")
        return 1
    return _call(verb, rest)


def _verb(words: Sequence[str]) -> tuple[str, list[str]]:
    group = GROUPS.get(words[0])
    if group is not None and len(words) > 1:
        return group.get(words[1], words[1]), list(words[2:])
    return words[0], list(words[1:])


def _call(verb: str, words: list[str]) -> int:
    from ..errors import CommandFailed, SkiffError, sentence
    from .options import Help

    try:
        return handler(verb)(words)
    except Help as help_text:
        sys.stdout.write(str(help_text))
        return 0
    except BrokenPipeError:
        raise
    except CommandFailed as error:
        return _fail(str(error), error.exit_code)
    except SkiffError as error:
        return _fail(str(error), ENGINE_FAILED if verb in _RUNS_PROGRAMS else 1)
    except OSError as error:
        return _fail(sentence(error), ENGINE_FAILED if verb in _RUNS_PROGRAMS else 1)


def handler(verb: str) -> Callable[[list[str]], int]:
    """Return the function of a verb."""
    module, _unused, name = (VERBS.get(verb) or LONG_VERBS[verb]).partition(":")
    loaded = __import__(module, globals(), None, [name], 1)
    function: Callable[[list[str]], int] = getattr(loaded, name)
    return function


def overview() -> str:
    """Return the help text of the whole command."""
    lines = ["Usage:  skiff COMMAND", "", "Containers without a container engine", "", "Commands:"]
    return "\n".join([*lines, *(f"  {verb}" for verb in VERBS), "", "'skiff COMMAND --help' says more.", ""])


def _give_up_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _fail(text: str, code: int) -> int:
    try:
        sys.stdout.flush()
    except OSError:  # it may be this that is told
        _give_up_output()
    sys.stderr.write(f"skiff: {text}\n")
    return code
