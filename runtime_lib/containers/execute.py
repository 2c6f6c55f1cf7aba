"""Run one more program in a container that runs."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack

from .. import library
from ..errors import InvalidSpec, NotFound, WrongState
from ..jsontext import parse
from ..linux.process import Process
from ..oci import exec as runtime
from ..records import dataclass, field
from ..store import Store
from . import events, names, release, start_errors, userns, users
from .catalog import Container, find, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..oci.exec import Running
    from ..oci.helper import Helper

Stdio = tuple[int, int, int]


@dataclass(frozen=True)
class ExecSpec:
    """What to run: `command`; the rest is as in the container's own program where it is empty.

    `interactive` passes standard input on; `tty` gives the program a terminal of its own, which the user may leave
    with `detach_keys` (see there) and which begins with the `size` (rows, columns).
    """

    command: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    user: str = ""
    working_dir: str = ""
    tty: bool = False
    interactive: bool = False
    privileged: bool = False
    detach_keys: bytes = b""
    size: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Result:
    """What a program did, to its last byte."""

    exit_code: int
    stdout: bytes
    stderr: bytes


def capture(store: Store, ref: str, spec: ExecSpec, stdin: bytes = b"") -> Result:
    """Run a program with `stdin` as its input, and return its output and exit code.

    With a terminal all output is in `stdout`. A process that it leaves behind is not waited for. Raises CommandFailed
    (126, 127) when it cannot be executed, WrongState when the container does not run.
    """
    from . import exec_streams

    exec_id = names.new_id()
    result = exec_streams.capture(lambda stdio: _start(store, ref, spec, stdio, exec_id), spec.tty, stdin)
    _note_end(store, ref, exec_id, result.exit_code)
    return result


def stream(store: Store, ref: str, spec: ExecSpec, stdio: Stdio = (0, 1, 2), helper: Helper | None = None) -> int:
    """Run a program that reads and writes `stdio`; return its exit code. Signals are passed on.

    `helper` is one that was started early. Raises as `capture`, and Detached when the user has left the terminal.
    """
    from . import exec_streams, terminal

    exec_id = names.new_id()
    if spec.tty or not all(_is_pipe(number) for number in stdio[not spec.interactive :]):
        code = exec_streams.relay(lambda inner: _start(store, ref, spec, inner, exec_id, helper), spec, stdio)
    else:
        with open(os.devnull, "rb") as null:
            streams = stdio if spec.interactive else (null.fileno(), *stdio[1:])
            running = _start(store, ref, spec, streams, exec_id, helper)
        with terminal.forwarding(running.signal):
            code = running.wait()
    _note_end(store, ref, exec_id, code)
    return code


def detach(store: Store, ref: str, spec: ExecSpec) -> int:
    """Start a program without input and output, and leave it; return its pid on the host. Raises as `capture`."""
    with open(os.devnull, "r+b") as null:
        running = _start(store, ref, spec, (null.fileno(),) * 3, names.new_id(), alone=True)
    running.part()
    return running.pid


def _is_pipe(descriptor: int) -> bool:
    """Whether a program in a container may have it: it could open a terminal or a file of the host anew."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or os.path.samestat(os.fstat(descriptor), os.stat(os.devnull))


def _note_end(store: Store, ref: str, exec_id: str, code: int) -> None:
    try:
        events.note(store, find(store, ref), "exec_die", execID=exec_id, exitCode=str(code))
    except NotFound:
        return  # the container has been removed since


def _start(
    store: Store,
    ref: str,
    spec: ExecSpec,
    stdio: Stdio,
    exec_id: str,
    early: Helper | None = None,
    alone: bool = False,
) -> Running:
    """Start it; when it is left `alone`, its helper notes the end."""
    if not spec.command:
        raise InvalidSpec("there is no command to execute")
    helper = runtime.Prespawned(early) if early else runtime.prespawn(library.install(store))
    with ExitStack() as unused:
        unused.callback(helper.cancel)
        container = find(store, ref)
        container.check_known()
        target = _target(store, container)
        with open(f"{store.layout.bundle(container.id)}/config.json", "rb") as file:
            config = parse(file.read().decode())
        process = _process(store, container, spec, config["process"], target)
        unused.pop_all()
        cgroup = release.cgroup(store, container.id).paths()
        try:
            running = helper.start(
                target,
                config,
                process,
                stdio,
                container_id=container.id,
                cgroup=cgroup,
                cache=store.layout.cache,
                ending=events.ending(store, container, execID=exec_id) if alone else None,
            )
        except ProcessLookupError as error:
            raise WrongState(f"container {container.name} has just ended; start it and try again") from error
        except OSError as error:
            raise start_errors.explain(container.name, error) from error
        said = " ".join([spec.command[0], " ".join(spec.command[1:])])
        events.note(store, container, f"exec_create: {said}", f"exec_start: {said}", execID=exec_id)
        return running


def _target(store: Store, container: Container) -> Process:
    found = state(store, container)
    if found.status == "paused":
        raise WrongState(f"container {container.name} is paused; unpause it to execute something in it")
    if found.process is None:
        raise WrongState(f"container {container.name} does not run; start it to execute something in it")
    return found.process


def _process(
    store: Store, container: Container, spec: ExecSpec, own: dict[str, Any], target: Process
) -> dict[str, Any]:
    """Return the OCI process: the container's own one with what `spec` changes."""
    values = dict(entry.split("=", 1) for entry in own["env"])
    process = {**own, "terminal": spec.tty, "args": list(spec.command), "cwd": spec.working_dir or own["cwd"]}
    names = own["capabilities"]["bounding"]
    if spec.privileged:
        from ..linux import capabilities

        names = capabilities.names(capabilities.own_bounding())
    if spec.user:
        user = _look(container, spec.user, target)
        if userns.wanted(container.spec):
            userns.check_user(user, userns.mappings(store, container))
        process["user"] = {**own["user"], "uid": user.uid, "gid": user.gid, "additionalGids": list(user.groups)}
        if not _home_is_given(store, container):
            values["HOME"] = user.home
    held = names if process["user"]["uid"] == 0 else []
    process["capabilities"] = {**own["capabilities"], "bounding": names, "permitted": held, "effective": held}
    if spec.tty:
        values.setdefault("TERM", "xterm")
        process["consoleSize"] = {"height": spec.size[0], "width": spec.size[1]}
    values.update(spec.env)
    process["env"] = [f"{name}={value}" for name, value in values.items()]
    return process


def _look(container: Container, user: str, target: Process) -> users.User:
    from .tree import running_tree

    with running_tree(target.pid) as root:
        if not target.alive():
            raise ProcessLookupError(3, "the container has ended", f"/proc/{target.pid}")
        return users.lookup(root, user, container.spec.groups)


def _home_is_given(store: Store, container: Container) -> bool:
    from ..images import catalog as images

    declared = images.known(store, container.image_id).defaults.get("Env") or ()
    return "HOME" in container.spec.env or any(str(entry).startswith("HOME=") for entry in declared)
