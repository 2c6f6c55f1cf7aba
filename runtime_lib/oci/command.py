"""`skiff-oci`: the low-level runtime behind the command line of runc."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

from ..errors import SkiffError
from . import state, verb_exec, verbs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def console() -> None:
    """Run the command and end with its exit code."""
    raise SystemExit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code: 1 and one sentence on standard error for a failure, as runc has it."""
    options = parser().parse_args(arguments)
    try:
        code: int = options.verb(options)
        return code
    except (SkiffError, OSError) as error:
        message = str(error)
    sys.stderr.write(f"skiff-oci: {message}\n")
    if options.log:
        _log(options.log, message)
    return 1


def parser() -> argparse.ArgumentParser:
    """Return the parser; options that only other implementations need are taken and have no effect."""
    top = argparse.ArgumentParser(prog="skiff-oci", description="Run OCI bundles.")
    top.add_argument("--root", default=state.DEFAULT_ROOT, help="folder of the containers' states")
    top.add_argument("--log", default="", help="file that gets failures, as one JSON line each")
    for name in ("--log-format", "--rootless"):
        top.add_argument(name, help=argparse.SUPPRESS)
    for name in ("--debug", "--systemd-cgroup"):
        top.add_argument(name, action="store_true", help=argparse.SUPPRESS)
    top.add_argument("--version", "-v", action="version", version=f"skiff-oci\nspec: {state.VERSION}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    _starting(commands)
    _others(commands)
    return top


def _starting(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for name, verb, text in (
        ("create", verbs.create, "set up a container"),
        ("run", verbs.run, "create, start and wait"),
    ):
        one = commands.add_parser(name, help=text)
        one.add_argument("--bundle", "-b", default=".")
        one.add_argument("--console-socket", default="")
        one.add_argument("--pid-file", default="")
        one.add_argument("--no-pivot", "--no-new-keyring", action="store_true", help=argparse.SUPPRESS)
        one.add_argument("--preserve-fds", type=int, default=0, help=argparse.SUPPRESS)
        if name == "run":
            one.add_argument("--detach", "-d", action="store_true")
            one.add_argument("--keep", action="store_true")
        one.add_argument("id")
        one.set_defaults(verb=verb)


def _others(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for name, verb, text in (
        ("start", verbs.start, "start the program of a container that was created"),
        ("state", verbs.show, "print the state of a container"),
        ("kill", verbs.kill, "send a signal to a container"),
        ("delete", verbs.delete, "remove a container that has ended"),
        ("pause", verbs.pause, "freeze a container"),
        ("resume", verbs.resume, "let a frozen container go on"),
    ):
        one = commands.add_parser(name, help=text)
        one.add_argument("id")
        if name == "kill":
            one.add_argument("--all", "-a", action="store_true")
            one.add_argument("signal", nargs="?", default="TERM")
        if name == "delete":
            one.add_argument("--force", "-f", action="store_true")
        one.set_defaults(verb=verb)
    _entering(commands)
    one = commands.add_parser("ps", help="list the processes of a container")
    one.add_argument("--format", "-f", choices=("table", "json"), default="table")
    one.add_argument("id")
    one.set_defaults(verb=verbs.processes)
    one = commands.add_parser("list", help="list the containers")
    one.add_argument("--format", "-f", choices=("table", "json"), default="table")
    one.add_argument("--quiet", "-q", action="store_true")
    one.set_defaults(verb=verbs.listing)
    commands.add_parser("features", help="print what this runtime supports").set_defaults(verb=verbs.features)


def _entering(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    one = commands.add_parser("exec", help="run one more process in a container")
    one.add_argument("--process", "-p", default="", help="file with an OCI process object")
    one.add_argument("--console-socket", default="")
    one.add_argument("--pid-file", default="")
    one.add_argument("--detach", "-d", action="store_true")
    one.add_argument("--tty", "-t", action="store_true")
    one.add_argument("--cwd", default="")
    one.add_argument("--env", "-e", action="append", default=[])
    one.add_argument("--user", "-u", default="", help="UID[:GID]")
    one.add_argument("--preserve-fds", type=int, default=0, help=argparse.SUPPRESS)
    one.add_argument("id")
    one.add_argument("args", nargs=argparse.REMAINDER)
    one.set_defaults(verb=verb_exec.execute)


def _log(path: str, message: str) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    os.write(descriptor, json.dumps({"level": "error", "msg": message, "time": stamp}).encode() + b"\n")
    os.close(descriptor)
