"""What the commands of `skiff-oci` do to a container; each returns an exit code."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import time

from ..errors import ContainerNotFound, HostLacks, InvalidSpec, WrongState
from ..linux import libc
from . import creator, foreground, state, verb_hooks
from .process import exit_code

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

PATIENCE = 10.0  # seconds that a process has to end after SIGKILL


def create(arguments: argparse.Namespace) -> int:
    """Set up a container; its program waits for `start`."""
    entry = _new(arguments)
    try:
        if entry.terminal and not arguments.console_socket:
            raise InvalidSpec("process.terminal needs --console-socket here: the terminal has to go somewhere")
        _create(entry, arguments, connect(arguments.console_socket))
    except BaseException:
        _forget(entry)
        raise
    return 0


def run(arguments: argparse.Namespace) -> int:
    """Create and start a container; unless detached, wait for its end and return its exit code."""
    if arguments.detach:
        create(arguments)
        return start(arguments)
    libc.prctl(libc.PR_SET_CHILD_SUBREAPER, 1)  # so that the first process becomes our child
    entry = _new(arguments)
    try:
        ours, theirs = socket.socketpair()
        _create(entry, arguments, theirs)
        theirs.close()
        _open_gate(entry, arguments)
        status = foreground.attend(entry.data["pid"], ours)
    except BaseException:
        _forget(entry)
        raise
    if not arguments.keep:
        _delete(entry, arguments)
    return exit_code(status)


def start(arguments: argparse.Namespace) -> int:
    """Let the program of a created container run. Raises WrongState."""
    entry = state.find(arguments.root, arguments.id)
    status = entry.status()
    if status == "stopped":
        raise WrongState(f"cannot start a container that has stopped: {entry.id}")
    if status == "paused":
        raise WrongState(f"cannot start a paused container: {entry.id}; resume it first")
    if status == "running":
        raise WrongState(f"cannot start an already running container: {entry.id}")
    _open_gate(entry, arguments)
    return 0


def kill(arguments: argparse.Namespace) -> int:
    """Send a signal to the first process, or to all. Raises WrongState when the container has ended."""
    entry = state.find(arguments.root, arguments.id)
    number = signal_number(arguments.signal)
    if arguments.all:
        entry.cgroup().kill(number)
        return 0
    status = entry.status()
    if status == "stopped":
        raise WrongState(f"container not running: {entry.id} has ended")
    entry.process.signal(number)
    if status == "paused" and number == signal.SIGKILL:
        entry.cgroup().thaw()  # version 1 delivers no signal to what is frozen
    return 0


def delete(arguments: argparse.Namespace) -> int:
    """Remove a container that has ended, or with --force any; then one that does not exist is no error.

    Raises WrongState.
    """
    try:
        entry = state.find(arguments.root, arguments.id, unfinished=arguments.force)
    except ContainerNotFound:
        if arguments.force:
            return 0
        raise
    status = entry.status()
    if status not in ("stopped", "created") and not arguments.force:
        raise WrongState(f"cannot delete container {entry.id} that is not stopped: {status}")
    _delete(entry, arguments)
    return 0


def pause(arguments: argparse.Namespace) -> int:
    """Freeze all processes of a running container. Raises WrongState."""
    return _set_paused(state.find(arguments.root, arguments.id), True)


def resume(arguments: argparse.Namespace) -> int:
    """Let the processes of a paused container go on. Raises WrongState."""
    return _set_paused(state.find(arguments.root, arguments.id), False)


def refuse_checkpoint(_arguments: argparse.Namespace) -> int:
    """Raise HostLacks: there is no checkpoint."""
    raise HostLacks("checkpoint and restore are not supported: they need CRIU, which skiff-oci does not drive")


def signal_number(text: str) -> int:
    """Return the number of a signal such as 9, KILL or SIGKILL. Raises InvalidSpec."""
    if text.isascii() and text.isdigit() and 0 <= int(text) <= 64:
        return int(text)
    name = text.upper()
    name = name if name.startswith("SIG") else f"SIG{name}"
    if name not in signal.Signals.__members__:
        raise InvalidSpec(f"unknown signal {text!r}: use a number or a name such as TERM")
    return int(signal.Signals[name])


def _set_paused(entry: state.Entry, paused: bool) -> int:
    status = entry.status()
    if paused and status not in ("running", "created"):
        raise WrongState(f"container not running: {entry.id} is {status}")
    if not paused and status != "paused":
        raise WrongState(f"container not paused: {entry.id} is {status}")
    if paused:
        entry.cgroup().freeze()
    else:
        entry.cgroup().thaw()
    return 0


def _new(arguments: argparse.Namespace) -> state.Entry:
    bundle = os.path.abspath(arguments.bundle)
    return state.new(arguments.root, arguments.id, bundle, not arguments.no_new_keyring)


def _create(entry: state.Entry, arguments: argparse.Namespace, console: socket.socket | None) -> None:
    config = entry.config()
    extra = given_descriptors(arguments.preserve_fds, config.get("process") or {})
    entry.save_config(config)  # which names those descriptors
    gate = os.open(entry.gate, os.O_RDWR | os.O_CLOEXEC)  # both ways: it opens at once, and never sees an end of file
    request = {
        "bundle": entry.data["bundle"],
        "state": entry.folder,
        "id": entry.id,
        "extra": len(extra),
        "keyring": entry.data["keyring"],
        "pivot": not arguments.no_pivot,
    }
    try:
        descriptors = (0, 1, 2, gate, *extra, *((console.fileno(),) if console else ()))
        pid, start_time = creator.create(request, descriptors, lambda pid: verb_hooks.before(entry, config, pid))
    finally:
        os.close(gate)
    entry.data.update(pid=pid, startTime=start_time)
    entry.save()
    write_pid(arguments.pid_file, pid)


def given_descriptors(preserved: int, process: dict[str, Any]) -> tuple[int, ...]:
    """Return the descriptors that a program is to have from 3 on: those of sd_listen_fds(3), and `preserved` more.

    The variables of the former are added to its environment. Raises InvalidSpec for one that is not open.
    """
    text = os.environ.get("LISTEN_FDS", "")
    ours = os.environ.get("LISTEN_PID") == str(os.getpid())
    listening = int(text) if ours and text.isascii() and text.isdigit() else 0
    if listening:
        process["env"] = [*process.get("env", ()), f"LISTEN_FDS={listening}", "LISTEN_PID=1"]
    numbers = tuple(range(3, 3 + listening + preserved))
    for number in numbers:
        try:
            fcntl.fcntl(number, fcntl.F_GETFD)
        except OSError:
            raise InvalidSpec(f"descriptor {number} is to be passed on, but is not open here") from None
    return numbers


def _open_gate(entry: state.Entry, arguments: argparse.Namespace) -> None:
    gate = os.open(entry.gate, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    os.unlink(entry.gate)
    os.write(gate, b"s")
    os.close(gate)
    verb_hooks.afterwards(arguments, entry, entry.config(), "poststart")


def connect(path: str) -> socket.socket | None:
    """Return a connection to a console socket, None when there is no path."""
    if not path:
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(path)
    return connection


def write_pid(path: str, pid: int) -> None:
    """Write a pid file, if one is wanted: readers see it whole or not at all."""
    if path:
        temporary = f"{path}.{os.getpid()}.tmp"
        with open(temporary, "w", encoding="ascii") as file:
            file.write(str(pid))
        os.rename(temporary, path)


def _delete(entry: state.Entry, arguments: argparse.Namespace) -> None:
    config = entry.config() if entry.data.get("pid") else {}
    _forget(entry)
    verb_hooks.afterwards(arguments, entry, config, "poststop")


def _forget(entry: state.Entry) -> None:
    if entry.data and entry.cgroup().pids():
        entry.cgroup().kill()
    _wait_gone(entry)
    state.remove(entry)


def _wait_gone(entry: state.Entry) -> None:
    deadline = time.monotonic() + PATIENCE
    while entry.data.get("pid") and entry.process.alive() and time.monotonic() < deadline:
        time.sleep(0.005)
