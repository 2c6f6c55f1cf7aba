"""A server that keeps every message it is sent: a syslog server, or the journal."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

PATIENCE = 60.0  # seconds


class Receiver:
    """`address` is what a syslog-address names; `messages` grows. Streams are cut into lines."""

    def __init__(self, scheme: str, folder: Path) -> None:
        self.messages: list[bytes] = []
        self._ended = False
        local = scheme in ("unix", "unixgram")
        kind = socket.SOCK_DGRAM if scheme in ("udp", "unixgram") else socket.SOCK_STREAM
        self._socket = socket.socket(socket.AF_UNIX if local else socket.AF_INET, kind)
        self._socket.bind(str(folder / "socket") if local else ("127.0.0.1", 0))
        place = folder / "socket" if local else f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.address = f"{scheme}://{place}"
        serve = self._datagrams if kind == socket.SOCK_DGRAM else self._serve
        self._threads = [threading.Thread(target=serve, daemon=True)]
        if kind == socket.SOCK_STREAM:
            self._socket.listen()
        self._socket.settimeout(0.2)
        self._threads[0].start()

    def wait(self, *words: bytes) -> list[bytes]:
        """Return the messages, once each of the words is in one of them."""
        deadline = time.monotonic() + PATIENCE
        while not all(any(word in message for message in self.messages) for word in words):
            assert time.monotonic() < deadline, self.messages
            time.sleep(0.01)
        return self.messages

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.close()

    def close(self) -> None:
        self._ended = True
        for thread in self._threads:
            thread.join()
        self._socket.close()

    def _datagrams(self) -> None:
        while not self._ended:
            try:
                self.messages.append(self._socket.recv(1 << 20))
            except socket.timeout:  # TimeoutError since 3.10
                continue

    def _serve(self) -> None:
        while not self._ended:
            try:
                connection, _address = self._socket.accept()
            except socket.timeout:  # TimeoutError since 3.10
                continue
            self._threads.append(threading.Thread(target=self._lines, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _lines(self, connection: socket.socket) -> None:
        connection.settimeout(0.2)
        rest = b""
        with connection:
            while not self._ended:
                try:
                    data = connection.recv(1 << 16)
                except socket.timeout:  # TimeoutError since 3.10
                    continue
                if not data:
                    return
                *lines, rest = (rest + data).split(b"\n")
                self.messages += [line + b"\n" for line in lines]
