"""Messages of the log drivers that send, and what becomes of them when nobody takes them."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime_lib.monitor.journald import Journal
from runtime_lib.monitor.loop import Loop
from runtime_lib.monitor.remote import Remote
from runtime_lib.monitor.syslog import Syslog, rfc3339

Make = Callable[..., Remote]


def plain(stream: str, piece: bytes) -> bytes:
    return stream.encode() + b":" + piece


@pytest.fixture
def server(tmp_path: Path) -> Iterator[socket.socket]:
    with bound(tmp_path / "socket") as made:
        yield made


def bound(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.bind(str(path))
    made.settimeout(30)
    return made


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Make]:
    """Make senders to the server's socket, which may be missing."""
    made: list[Remote] = []

    def one(buffer: int = 0, scheme: str = "unixgram") -> Remote:
        place: dict[str, Any] = {"scheme": scheme, "address": str(tmp_path / "socket"), "buffer": buffer}
        made.append(Remote(place, plain, Loop()))
        return made[-1]

    yield one
    for each in made:
        each.close()


def test_whole_lines_are_sent_and_the_rest_at_the_end(remote: Make, server: socket.socket) -> None:
    log = remote()
    log.write("stdout", b"one\n\ntw")
    log.write("stderr", b"err\n")
    log.write("stdout", b"o\nthree")
    log.finish()
    assert [server.recv(99) for _ in range(4)] == [b"stdout:one\n", b"stderr:err\n", b"stdout:two\n", b"stdout:three"]
    assert log.dropped == 0


@pytest.mark.parametrize("buffer", [0, 100_000])
def test_a_server_that_is_away_costs_records_and_nothing_else(remote: Make, buffer: int) -> None:
    log = remote(buffer)
    log.write("stdout", b"lost\n" * 1000)
    log.finish()
    assert log.dropped == 1000


def test_a_server_that_comes_back_on_a_new_socket_is_found(remote: Make, tmp_path: Path, server: socket.socket) -> None:
    log = remote()
    log.write("stdout", b"one\n")
    server.close()
    (tmp_path / "socket").unlink()
    with bound(tmp_path / "socket") as again:
        log.write("stdout", b"two\n")
        assert again.recv(99) == b"stdout:two\n"
    assert log.dropped == 0


def test_a_server_that_hangs_is_waited_for_once(remote: Make, server: socket.socket) -> None:
    log = remote()
    log.write("stdout", b"line\n" * 5000)  # its queue is full after some; a wait for each would take an hour
    assert 0 < log.dropped < 5000


def test_what_the_buffer_has_no_room_for_is_dropped(remote: Make, server: socket.socket) -> None:
    log = remote(buffer=1000)
    log.write("stdout", b"a line\n" * 5000)
    taken = 5000 - log.dropped
    assert 0 < taken < 5000
    got = [server.recv(99) for _ in range(min(taken, 5))]
    log.finish()
    assert got == [b"stdout:a line\n"] * len(got)


def test_half_a_message_is_followed_by_no_other(remote: Make, tmp_path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(tmp_path / "socket"))
    listener.listen()
    log = remote(scheme="unix")
    log.write("stdout", b"x" * 1000 + b"\n")
    log.write("stdout", (b"y" * 10_000 + b"\n") * 200)
    assert log.dropped > 0
    log.close()
    received = b""
    listener.settimeout(1)
    with listener:
        try:
            while True:
                connection, _address = listener.accept()
                with connection, connection.makefile("rb") as stream:
                    received += stream.read() + b"|"
        except socket.timeout:
            pass
    for part in received.split(b"|"):
        *whole, _torn = part.split(b"\n")
        assert {len(line) for line in whole} <= {1007, 10_007}


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("", rb"<27>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d web\[\d+\]: oh\n"),
        ("rfc3164", rb"<27>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ web\[\d+\]: oh\n"),
        ("rfc5424", rb"<27>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d) \S+ web \d+ web - oh\n"),
        ("rfc5424micro", rb"<27>1 \S+\.\d{6}(Z|[+-]\d\d:\d\d) \S+ web \d+ web - oh\n"),
    ],
)
def test_formats_of_syslog(form: str, pattern: bytes) -> None:
    assert re.fullmatch(pattern, Syslog(3, form, "web").encode("stderr", b"oh\n"))


def test_priorities() -> None:
    assert Syslog(16, "", "web").encode("stdout", b"\xff").startswith(b"<134>")
    assert re.fullmatch(r"1970-01-01T\d\d:\d\d:01(Z|[+-]\d\d:\d\d)", rfc3339(1_500_000_000, micro=False))


def test_messages_of_the_journal() -> None:
    journal = Journal({"CONTAINER_NAME": "web", "ODD": "a\nb"})
    head = b"CONTAINER_NAME=web\nODD\n\x03\0\0\0\0\0\0\0a\nb\n"
    assert journal.encode("stdout", b"hello\n") == head + b"PRIORITY=6\nMESSAGE=hello\n"
    piece = b"x" * 16384
    partial = b"PRIORITY=3\nCONTAINER_PARTIAL_MESSAGE=true\n"
    assert journal.encode("stderr", piece) == head + partial + b"MESSAGE=" + piece + b"\n"
