"""`skiff-oci exec`."""

from __future__ import annotations

import json
import os

from ..errors import InvalidSpec, WrongState
from . import channel, creator, foreground, state, verbs
from . import exec as executing

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from .exec import Running


def execute(arguments: argparse.Namespace) -> int:
    """Run one more process; unless detached, wait for it and return its exit code. Raises WrongState."""
    entry = state.find(arguments.root, arguments.id)
    status = entry.status()
    if status not in ("running", "created"):
        raise WrongState(f"container {entry.id} is {status}: nothing can be run in it")
    with open(f"{entry.folder}/config.json", "rb") as file:
        config = json.load(file)
    running = _start(entry, config, process(arguments, config["process"]), arguments.detach)
    verbs.write_pid(arguments.pid_file, running.pid)
    if running.console >= 0:
        _attend(running, arguments.console_socket)
    return running.wait()


def process(arguments: argparse.Namespace, first: dict[str, Any]) -> dict[str, Any]:
    """Return the OCI process object: that of the file, or the container's own with what the options change.

    Raises InvalidSpec.
    """
    if arguments.process:
        with open(arguments.process, "rb") as file:
            given: dict[str, Any] = json.load(file)
        return given
    if not arguments.args:
        raise InvalidSpec("exec needs a program to run, or --process")
    result = {**first, "args": arguments.args, "terminal": arguments.tty, "env": [*first["env"], *arguments.env]}
    if arguments.cwd:
        result["cwd"] = arguments.cwd
    if arguments.user:
        result["user"] = _user(arguments.user)
    return result


def _user(text: str) -> dict[str, int]:
    uid, _unused, gid = text.partition(":")
    for number in (uid, gid or "0"):
        if not (number.isascii() and number.isdigit() and len(number) <= 10):
            raise InvalidSpec(f"--user {text!r}: give UID or UID:GID as numbers")
    return {"uid": int(uid), "gid": int(gid or 0)}


def _start(entry: state.Entry, config: dict[str, Any], wanted: dict[str, Any], detach: bool) -> Running:
    return executing.prespawn(creator.library()).start(
        entry.process,
        config,
        wanted,
        (0, 1, 2),
        container_id=entry.id,
        cgroup=entry.cgroup().paths(),
        cache=entry.folder,
        detach=detach,
    )


def _attend(running: Running, console_socket: str) -> None:
    connection = verbs.connect(console_socket)
    if connection:
        channel.send_terminal(connection.fileno(), running.console)
        connection.close()
    else:
        foreground.relay(running.console)
    os.close(running.console)
