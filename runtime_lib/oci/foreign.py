"""Another OCI runtime, such as runc or crun, in the place of `launch`: the same bundle in, a process out.

It gets a bundle of its own in `<bundle>/oci`, with what only we understand put into OCI's words: the overlay at `/` is
mounted for it, in a mount namespace that only this start and the container have. To be called in a fresh process.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess

from ..linux import libc, mounts
from ..linux.cgroups.group import Cgroup
from ..linux.cgroups.hierarchy import detect
from ..linux.process import Process
from . import channel, plan, sources
from .report import LaunchError, Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FOLDER = "oci"
_PATIENCE = 60  # seconds that one command of the runtime may take
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
# Words of runc and crun about the user's program; see `start_errors` for what becomes of them.
_NOT_FOUND = ("executable file not found", "no such file or directory")
_NOT_EXECUTABLE = ("permission denied", "is a directory", "exec format error")


def start(
    program: str,
    bundle: str,
    config: dict[str, Any],
    stdio: tuple[int, int, int],
    console: int,
    *,
    container_id: str,
    netns: int,
) -> Process:
    """Have the runtime `program` create and start the container; return its first process.

    The arguments are those of `launch.create`. Raises InvalidSpec or LaunchError; then nothing is left of the start.
    """
    delete(bundle, container_id)
    folder = f"{bundle}/{_FOLDER}"
    os.makedirs(f"{folder}/rootfs", mode=0o755, exist_ok=True)
    _write(f"{folder}/program", program)
    _write(f"{folder}/config.json", json.dumps(translated(config, f"/proc/{os.getpid()}/fd/{netns}")))
    _mount_root(config, bundle, f"{folder}/rootfs")
    group = Cgroup(detect(), config["linux"]["cgroupsPath"])
    try:
        group.create()
        process = _create(program, folder, container_id, stdio, console)
        group.add(process.pid)  # it knows the groups of version 1, or those of version 2; ours are in both
        _call(program, folder, "start", container_id)
    except BaseException:
        delete(bundle, container_id)
        raise
    return process


def delete(bundle: str, container_id: str) -> None:
    """Have the runtime forget a container, and kill what is left of it. Nothing happens without one."""
    folder = f"{bundle}/{_FOLDER}"
    try:
        with open(f"{folder}/program", encoding="utf-8") as file:
            program = file.read()
    except FileNotFoundError:
        return
    words = [program, "--root", f"{folder}/state", "delete", "--force", container_id]
    subprocess.run(words, check=False, capture_output=True, env=_ENVIRONMENT, timeout=_PATIENCE)


def translated(config: dict[str, Any], netns: str) -> dict[str, Any]:
    """Return a configuration that every runtime understands; `netns` is the path of the network namespace. Pure."""
    wanted = [dict(entry) for entry in config["linux"]["namespaces"]]
    for entry in wanted:
        if entry["type"] == "network" and not entry.get("path"):
            entry["path"] = netns
    others = [entry for entry in config["mounts"] if entry["destination"] != "/"]
    root = {**config["root"], "path": "rootfs"}
    return {**config, "root": root, "mounts": others, "linux": {**config["linux"], "namespaces": wanted}}


def _mount_root(config: dict[str, Any], bundle: str, target: str) -> None:
    with Stage("root", target):
        libc.unshare(libc.CLONE_NEWNS)
        libc.mount(None, "/", None, libc.MS_SLAVE | libc.MS_REC)
        mount = sources.of_overlay(plan.root(config, bundle), bundle)
        place = os.open(target, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        mounts.attach(mount, place)
        os.close(place)
        os.close(mount)


def _create(program: str, folder: str, container_id: str, stdio: tuple[int, int, int], console: int) -> Process:
    words = ["--bundle", folder, "--pid-file", f"{folder}/pid"]
    if console < 0:
        _call(program, folder, "create", *words, container_id, stdio=stdio)
    else:
        with socket.socket(socket.AF_UNIX) as listener:
            place = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            listener.bind(f"/proc/self/fd/{place}/console")  # the folder's own path may be too long for a socket
            listener.listen(1)
            short = f"/proc/{os.getpid()}/fd/{place}/console"
            _call(program, folder, "create", "--console-socket", short, *words, container_id)
            connection, _unused = listener.accept()
            os.close(place)
        master = channel.receive_terminal(connection.fileno())
        channel.send_terminal(console, master)
        os.close(master)
    with open(f"{folder}/pid", encoding="ascii") as file:
        return Process.of(int(file.read()))


def _call(program: str, folder: str, *words: str, stdio: tuple[int, int, int] = (-1, -1, -1)) -> None:
    stdin, stdout, stderr = [subprocess.DEVNULL if number < 0 else number for number in stdio]
    options = ["--root", f"{folder}/state", "--log", f"{folder}/log", "--log-format", "json"]
    try:
        done = subprocess.run(
            [program, *options, *words],
            check=False,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=_ENVIRONMENT,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise LaunchError(errno.ETIMEDOUT, f"no end within {_PATIENCE} seconds", program, "runtime") from None
    if done.returncode:
        raise failure(program, _last_error(f"{folder}/log"))


def failure(program: str, message: str) -> LaunchError:
    """Return the error for what a runtime said."""
    lower = message.lower()
    for words, number in ((_NOT_FOUND, errno.ENOENT), (_NOT_EXECUTABLE, errno.EACCES)):
        if "exec" in lower and any(text in lower for text in words):
            return LaunchError(number, message, "the program", "exec")
    return LaunchError(errno.EIO, f"{os.path.basename(program)}: {message or 'failed without a word'}", "", "runtime")


def _last_error(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [json.loads(line) for line in file if line.strip()]
    except (FileNotFoundError, ValueError):
        return ""
    errors = [line for line in lines if isinstance(line, dict) and line.get("level") == "error"]
    return str((errors or lines or [{}])[-1].get("msg", ""))


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
