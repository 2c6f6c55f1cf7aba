"""The command line of `skiff-oci`: that of runc 1.1, option for option."""

from __future__ import annotations

import argparse
import sys

from . import state, verb_events, verb_exec, verb_show, verb_update, verbs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    Commands = argparse._SubParsersAction["Parser"]

VERSION = "0.1.0"
_UNKNOWN_COMMAND = 3  # runc's exit codes
_WRONG_USE = 1


class Parser(argparse.ArgumentParser):
    """A parser that ends as runc does, when it is used wrongly."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and how to use it, and end."""
        self.print_usage(sys.stderr)
        self.exit(_UNKNOWN_COMMAND if "COMMAND: invalid choice" in message else _WRONG_USE, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser; options that only other implementations need are taken and have no effect."""
    top = Parser(prog="skiff-oci", description="Run OCI bundles.", allow_abbrev=False)
    top.add_argument("--root", default=state.DEFAULT_ROOT, help="folder of the containers' states")
    top.add_argument("--log", default="", help="file that gets failures, one line each")
    top.add_argument("--log-format", choices=("text", "json"), default="text")
    for name in ("--rootless", "--criu"):
        top.add_argument(name, help=argparse.SUPPRESS)
    for name in ("--debug", "--systemd-cgroup"):
        top.add_argument(name, action="store_true", help=argparse.SUPPRESS)
    version = f"skiff-oci version {VERSION}\nspec: {state.VERSION}"
    top.add_argument("--version", "-v", action="version", version=version)
    top.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    _starting(commands)
    _living(commands)
    _entering(commands)
    _showing(commands)
    _update(commands)
    _refused(commands)
    return top


def _command(commands: Commands, name: str, verb: Callable[[argparse.Namespace], int], text: str) -> Parser:
    one = commands.add_parser(name, help=text, allow_abbrev=False)
    one.set_defaults(verb=verb, failure=255 if name == "exec" else 1)
    return one


def _process_options(one: Parser) -> None:
    one.add_argument("--console-socket", default="", help="socket that gets the terminal")
    one.add_argument("--pid-file", default="")
    one.add_argument("--preserve-fds", type=int, default=0, metavar="N", help="pass descriptors 3 to 2+N on")


def _starting(commands: Commands) -> None:
    for name, verb, text in (
        ("create", verbs.create, "set up a container"),
        ("run", verbs.run, "create, start and wait"),
    ):
        one = _command(commands, name, verb, text)
        one.add_argument("--bundle", "-b", default=".")
        _process_options(one)
        one.add_argument("--no-pivot", action="store_true", help="for a root file system on a ramdisk")
        one.add_argument("--no-new-keyring", action="store_true", help="use the caller's session keyring")
        if name == "run":
            one.add_argument("--detach", "-d", action="store_true")
            one.add_argument("--keep", action="store_true", help="do not delete it after its end")
            one.add_argument("--no-subreaper", action="store_true", help=argparse.SUPPRESS)
        one.add_argument("id")


def _living(commands: Commands) -> None:
    for name, verb, text in (
        ("start", verbs.start, "start the program of a container that was created"),
        ("pause", verbs.pause, "freeze a container"),
        ("resume", verbs.resume, "let a frozen container go on"),
    ):
        _command(commands, name, verb, text).add_argument("id")
    one = _command(commands, "kill", verbs.kill, "send a signal to a container")
    one.add_argument("--all", "-a", action="store_true", help="to all of its processes")
    one.add_argument("id")
    one.add_argument("signal", nargs="?", default="TERM")
    one = _command(commands, "delete", verbs.delete, "remove a container that has ended")
    one.add_argument("--force", "-f", action="store_true", help="kill it first; one that does not exist is no error")
    one.add_argument("id")


def _entering(commands: Commands) -> None:
    one = _command(commands, "exec", verb_exec.execute, "run one more process in a container")
    one.add_argument("--process", "-p", default="", help="file with an OCI process object")
    _process_options(one)
    one.add_argument("--detach", "-d", action="store_true")
    one.add_argument("--tty", "-t", action="store_true")
    one.add_argument("--cwd", default="")
    one.add_argument("--env", "-e", action="append", default=[])
    one.add_argument("--user", "-u", default="", help="UID[:GID]")
    one.add_argument("--additional-gids", "-g", type=int, action="append", default=[])
    one.add_argument("--cap", "-c", action="append", default=[], help="add a capability")
    one.add_argument("--no-new-privs", action="store_true")
    one.add_argument("--apparmor", default="", help="profile")
    one.add_argument("--process-label", default="", help="label of SELinux")
    one.add_argument("--cgroup", action="append", default=[], help="[CONTROLLERS:]GROUP below the container's own")
    one.add_argument("--ignore-paused", action="store_true")
    one.add_argument("id")
    one.add_argument("args", nargs=argparse.REMAINDER)


def _showing(commands: Commands) -> None:
    _command(commands, "state", verb_show.state_of, "print the state of a container").add_argument("id")
    one = _command(commands, "ps", verb_show.processes, "list the processes of a container")
    one.add_argument("--format", "-f", choices=("table", "json"), default="table")
    one.add_argument("id")
    one.add_argument("options", nargs=argparse.REMAINDER, help="options of ps(1)")
    one = _command(commands, "list", verb_show.listing, "list the containers")
    one.add_argument("--format", "-f", choices=("table", "json"), default="table")
    one.add_argument("--quiet", "-q", action="store_true")
    one = _command(commands, "events", verb_events.events, "print what a container uses, and when it lacks memory")
    one.add_argument("--interval", default="5s", help="time between two lines, such as 5s")
    one.add_argument("--stats", action="store_true", help="print one line and end")
    one.add_argument("id")
    _command(commands, "features", verb_show.features, "print what this runtime supports")


def _update(commands: Commands) -> None:
    one = _command(commands, "update", verb_update.update, "change limits of a container")
    one.add_argument("--resources", "-r", default="", help="file with OCI linux.resources, - for standard input")
    for name in verb_update.FLAGS:
        one.add_argument(f"--{name}", default="")
    one.add_argument("id")


def _refused(commands: Commands) -> None:
    for name in ("checkpoint", "restore"):
        one = _command(commands, name, verbs.refuse_checkpoint, "not supported")
        one.add_argument("words", nargs=argparse.REMAINDER)
