"""Pipes and terminals between the caller and a program that is executed in a container."""

from __future__ import annotations

import os
import select
from contextlib import ExitStack

from . import terminal
from .attach import read, write_all
from .detach_keys import Detached, Watch
from .execute import ExecSpec, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..oci.exec import Running
    from .execute import Stdio

    Start = Callable[[Stdio], Running]

_CHUNK = 64 * 1024
_PIECE = 4096  # PIPE_BUF: a pipe that is writable takes as much without blocking
_AFTER = 0.05  # seconds between looks whether the program has ended, while another process holds its output open


def capture(start: Start, tty: bool, stdin: bytes) -> Result:
    """Run a program with `stdin`, and return all that it wrote."""
    with ExitStack() as stack:
        relay_ = _Relay(stack, start, tty)
        chunks: dict[int, list[bytes]] = {1: [], 2: []}
        relay_.pump(stdin, -1, lambda stream, data: chunks[stream].append(data))
        return Result(relay_.running.wait(), b"".join(chunks[1]), b"".join(chunks[2]))


def relay(start: Start, spec: ExecSpec, stdio: Stdio) -> int:
    """Run a program and pass everything on between it and `stdio`; return its exit code. Raises Detached."""
    with ExitStack() as stack:
        relay_ = _Relay(stack, start, spec.tty, spec.detach_keys)
        running = relay_.running
        if spec.tty:
            stack.enter_context(terminal.raw(stdio[0] if spec.interactive else -1))
            stack.enter_context(terminal.resizing(stdio[0], running.resize))
        stack.enter_context(terminal.forwarding(running.signal))
        source = stdio[0] if spec.interactive else -1
        try:
            relay_.pump(b"", source, lambda stream, data: write_all(stdio[stream], data))
        except Detached:
            running.leave()
            raise
        return running.wait()


class _Relay:
    """A program that runs, and our ends of its streams: `stdin` (-1: none), `streams` {descriptor: 1 or 2}."""

    def __init__(self, stack: ExitStack, start: Start, tty: bool, keys: bytes = b"") -> None:
        self._stack = stack
        self._watch = Watch(keys if tty else b"")
        if tty:
            self.running = start((-1, -1, -1))
            self.stdin = self.running.console
            self.streams = {self.running.console: 1}
            stack.callback(os.close, self.running.console)
            os.set_blocking(self.running.console, False)
            return
        pairs = [os.pipe(), os.pipe(), os.pipe()]
        ours = [pairs[0][1], pairs[1][0], pairs[2][0]]
        theirs = [pairs[0][0], pairs[1][1], pairs[2][1]]
        self.stdin = ours[0]
        self.streams = {ours[1]: 1, ours[2]: 2}
        for descriptor in ours[1:]:
            stack.callback(os.close, descriptor)
        self._closing_stdin = stack.enter_context(ExitStack())
        self._closing_stdin.callback(os.close, ours[0])
        try:
            self.running = start((theirs[0], theirs[1], theirs[2]))
        finally:
            for descriptor in theirs:
                os.close(descriptor)

    def pump(self, data: bytes, source: int, write: Callable[[int, bytes], None]) -> None:
        """Pass `data`, then what comes from `source`, to the program, and its output to `write`, until its end.

        Raises Detached.
        """
        open_streams = dict(self.streams)
        at_terminal = source >= 0 and self.stdin in self.streams and os.isatty(source)
        pending = data
        ended = False
        if not pending and source < 0:
            self._end_input()
        while open_streams:
            readers = [*open_streams, *([source] if source >= 0 and not pending else [])]
            readable, writable, _unused = select.select(readers, [self.stdin] if pending else [], (), _AFTER)
            if source in readable:
                typed = read(source, _CHUNK)
                pending = self._watched(typed)
                if not typed:
                    if at_terminal:
                        raise BrokenPipeError(32, "the terminal has been hung up")
                    source = -1
                    self._end_input()
            if writable:
                try:
                    pending = self._feed(pending)
                except BrokenPipeError:  # it does not want to read
                    pending, source = b"", -1
                if not pending and source < 0:
                    self._end_input()
            outputs = [one for one in readable if one in open_streams]
            for descriptor in outputs:
                _pass_on(descriptor, open_streams, write)
            if not outputs and ended:
                return  # what it has left behind may hold its output open for ever
            # The last words may have come after this look: only one after the end finds them.
            ended = ended or self.running.poll() is not None

    def _watched(self, typed: bytes) -> bytes:
        pending, detached = self._watch.feed(typed)
        if detached:
            raise Detached
        return pending

    def _feed(self, data: bytes) -> bytes:
        try:
            return data[os.write(self.stdin, data[:_PIECE]) :]
        except BlockingIOError:  # a terminal that has room, but not for as much
            return data

    def _end_input(self) -> None:
        if self.stdin in self.streams:
            return  # a terminal has no such end
        self._closing_stdin.close()


def _pass_on(descriptor: int, streams: dict[int, int], write: Callable[[int, bytes], None]) -> None:
    """Write what one stream has; one that has ended is one of the `streams` no more."""
    chunk = _read(descriptor)
    if chunk:
        write(streams[descriptor], chunk)
    elif chunk is not None:
        del streams[descriptor]


def _read(descriptor: int) -> bytes | None:
    """Return what is there, b"" after the end, None for nothing yet."""
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None
    except OSError:  # EIO: nobody has the terminal open any more
        return b""
