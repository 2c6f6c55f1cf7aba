"""The monitor's socket: what clients ask for, and what they are told."""

from __future__ import annotations

import _socket

from ..jsontext import parse
from . import protocol
from .clients import Client, listen
from .loop import READ, WRITE
from .stdin import Stdin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .supervisor import Supervisor


class Desk:
    """Everybody who is connected; the engine that gave the order is the first one."""

    __slots__ = ("_clients", "_control", "_listener", "_stdin", "_supervisor")

    def __init__(self, supervisor: Supervisor, control: Client) -> None:
        self._supervisor = supervisor
        self._control: Client | None = control
        self._clients: list[Client] = []
        self._stdin = Stdin(supervisor, self._unblocked)
        self._listener = listen(supervisor.request["run_folder"], "monitor.sock")
        supervisor.loop.watch(self._listener.fileno(), self._on_connection)
        self._add(control)

    # What the supervisor has to tell

    def started(self) -> None:
        """Tell the engine the process of the first start."""
        state = self._supervisor.status
        self._answer(protocol.STARTED, b"%d %d" % (state.pid, state.start_time))

    def failed(self, reason: bytes) -> None:
        """Tell the engine why the first start failed, and leave."""
        self._answer(protocol.FAILED, reason)
        self._supervisor.loop.stop()

    def _answer(self, kind: int, content: bytes) -> None:
        control, self._control = self._control, None
        if control is not None:
            self._send(control, kind, content)

    def output(self, stream: int, data: bytes) -> None:
        """Pass on live output. Who cannot keep up is disconnected, but for the foreground client: it is waited for."""
        for client in [client for client in self._clients if client.attached]:
            if client.outbox and not client.foreground:
                self._drop(client)
                continue
            self._send(client, stream, data)
            if client.foreground and client.outbox:
                self._supervisor.pause_output()

    def health(self, status: str) -> None:
        """Tell those who asked for it how well the container is."""
        for client in [client for client in self._clients if client.wants_health]:
            self._send(client, protocol.HEALTH_IS, status.encode())

    def ended(self, exit_code: int) -> None:
        """Tell everybody."""
        for client in list(self._clients):
            self._send(client, protocol.EXITED, b"%d" % exit_code)

    def occupied(self) -> bool:
        """Whether somebody is connected who cleans up."""
        return any(client.cleans_up for client in self._clients)

    def unsent(self) -> bool:
        """Whether a message still waits to be taken."""
        return any(client.outbox for client in self._clients)

    # What clients ask for

    def _on_connection(self, _events: int) -> None:
        try:
            descriptor, _address = self._listener._accept()  # type: ignore[attr-defined]
        except OSError:
            return  # gone already, or no descriptor left: the next one may have more luck
        self._add(Client(_socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, descriptor)))

    def _add(self, client: Client) -> None:
        self._clients.append(client)
        self._watch(client)
        if self._supervisor.ended():
            self._send(client, protocol.EXITED, b"%d" % self._supervisor.status.exit_code)

    def _watch(self, client: Client) -> None:
        events = 0 if self._stdin.blocked(client) else READ
        if client.outbox:
            events |= WRITE
        self._supervisor.loop.watch(client.socket.fileno(), lambda what: self._on_client(client, what), events)

    def _on_client(self, client: Client, events: int) -> None:
        if events & WRITE:
            self._flush(client)
        elif not client.receive():
            self._last_words(client)
            return self._drop(client)
        self._serve(client)

    def _flush(self, client: Client) -> None:
        try:
            client.flush()
        except OSError:
            return self._drop(client)
        if not client.outbox:
            self._watch(client)
            if client.foreground:
                self._supervisor.resume_output()
            self._supervisor.leave()

    def _serve(self, client: Client) -> None:
        while client in self._clients and not self._stdin.blocked(client):
            try:
                message = client.message()
            except ValueError:
                return self._drop(client)
            if message is None:
                return None
            try:
                self._obey(client, message[0], message[1])
            except (ValueError, OverflowError):  # a size that is none
                return self._drop(client)

    def _obey(self, client: Client, kind: int, content: bytes) -> None:
        supervisor = self._supervisor
        if kind == protocol.STDIN:
            return self._write(client, content)
        if kind == protocol.STDIN_END:
            return self._write(client, None) if supervisor.request["stdin_once"] else None
        if kind == protocol.RESIZE:
            rows, _unused, columns = content.partition(b" ")
            return supervisor.streams.resize(int(rows), int(columns))
        if kind == protocol.WITHDRAW:
            supervisor.withdraw(left_to_engine=True)
            self._control = None
            return None
        if kind == protocol.RELEASE:
            client.cleans_up = False
            return self._drop(client)
        if kind == protocol.RESTART_POLICY:
            name, retries = content.decode().split(" ")
            supervisor.restart_policy(name, int(retries))
            return self._send(client, protocol.DONE, content)
        if kind == protocol.LOG:
            supervisor.log.replace(parse(content.decode()))
            return self._send(client, protocol.DONE, b"log")
        self._note(client, kind)
        self._send(client, protocol.DONE)
        if kind == protocol.HEALTH and supervisor.prober is not None:
            self._send(client, protocol.HEALTH_IS, supervisor.prober.health.status.encode())
        return None

    def _note(self, client: Client, kind: int) -> None:
        supervisor = self._supervisor
        if kind == protocol.NO_RESTART:
            supervisor.no_restart()
        elif kind == protocol.ATTACH:
            client.attached = True
        elif kind == protocol.CLEANUP:
            client.cleans_up = True
            supervisor.stay()
        elif kind == protocol.HEALTH:
            client.wants_health = True
        elif kind in (protocol.PAUSED, protocol.RESUMED):
            supervisor.paused(kind == protocol.PAUSED)

    # Standard input

    def _write(self, client: Client, data: bytes | None) -> None:
        """Write to the container; this client is not read until all of it has gone."""
        self._stdin.write(client, data)
        if self._stdin.blocked(client):
            self._watch(client)

    def _unblocked(self, client: Client) -> None:
        if client in self._clients:
            self._watch(client)
            self._serve(client)

    def _last_words(self, client: Client) -> None:
        """Take the input that somebody who has gone has sent before."""
        try:
            message = client.message() if self._stdin.blocked(client) else None
            while message is not None:
                if message[0] == protocol.STDIN:
                    self._stdin.write(client, message[1])
                message = client.message()
        except ValueError:
            return  # no message of ours

    def stdin_gone(self) -> None:
        """The container has ended: what it has not read is lost, and its writers are served again."""
        self._stdin.gone()

    # Sending

    def _send(self, client: Client, kind: int, content: bytes = b"") -> None:
        try:
            client.send(kind, content)
        except OSError:
            return self._drop(client)
        if client.outbox:
            self._watch(client)

    def _drop(self, client: Client) -> None:
        if client not in self._clients:
            return
        self._clients.remove(client)
        self._supervisor.loop.forget(client.socket.fileno())
        client.socket.close()
        if client is self._control:
            self._control = None
            self._supervisor.withdraw(left_to_engine=False)
        if client.foreground:
            self._supervisor.resume_output()
            if self._supervisor.request["stdin_once"]:
                self._stdin.write(client, None)
        self._supervisor.leave()
