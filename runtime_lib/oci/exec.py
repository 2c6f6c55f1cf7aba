"""Run one more process in a running container.

The engine process calls this. The work is done by a fresh, sealed helper (`oci.enter`), which starts while the engine
still looks up what it needs: call `prespawn` first, `start` on what it returns later.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..linux.process import Process


class Running:
    """A process in a container. `pid` is the host's number; `console` the terminal's master descriptor, or -1."""

    __slots__ = ("console", "pid")

    pid: int
    console: int

    def wait(self) -> int:
        """Return the exit code once the process has ended: 128 + n when signal n ended it."""
        raise NotImplementedError

    def poll(self) -> int | None:
        """Return the exit code, or None while the process runs."""
        raise NotImplementedError

    def signal(self, number: int) -> None:
        """Send a signal to the process. One that has ended is no error."""
        raise NotImplementedError

    def resize(self, rows: int, columns: int) -> None:
        """Set the size of the terminal."""
        raise NotImplementedError


class Prespawned:
    """A helper that has been started and waits to be told what to run."""

    __slots__ = ()

    def start(
        self,
        target: Process,
        config: dict[str, Any],
        process: dict[str, Any],
        stdio: tuple[int, int, int],
        *,
        container_id: str,
        cgroup: dict[str, str],
        cache: str = "",
    ) -> Running:
        """Run `process` (an OCI process object) in the container whose first process is `target`.

        `config` is the container's own configuration (its linux.seccomp and namespaces count); `cgroup` are the
        `paths()` of its cgroup; `stdio` become 0, 1 and 2, unless `process.terminal` asks for a new terminal.
        Raises InvalidSpec, ProcessLookupError when the container has ended, or `report.LaunchError`.
        """
        raise NotImplementedError

    def cancel(self) -> None:
        """End the helper; nothing was run."""
        raise NotImplementedError


def prespawn(library: str) -> Prespawned:
    """Start a helper from the installed library in `library`; returns at once."""
    raise NotImplementedError
