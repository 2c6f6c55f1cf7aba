"""`skiff-oci exec`."""

from __future__ import annotations

import json
import os

from ..errors import InvalidSpec, WrongState
from ..linux import selinux
from . import channel, creator, foreground, state, verbs
from . import exec as executing

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from .exec import Running

_GAINED = ("bounding", "effective", "permitted")  # inheritable is none of them (CVE-2022-29162)


def execute(arguments: argparse.Namespace) -> int:
    """Run one more process; unless detached, wait for it and return its exit code. Raises WrongState, InvalidSpec."""
    entry = state.find(arguments.root, arguments.id)
    status = entry.status()
    if status == "stopped":
        raise WrongState(f"cannot exec in a stopped container: {entry.id}")
    if status == "paused" and not arguments.ignore_paused:
        raise WrongState(f"cannot exec in a paused container: {entry.id} (use --ignore-paused to override)")
    config = entry.config()
    wanted = process(arguments, config["process"])
    selinux.refuse("process.selinuxLabel", wanted.get("selinuxLabel"))
    extra = verbs.given_descriptors(arguments.preserve_fds, wanted)
    running = executing.prespawn(creator.library()).start(
        entry.process,
        config,
        wanted,
        (0, 1, 2),
        container_id=entry.id,
        cgroup=subgroup(entry.cgroup().paths(), arguments.cgroup),
        cache=entry.folder,
        detach=arguments.detach,
        extra=extra,
        keyring=entry.data.get("keyring", True),
    )
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
        raise InvalidSpec("process args cannot be empty: name a program to run, or a file with --process")
    result = {**first, "args": arguments.args, "terminal": arguments.tty, "env": [*first["env"], *arguments.env]}
    if arguments.cwd:
        result["cwd"] = arguments.cwd
    if arguments.user:
        result["user"] = {**first.get("user", {}), **_user(arguments.user)}
    if arguments.additional_gids:
        user = result.get("user") or {}
        result["user"] = {**user, "additionalGids": [*user.get("additionalGids", ()), *arguments.additional_gids]}
    if arguments.cap:
        sets = result.get("capabilities") or {}
        result["capabilities"] = {**sets, **{name: [*sets.get(name, ()), *arguments.cap] for name in _GAINED}}
    if arguments.no_new_privs:
        result["noNewPrivileges"] = True
    for name, value in (("apparmorProfile", arguments.apparmor), ("selinuxLabel", arguments.process_label)):
        if value:
            result[name] = value
    return result


def subgroup(paths: dict[str, str], wanted: list[str]) -> dict[str, str]:
    """Return the folders of groups below the container's own: `wanted` has GROUP, or CONTROLLER,...:GROUP.

    Raises InvalidSpec.
    """
    result = dict(paths)
    for text in wanted:
        names, separator, group = text.rpartition(":")
        if ".." in group.split("/"):
            raise InvalidSpec(f"--cgroup {text!r}: the group must be one below the container's own")
        for name in names.split(",") if separator else paths:
            if name not in paths:
                raise InvalidSpec(f"--cgroup {text!r}: this host has no controller {name!r} of cgroup version 1")
            result[name] = f"{paths[name]}/{group.strip('/')}".rstrip("/")
    return result


def _user(text: str) -> dict[str, int]:
    uid, _unused, gid = text.partition(":")
    for number in (uid, gid or "0"):
        if not (number.isascii() and number.isdigit() and len(number) <= 10):
            raise InvalidSpec(f"--user {text!r}: give UID or UID:GID as numbers")
    return {"uid": int(uid), "gid": int(gid or 0)}


def _attend(running: Running, console_socket: str) -> None:
    connection = verbs.connect(console_socket)
    if connection:
        channel.send_terminal(connection.fileno(), running.console)
        connection.close()
    else:
        foreground.relay(running.console)
    os.close(running.console)
