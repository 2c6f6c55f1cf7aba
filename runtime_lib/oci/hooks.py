"""Hooks: programs of the host that a bundle wants to be run at points of a container's life (OCI config.md "Hooks").

| kind | runs in | when |
|---|---|---|
| prestart, createRuntime | the runtime's namespaces | the tree is mounted, its root not yet entered |
| createContainer | the container's namespaces, programs of the host | right after those |
| startContainer | the container, as the user's program | right before it |
| poststart, poststop | the runtime's namespaces | the program was started; the container was deleted |
"""

from __future__ import annotations

import _signal  # not signal: enum costs a start some milliseconds
import json
import os
import select
import time

from ..errors import InvalidSpec
from ..linux import signals
from .report import LaunchError, Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KINDS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")
BEFORE = ("prestart", "createRuntime")  # those that whoever creates the container has to run
_MOST_OUTPUT = 4096  # bytes of what a hook says that are kept for the error


class Hook:
    """One program; `timeout` in seconds, 0 for none; `environment` None for that of the runtime."""

    __slots__ = ("args", "environment", "path", "timeout")

    def __init__(self, kind: str, entry: dict[str, Any]) -> None:
        """Read an OCI hook object. Raises InvalidSpec."""
        self.path: str = entry.get("path") or ""
        if not self.path.startswith("/") or "\0" in self.path:
            raise InvalidSpec(f"hooks.{kind}: {self.path!r} is no absolute path of a program")
        self.args: list[str] = list(entry.get("args") or (self.path,))
        texts: list[str] = list(entry.get("env") or ())
        self.environment = dict(text.split("=", 1) for text in texts if "=" in text) if texts else None
        self.timeout: float = entry.get("timeout") or 0


def planned(config: dict[str, Any]) -> dict[str, list[Hook]]:
    """Return the hooks of each kind that has some. Raises InvalidSpec."""
    section = config.get("hooks") or {}
    return {kind: [Hook(kind, entry) for entry in section[kind]] for kind in KINDS if section.get(kind)}


def state(config: dict[str, Any], container_id: str, bundle: str, status: str, pid: int) -> dict[str, Any]:
    """Return what a hook is told (OCI runtime.md "State")."""
    return {
        "ociVersion": config.get("ociVersion") or "",
        "id": container_id,
        "status": status,
        "pid": pid,
        "bundle": bundle,
        "annotations": config.get("annotations") or {},
    }


def run(hooks: list[Hook], state: dict[str, Any]) -> None:
    """Run hooks one after the other, each with the container's state on its standard input.

    Only system calls are made, so this may be called inside of a container. Raises LaunchError when one fails.
    """
    text = json.dumps(state).encode()
    for hook in hooks:
        with Stage("hook", hook.path):
            _run(hook, text)


def _run(hook: Hook, text: bytes) -> None:
    said, output = os.pipe2(os.O_CLOEXEC)
    source = os.memfd_create("state", os.MFD_CLOEXEC)  # no pipe: a hook need not read it
    os.pwrite(source, text, 0)
    pid = os.fork()
    if pid == 0:
        _become(hook, source, output)
    os.close(output)
    os.close(source)
    try:
        words = _listen(said, time.monotonic() + hook.timeout if hook.timeout > 0 else 0.0)
    except TimeoutError:
        os.kill(pid, _signal.SIGKILL)  # our own child, not yet waited for
        os.waitpid(pid, 0)
        raise LaunchError(62, f"the hook has not ended within {hook.timeout} seconds", hook.path, "hook") from None
    finally:
        os.close(said)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        how = f"exit code {code}" if code > 0 else f"signal {-code}"
        told = words.decode("utf-8", "replace").strip()
        raise LaunchError(5, f"the hook failed with {how}: {told}", hook.path, "hook")


def _become(hook: Hook, source: int, output: int) -> None:
    try:
        signals.reset()
        for number, descriptor in enumerate((source, output, output)):
            os.dup2(descriptor, number)
        environment = dict(os.environ) if hook.environment is None else hook.environment
        os.execve(hook.path, hook.args, environment)
    except OSError as error:
        os.write(2, (error.strerror or "").encode())
    finally:
        os._exit(127)


def _listen(descriptor: int, deadline: float) -> bytes:
    """Return the first of what a hook says, once it has ended. Raises TimeoutError."""
    kept = b""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while True:
        left = max(deadline - time.monotonic(), 0) * 1000 if deadline else None
        if not poll.poll(left):
            raise TimeoutError
        part = os.read(descriptor, _MOST_OUTPUT)
        if not part:
            return kept
        kept += part[: _MOST_OUTPUT - len(kept)]
