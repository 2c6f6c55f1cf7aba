"""Enter a running container and execute a program in it: the helper behind `oci.exec`, a fresh sealed process.

    engine --spawn--> helper (stays on the host, waits, ends with the same code) --fork--> the process in the container

When the engine will not be there for the end (`ending` in the request), the helper notes that in the log of events.

The helper takes one request over its socket (`wire`, with standard input, output and error) and answers with
`r<pid> <start time>`, and the master of the terminal if it made one, or with `!` and what failed (`report`).
"""

from __future__ import annotations

import errno
import os

from ..errors import InvalidSpec
from ..linux import keyring, libc, namespaces, signals, terminal
from ..linux.cgroups import birth
from ..linux.process import Process as HostProcess
from ..linux.saferoot import SafeRoot
from . import become, channel, report, seal, wire
from .process import Process, exit_code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


def main() -> NoReturn:
    """Serve one request and end with the exit code of the program."""
    message, stdio = seal.request()
    request = wire.unpack(message)
    try:
        pid, answer, masters = start(request, stdio)
    except (OSError, ValueError, InvalidSpec) as error:
        channel.send(seal.SOCKET, b"!" + report.encode(error))
        os._exit(125)
    ending = wire.text(request.get("ending"))
    if ending:
        from .. import eventlog  # noqa: F401 - now, as this copy of the library may be gone when the program ends
    channel.send(seal.SOCKET, answer, masters)
    if request["detach"]:
        os._exit(0)
    *_unused, line = seal.only(0, _hold(masters[0], pid) if masters else seal.SOCKET)
    if not ending:
        os.close(line)
    code = exit_code(os.waitpid(pid, 0)[1])
    if ending:
        _note(line, ending, code)
    os._exit(code)


def _note(line: int, ending: dict[str, Any], code: int) -> None:
    """Note the end in the log of events, after the engine has noted the start and closed its end of the line."""
    from .. import eventlog

    while os.read(line, 1):
        pass
    values = {**ending["attributes"], "exitCode": str(code)}
    eventlog.append(ending["run"], "container", ("exec_die",), ending["actor"], values)


def _hold(master: int, pid: int) -> int:
    """Hold a terminal while the engine has it; when its user has left it, take its output until nobody writes any.

    An engine that goes without a word hangs it up. Return the line to the engine.
    """
    import select

    *_unused, master, line, ended = seal.only(0, 1, 2, master, seal.SOCKET, libc.pidfd_open(pid))
    waiting = select.poll()
    waiting.register(line, select.POLLIN)
    waiting.register(ended, select.POLLIN)
    if line in dict(waiting.poll()) and os.read(line, 1) == channel.LEFT:
        os.set_blocking(master, True)  # the engine has shared it
        try:
            while os.read(master, 4096):
                pass
        except OSError:
            pass  # EIO: nobody has the terminal open any more
    os.close(master)
    return line


def start(request: dict[str, Any], stdio: list[int]) -> tuple[int, bytes, tuple[int, ...]]:
    """Start the program as a child; return its pid, the answer, and the master of a terminal.

    Children of the caller are born in the container's pid namespace from now on. Raises OSError or InvalidSpec.
    """
    process = Process(wire.text(request["process"]))
    pidfd = HostProcess(request["pid"], request["start_time"]).open()
    masters: tuple[int, ...] = ()
    if process.terminal:
        master, slave = _open_terminal(request, process)
        masters, stdio = (master,), [slave, slave, slave, *stdio]
    if "user" in wire.text(request["kinds"]):
        from ..linux import userns  # which other containers do not wait for

        become.hand_over(stdio, userns.outside(userns.mappings(request["pid"]), process.uid))
    failures, up = os.pipe2(os.O_CLOEXEC)
    if "pid" in wire.text(request["kinds"]):
        with report.Stage("namespace", "pid"):
            _join(pidfd, request["pid"], ["pid"])
    pid = _fork(request, process, pidfd, stdio, up)
    os.close(up)
    start_time = HostProcess.of(pid).start_time  # before it is reaped, even if it has ended
    failure = report.receive(failures)
    if failure:
        os.waitpid(pid, 0)
        raise report.decode(failure[1:])
    return pid, b"r%d %d" % (pid, start_time), masters


def _fork(request: dict[str, Any], process: Process, pidfd: int, stdio: list[int], up: int) -> int:
    """Fork the child that enters and executes the program; it tells what fails over `up`. Return its pid."""
    files = wire.text(request["cgroup_files"])
    version_2 = [file for file in files if file.endswith("/cgroup.procs")]
    pid, born_there = birth.fork(os.path.dirname(version_2[0]) if version_2 else "")
    if pid:
        return pid
    told = report.Failures(up)
    request["cgroup_files"] = [file for file in files if not (born_there and file in version_2)]
    try:
        _enter(request, process, pidfd, stdio, told)
    except BaseException as error:  # the end of this process: whatever failed, the engine has to hear of it
        told.tell(error)
    finally:
        os._exit(1)


def _enter(request: dict[str, Any], process: Process, pidfd: int, stdio: list[int], told: report.Failures) -> NoReturn:
    os.setsid()
    seal.seal()
    signals.reset()
    for file in request["cgroup_files"]:
        with report.Stage("cgroup", file):
            _write(file, b"0")
    become.oom_score(process.oom_score_adj)
    become.label(become.profile(process))
    kinds = [kind for kind in wire.text(request["kinds"]) if kind != "pid"]
    if request["keyring"]:
        with report.Stage("keyring"):
            keyring.join_session(f"_ses.{request['container_id'].decode()}")
    with report.Stage("namespace", " ".join(kinds)):
        _join(pidfd, request["pid"], kinds)
    if "user" in kinds:
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
    *_unused, told.descriptor = seal.only(*stdio, told.descriptor, inherited=len(stdio))
    if process.terminal:
        with report.Stage("terminal"):
            terminal.take_control(0)
    program = become.settle(process, request["filter"], request["filter_flags"])
    become.execute(program, process)


def _join(pidfd: int, pid: int, kinds: list[str]) -> None:
    """Enter namespaces of a process, all at once where the kernel can (Linux 5.8)."""
    flags = sum(namespaces.KINDS[kind][1] for kind in kinds)
    if not flags:
        return
    try:
        libc.setns(pidfd, flags)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        for kind in kinds:
            namespaces.join(f"/proc/{pid}/ns/{namespaces.KINDS[kind][0]}", kind)


def _open_terminal(request: dict[str, Any], process: Process) -> tuple[int, int]:
    """Return (master, slave) of a new terminal of the container, opened from outside of it."""
    with report.Stage("terminal", "/dev/pts/ptmx"), SafeRoot.at(f"/proc/{request['pid']}/root") as root:
        devpts = root.open("/dev/pts", os.O_PATH | os.O_DIRECTORY)
        master, slave = terminal.open_pair(devpts)
        os.close(devpts)
        rows, columns = process.rows_columns
        if rows or columns:
            terminal.resize(master, rows, columns)
    return master, slave


def _write(path: str, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)
