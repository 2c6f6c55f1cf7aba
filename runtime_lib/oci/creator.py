"""The fresh process in which `skiff-oci` creates a container: one request, one answer, end.

The request is (`wire`): bundle, id, folder of the state, and the options of the command line. With it come standard
input, output and error, the gate, descriptors that the program is to have, and the console socket if there is one.
The answer is `r<pid> <start time>`, or `!` and what failed (`report`). Before it `h<pid>` may ask the other side to run
hooks: it sends one byte when that is done, or lets go of the connection when one has failed.
"""

from __future__ import annotations

import json
import os

from ..errors import SkiffError
from ..linux import interpreter
from . import channel, launch, report, seal, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn


def main() -> NoReturn:
    """Serve one request and end."""
    message, descriptors = seal.request()
    try:
        answer = _create(wire.text(wire.unpack(message)), descriptors)
    except (OSError, SkiffError) as error:
        answer = b"!" + report.encode(error)
    channel.send(seal.SOCKET, answer)
    os._exit(0)


def _create(request: dict[str, Any], descriptors: list[int]) -> bytes:
    with open(f"{request['state']}/config.json", "rb") as file:
        config = json.load(file)
    stdin, stdout, stderr, gate, *others = descriptors
    extra, console = others[: request["extra"]], others[request["extra"] :]
    created = launch.create(
        request["bundle"],
        config,
        (stdin, stdout, stderr),
        console[0] if console else -1,
        container_id=request["id"],
        gate=gate,
        cache=request["state"],
        extra=tuple(extra),
        keyring=bool(request["keyring"]),
        pivot=bool(request["pivot"]),
        hooks=_ask_for_hooks,
    )
    return b"r%d %d" % (created.pid, created.start_time)


def _ask_for_hooks(pid: int) -> None:
    channel.send(seal.SOCKET, b"h%d" % pid)
    answer, _unused = channel.receive(seal.SOCKET)
    if not answer:
        raise report.LaunchError(5, "a hook failed", "", "hook")


def library() -> str:
    """Return the folder that holds this library."""
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def create(request: dict[str, Any], descriptors: tuple[int, ...], hooks: Callable[[int], None]) -> tuple[int, int]:
    """Have a container created in a fresh process; return the pid and the start time of its first process.

    `request` and `descriptors` are as above; `hooks` is called with the pid of the first process when it is time to.
    Raises InvalidSpec, `report.LaunchError`, or what `hooks` raised.
    """
    ours, theirs = channel.pair()
    package = __name__.rpartition(".")[0]
    helper = interpreter.spawn(f"{package}.creator", library(), keep=(-1, -1, -1, theirs))
    os.close(theirs)
    try:
        channel.send(ours, wire.pack(request), descriptors)
        answer, _unused = channel.receive(ours)
        if answer.startswith(b"h"):
            hooks(int(answer[1:]))
            channel.send(ours, b"h")
            answer, _unused = channel.receive(ours)
    finally:
        os.close(ours)
        os.waitpid(helper, 0)
    if not answer.startswith(b"r"):
        raise report.decode(answer[1:] or b"5\0runtime\0\0the runtime ended without an answer")
    pid, start_time = map(int, answer[1:].split())
    return pid, start_time
