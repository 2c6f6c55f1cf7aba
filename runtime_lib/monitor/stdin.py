"""What clients write to the container's standard input: in the order in which it came, as fast as it is read."""

from __future__ import annotations

import posix

from .loop import WRITE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .clients import Client
    from .supervisor import Supervisor


class Stdin:
    """The pieces for which the container's full pipe has had no room yet; None stands for the end of the input."""

    __slots__ = ("_served", "_supervisor", "_waiting")

    def __init__(self, supervisor: Supervisor, served: Callable[[Client], object]) -> None:
        """Take what to call for a client that has been `blocked` and is not any more."""
        self._supervisor = supervisor
        self._served = served
        self._waiting: list[tuple[Client, bytes | None]] = []

    def write(self, client: Client, data: bytes | None) -> None:
        """Write to the container after all that waits."""
        if self._waiting:
            self._waiting.append((client, data))
            return
        rest = self._put(data)
        if rest:
            self._waiting.append((client, rest))
            self._supervisor.loop.watch(self._supervisor.streams.stdin, self._on_room, WRITE)

    def blocked(self, client: Client) -> bool:
        """Whether something of this client waits; then it is not read."""
        return any(writer is client for writer, _data in self._waiting)

    def gone(self) -> None:
        """The container has ended: what it has not read is lost."""
        waiting, self._waiting = self._waiting, []
        self._tell(waiting)

    def _on_room(self, _events: int) -> None:
        self._supervisor.loop.forget(self._supervisor.streams.stdin)
        waiting, self._waiting = self._waiting, []
        for number, (client, data) in enumerate(waiting):
            self.write(client, data)
            if self._waiting:
                self._waiting += waiting[number + 1 :]
                break
        self._tell(waiting)

    def _tell(self, writers: list[tuple[Client, bytes | None]]) -> None:
        for client in {id(client): client for client, _data in writers}.values():
            if not self.blocked(client):
                self._served(client)

    def _put(self, data: bytes | None) -> bytes:
        """Write what there is room for; return the rest."""
        if data is None:
            self._supervisor.streams.close_stdin()
            return b""
        descriptor = self._supervisor.streams.stdin
        if descriptor < 0:
            return b""
        try:
            return data[posix.write(descriptor, data) :]
        except BlockingIOError:
            return data
        except OSError:  # EPIPE: nobody reads it any more
            return b""
