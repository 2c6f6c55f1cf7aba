"""Verbs that take containers and do one thing to each: start, stop, restart, kill, rm, wait, pause, unpause, rename."""

from __future__ import annotations

import sys

from ..errors import SkiffError
from . import opened
from .options import FLAG, TEXT, WHOLE, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .options import Parsed

_MANY = "CONTAINER [CONTAINER...]"
_TIME = Option("time timeout", "t", WHOLE, "Seconds to wait for the end before it is killed")
_SIGNAL = Option("signal", "s", TEXT, "Signal in place of the container's stop signal")
_START = Usage(
    "start",
    f"[OPTIONS] {_MANY}",
    "Start stopped containers",
    (
        Option("attach", "a", FLAG, "Attach its output and return its exit code"),
        Option("detach-keys", "", TEXT, "Keys that leave the terminal (default ctrl-p,ctrl-q)"),
        Option("interactive", "i", FLAG, "Attach its input"),
    ),
    1,
)
_STOP = Usage("stop", f"[OPTIONS] {_MANY}", "Stop running containers", (_SIGNAL, _TIME), 1)
_RESTART = Usage("restart", f"[OPTIONS] {_MANY}", "Restart containers", (_SIGNAL, _TIME), 1)
_KILL = Usage(
    "kill",
    f"[OPTIONS] {_MANY}",
    "Kill running containers",
    (Option("signal", "s", TEXT, "Signal to send (default KILL)"),),
    1,
)
_RM = Usage(
    "rm",
    f"[OPTIONS] {_MANY}",
    "Remove containers",
    (
        Option("force", "f", FLAG, "Kill a running container first; a missing one is no error"),
        Option("volumes", "v", FLAG, "Remove its anonymous volumes"),
    ),
    1,
)
_WAIT = Usage("wait", _MANY, "Wait until containers have ended, then print their exit codes", (), 1)
_PAUSE = Usage("pause", _MANY, "Pause all processes of containers", (), 1)
_UNPAUSE = Usage("unpause", _MANY, "Let paused containers go on", (), 1)
_RENAME = Usage("rename", "CONTAINER NEW_NAME", "Rename a container", (), 2, 2)


def start(words: list[str]) -> int:
    """Start containers, those that others need first."""
    parsed = _START.parse(words)
    from ..containers import start as engine

    store = opened.store()
    if parsed.attach or parsed.interactive:
        return _start_attached(parsed)
    if len(parsed.arguments) > 1:
        engine.start_many(store, parsed.arguments)
        sys.stdout.write("".join(f"{name}\n" for name in parsed.arguments))
        return 0
    return each(parsed, lambda name: engine.start(store, name))


def stop(words: list[str]) -> int:
    """Stop containers."""
    parsed = _STOP.parse(words)
    from ..containers import stop as engine

    store = opened.store()
    return each(parsed, lambda name: engine.stop(store, name, parsed.time, parsed.signal))


def restart(words: list[str]) -> int:
    """Stop and start containers."""
    parsed = _RESTART.parse(words)
    from ..containers import verbs

    store = opened.store()
    return each(parsed, lambda name: verbs.restart(store, name, parsed.time, parsed.signal))


def kill(words: list[str]) -> int:
    """Send a signal to containers."""
    parsed = _KILL.parse(words)
    from ..containers import verbs

    store = opened.store()
    return each(parsed, lambda name: verbs.kill(store, name, parsed.signal or "KILL"))


def rm(words: list[str]) -> int:
    """Remove containers."""
    parsed = _RM.parse(words)
    from ..containers.remove import remove
    from ..errors import ContainerNotFound

    store = opened.store()

    def one(name: str) -> None:
        try:
            remove(store, name, force=bool(parsed.force), volumes=bool(parsed.volumes))
        except ContainerNotFound:
            if not parsed.force:
                raise

    return each(parsed, one)


def wait(words: list[str]) -> int:
    """Print the exit codes of containers, once they have ended."""
    parsed = _WAIT.parse(words)
    from ..containers.wait import wait as engine

    store = opened.store()
    return each(parsed, lambda name: str(engine(store, name)))


def pause(words: list[str]) -> int:
    """Freeze containers."""
    parsed = _PAUSE.parse(words)
    from ..containers import verbs

    store = opened.store()
    return each(parsed, lambda name: verbs.pause(store, name))


def unpause(words: list[str]) -> int:
    """Thaw containers."""
    parsed = _UNPAUSE.parse(words)
    from ..containers import verbs

    store = opened.store()
    return each(parsed, lambda name: verbs.unpause(store, name))


def rename(words: list[str]) -> int:
    """Give a container another name."""
    old, new = _RENAME.parse(words).arguments
    from ..containers import verbs

    verbs.rename(opened.store(), old, new)
    return 0


def each(parsed: Parsed, action: Callable[[str], object], tolerated: tuple[type[SkiffError], ...] = ()) -> int:
    """Do something to each argument and print its name (or the text that came back); return 1 when one failed.

    What fails by an error that is `tolerated` is told of only.
    """
    failed = 0
    for name in parsed.arguments:
        try:
            told = action(name)
        except SkiffError as error:
            sys.stdout.flush()
            sys.stderr.write(f"skiff: {error}\n")
            failed = failed if isinstance(error, tolerated) else 1
            continue
        sys.stdout.write(f"{told if isinstance(told, str) else name}\n")
        sys.stdout.flush()
    return failed


def _start_attached(parsed: Parsed) -> int:
    from ..containers.run import start_attached
    from ..errors import InvalidSpec
    from .execute import detachable
    from .run import wishes_of

    if len(parsed.arguments) > 1:
        raise InvalidSpec("start -a takes one container")
    wishes = wishes_of(parsed, interactive=bool(parsed.interactive))
    return detachable(lambda: start_attached(opened.store(), parsed.arguments[0], wishes))
