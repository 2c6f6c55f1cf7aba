"""What each command of `skiff-oci` does; each returns an exit code."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time

from ..errors import InvalidSpec, WrongState
from ..linux import capabilities, libc, namespaces
from . import creator, foreground, options, state
from .process import exit_code

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

PATIENCE = 10.0  # seconds that a process has to end after SIGKILL


def create(arguments: argparse.Namespace) -> int:
    """Set up a container; its program waits for `start`."""
    bundle = os.path.abspath(arguments.bundle)
    entry = state.new(arguments.root, arguments.id, bundle)
    try:
        if entry.terminal and not arguments.console_socket:
            raise InvalidSpec("process.terminal needs --console-socket here: the terminal has to go somewhere")
        console = connect(arguments.console_socket)
        _create(entry, (0, 1, 2), console)
        write_pid(arguments.pid_file, entry.data["pid"])
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
    entry = state.new(arguments.root, arguments.id, os.path.abspath(arguments.bundle))
    try:
        ours, theirs = socket.socketpair()
        _create(entry, (0, 1, 2), theirs)
        theirs.close()
        write_pid(arguments.pid_file, entry.data["pid"])
        _open_gate(entry)
        status = foreground.attend(entry.data["pid"], ours)
    except BaseException:
        _forget(entry)
        raise
    if not arguments.keep:
        state.remove(entry)
    return exit_code(status)


def start(arguments: argparse.Namespace) -> int:
    """Let the program of a created container run. Raises WrongState."""
    entry = state.find(arguments.root, arguments.id)
    status = entry.status()
    if status != "created":
        raise WrongState(f"container {entry.id} is {status}: only one that was created can be started")
    _open_gate(entry)
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Print the state as JSON."""
    sys.stdout.write(json.dumps(state.find(arguments.root, arguments.id).public(), indent=2) + "\n")
    return 0


def kill(arguments: argparse.Namespace) -> int:
    """Send a signal to the first process, or to all. Raises WrongState when the container has ended."""
    entry = state.find(arguments.root, arguments.id)
    number = signal_number(arguments.signal)
    if arguments.all:
        entry.cgroup().kill(number)
        return 0
    if entry.status() == "stopped":
        raise WrongState(f"container {entry.id} has ended: there is nothing to signal")
    entry.process.signal(number)
    return 0


def delete(arguments: argparse.Namespace) -> int:
    """Remove a container that has ended, or with --force any. Raises WrongState."""
    entry = state.find(arguments.root, arguments.id)
    status = entry.status()
    if status not in ("stopped", "created") and not arguments.force:
        raise WrongState(f"container {entry.id} is {status}: kill it first, or use --force")
    _forget(entry)
    return 0


def pause(arguments: argparse.Namespace) -> int:
    """Freeze all processes of a running container. Raises WrongState."""
    return _set_paused(state.find(arguments.root, arguments.id), True)


def resume(arguments: argparse.Namespace) -> int:
    """Let the processes of a paused container go on. Raises WrongState."""
    return _set_paused(state.find(arguments.root, arguments.id), False)


def processes(arguments: argparse.Namespace) -> int:
    """Print the pids of a container's processes, as the host has them."""
    pids = state.find(arguments.root, arguments.id).cgroup().pids()
    text = json.dumps(pids) if arguments.format == "json" else "\n".join(["PID", *map(str, pids)])
    sys.stdout.write(f"{text}\n")
    return 0


def listing(arguments: argparse.Namespace) -> int:
    """Print all containers."""
    entries = [entry.public() for entry in state.listing(arguments.root)]
    if arguments.quiet:
        lines = [entry["id"] for entry in entries]
    elif arguments.format == "json":
        lines = [json.dumps(entries)]
    else:
        head = ("ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER")
        rows = [head, *(tuple(str(entry[key.lower()]) for key in head) for entry in entries)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def features(arguments: argparse.Namespace) -> int:
    """Print what this runtime supports (OCI features.md)."""
    linux = {
        "namespaces": sorted(namespaces.KINDS),
        "capabilities": list(capabilities.NAMES),
        "cgroup": {"v1": True, "v2": True, "systemd": False, "systemdUser": False, "rdma": True},
        "seccomp": {"enabled": True},
        "apparmor": {"enabled": True},
        "selinux": {"enabled": False},
    }
    content = {
        "ociVersionMin": "1.0.0",
        "ociVersionMax": state.VERSION,
        "hooks": [],
        "mountOptions": options.names(),
        "linux": linux,
    }
    sys.stdout.write(json.dumps(content, indent=2) + "\n")
    return 0


def signal_number(text: str) -> int:
    """Return the number of a signal such as 9, KILL or SIGKILL. Raises InvalidSpec."""
    if text.isascii() and text.isdigit() and 0 <= int(text) <= 64:
        return int(text)
    name = text.upper()
    name = name if name.startswith("SIG") else f"SIG{name}"
    if name not in signal.Signals.__members__:
        raise InvalidSpec(f"{text!r} is no signal: use a number or a name such as TERM")
    return int(signal.Signals[name])


def _set_paused(entry: state.Entry, paused: bool) -> int:
    wanted = "running" if paused else "paused"
    if entry.status() != wanted:
        raise WrongState(f"container {entry.id} is {entry.status()}, not {wanted}")
    if paused:
        entry.cgroup().freeze()
    else:
        entry.cgroup().thaw()
    entry.data["paused"] = paused
    entry.save()
    return 0


def _create(entry: state.Entry, stdio: tuple[int, int, int], console: socket.socket | None) -> None:
    gate = os.open(entry.gate, os.O_RDWR | os.O_CLOEXEC)  # both ways: it opens at once, and never sees an end of file
    try:
        extra = (console.fileno(),) if console else ()
        pid, start_time = creator.create(entry.data["bundle"], entry.folder, entry.id, (*stdio, gate, *extra))
    finally:
        os.close(gate)
    entry.data.update(pid=pid, startTime=start_time)
    entry.save()


def _open_gate(entry: state.Entry) -> None:
    gate = os.open(entry.gate, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    os.unlink(entry.gate)
    os.write(gate, b"s")
    os.close(gate)


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


def _forget(entry: state.Entry) -> None:
    if entry.cgroup().pids():
        entry.cgroup().kill()
    _wait_gone(entry)
    state.remove(entry)


def _wait_gone(entry: state.Entry) -> None:
    deadline = time.monotonic() + PATIENCE
    while entry.data.get("pid") and entry.process.alive() and time.monotonic() < deadline:
        time.sleep(0.005)
