"""Make a container out of a bundle's configuration (OCI runtime-spec, "create" and "start").

To be called in a fresh, sealed process that is ours alone (`linux.interpreter.spawn`), never in an engine process:
`create` changes the caller's own namespaces for children, and forks. The container's first process is a child of the
caller; when the caller ends, it becomes a child of the nearest subreaper (prctl(2), PR_SET_CHILD_SUBREAPER):

    boot (subreaper) --fork--> caller of create() --fork--> the container's first process
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Created:
    """A container that is set up; its first process waits for `start()`. `pid` is as the caller's namespace has it."""

    __slots__ = ("pid", "start_time")

    pid: int
    start_time: int

    def start(self) -> None:
        """Let the first process execute the user's program; return when it runs.

        Raises `report.LaunchError` (an OSError with `stage`) when the program cannot be executed; the process is
        gone then.
        """
        raise NotImplementedError


def create(
    bundle: str,
    config: dict[str, Any],
    stdio: tuple[int, int, int],
    console: int = -1,
    *,
    container_id: str,
    netns: int = -1,
    cache: str = "",
    gate: int = -1,
) -> Created:
    """Set up a container and return it, its program not yet started.

    `bundle` is an absolute folder; relative paths of `config` (root.path, sources of binds) begin there.
    `stdio` are the descriptors that become 0, 1 and 2 of the program. With `process.terminal` they are not used, but a
    new terminal's slave is; its master goes over `console`, a connected Unix stream socket (one byte, SCM_RIGHTS).
    `netns`, an open network namespace, takes the place of the path of the configuration's network namespace.
    `cache` is a folder for compiled seccomp filters. `gate` is a descriptor that gives a byte when the program may
    start, for a `start` by another process; without it only `Created.start()` does.

    The cgroup `linux.cgroupsPath` is made when it is missing, and removed again when the creation fails.
    Raises InvalidSpec before anything is touched, or `report.LaunchError`.
    """
    raise NotImplementedError
