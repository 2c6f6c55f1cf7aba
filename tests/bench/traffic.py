"""One end of a TCP connection: `serve PORT`, `throughput ADDRESS PORT SECONDS` or `latency ADDRESS PORT COUNT`.

It runs by itself in the network namespace of a container. The first byte that a client sends tells what it wants.
"""

from __future__ import annotations

import socket
import statistics
import sys
import threading
import time

_BLOCK = 1024 * 1024
_FLOOD, _ECHO = b"f", b"e"


def serve(port: int) -> None:
    """Take in what floods, and return single bytes, for ever."""
    with socket.create_server(("0.0.0.0", port)) as listener:
        while True:
            connection, _peer = listener.accept()
            threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        flood, buffer = connection.recv(1) == _FLOOD, bytearray(_BLOCK)
        received = 0
        while number := connection.recv_into(buffer):
            received += number
            if not flood:
                connection.sendall(buffer[:number])
        if flood:
            connection.sendall(str(received).encode())


def throughput(address: str, port: int, seconds: float) -> float:
    """Return the bits in a second that arrived."""
    block = bytes(_BLOCK)
    with socket.create_connection((address, port)) as connection:
        connection.sendall(_FLOOD)
        started = time.perf_counter()
        while time.perf_counter() - started < seconds:
            connection.sendall(block)
        connection.shutdown(socket.SHUT_WR)
        received = int(connection.recv(100))
        return received * 8 / (time.perf_counter() - started)


def latency(address: str, port: int, count: int) -> float:
    """Return the median seconds of a byte's way there and back."""
    with socket.create_connection((address, port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(_ECHO)
        return statistics.median(_turn(connection) for _number in range(count))


def _turn(connection: socket.socket) -> float:
    started = time.perf_counter()
    connection.sendall(b"x")
    connection.recv(1)
    return time.perf_counter() - started


def main(words: list[str]) -> None:
    """Do what the words say and print the figure."""
    if words[0] == "serve":
        serve(int(words[1]))
        return
    measure = {"throughput": throughput, "latency": latency}[words[0]]
    sys.stdout.write(f"{measure(words[1], int(words[2]), int(words[3]))}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
