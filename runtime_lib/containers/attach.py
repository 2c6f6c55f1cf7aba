"""Between a user's terminal or pipes and a container that runs."""

from __future__ import annotations

import _signal
import os
import select
from contextlib import ExitStack

from ..errors import InvalidSpec, WrongState
from ..monitor import client
from ..store import Store
from . import events, terminal
from .catalog import Container, find, state
from .detach_keys import Detached, Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..monitor.client import Session

    Send = Callable[[int], None]

_CHUNK = 32 * 1024
_STDERR = 2


class Wishes:
    """How a user wants to follow a container.

    `interactive` passes standard input on, where the container has one; `proxy` passes signals on; `keys` are those
    that leave a terminal (see `detach_keys`); `stdio` are the descriptors of input, output and errors.
    """

    __slots__ = ("interactive", "keys", "proxy", "stdio")

    def __init__(
        self,
        interactive: bool = True,
        proxy: bool = True,
        keys: bytes = b"",
        stdio: tuple[int, int, int] = (0, 1, 2),
    ) -> None:
        self.interactive = interactive
        self.proxy = proxy
        self.keys = keys
        self.stdio = stdio

    def leave_out(self, *streams: str) -> None:
        """Drop what is written to these: "stdout", "stderr"."""
        for name in streams:
            number = ("stdin", "stdout", "stderr").index(name)
            null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
            self.stdio = (*self.stdio[:number], null, *self.stdio[number + 1 :])  # type: ignore[assignment]

    def quiet(self) -> bool:
        """Whether both outputs have been left out."""
        return 1 not in self.stdio and 2 not in self.stdio


def attach(store: Store, ref: str, wishes: Wishes) -> int | None:
    """Follow the output of a running container, and feed its input, until it ends; return its exit code.

    None when the monitor has gone without one. Raises Detached, and WrongState when the container does not run.
    """
    container = find(store, ref)
    status = state(store, container).status
    if status in ("paused", "restarting"):
        raise WrongState(f"container {container.name} is {status}; attach to it when it runs again")
    if status != "running":
        raise WrongState(f"container {container.name} does not run; start it to attach to it")
    spec = container.spec
    if spec.tty and spec.interactive and wishes.interactive and not os.isatty(wishes.stdio[0]):
        raise InvalidSpec("the input device is not a TTY; use --no-stdin, or attach in a terminal")
    with client.connect(store.layout.bundle(container.id)) as session:
        session.attach()
        events.note(store, container, "attach")
        rows, columns = terminal.size(wishes.stdio[0])
        if spec.tty and rows:
            session.resize(rows + 1, columns)  # a program that knows the size already draws itself anew, too
        # As Docker has it: a signal to who has merely attached to a terminal ends that one.
        send = sender(store, container) if wishes.proxy and not spec.tty else None
        follow(session, spec.tty, spec.interactive, wishes, send)
        return session.exit_code


def sender(store: Store, container: Container) -> Send:
    """Return what sends a signal to the first process of a container, in whichever of its runs it is."""

    def send(number: int) -> None:
        process = state(store, container).process
        try:
            if process is not None:
                process.signal(number)
        except ProcessLookupError:
            return  # it has just ended

    return send


def follow(session: Session, tty: bool, interactive: bool, wishes: Wishes, send: Send | None) -> None:
    """Pass output, input, sizes and signals between `wishes.stdio` and an attached session until the container ends.

    `tty` and `interactive` are the container's; `send` sends it signals, which are not caught without it. Raises
    Detached, and BrokenPipeError when the caller's terminal has been hung up.
    """
    source = wishes.stdio[0] if interactive and wishes.interactive else -1
    numbers = terminal.passed_on() if send else ()
    with ExitStack() as stack:
        signals = stack.enter_context(terminal.caught((*numbers, _signal.SIGWINCH) if tty else numbers))
        if tty:
            # Without input, the keys that make signals stay such, and those are passed on to the container.
            stack.enter_context(terminal.raw(source))
        _Relay(session, tty, source, wishes, send).pump(signals)


class _Relay:
    def __init__(self, session: Session, tty: bool, source: int, wishes: Wishes, send: Send | None) -> None:
        self._session = session
        self._tty = tty
        self._source = source
        self._typed = source >= 0 and os.isatty(source)
        self._watch = Watch(wishes.keys if tty else b"")
        self._stdio = wishes.stdio
        self._send = send
        self._resize()

    def pump(self, signals: int) -> None:
        """Serve all directions until the container has ended. Nothing but the caller's own output is waited for."""
        session = self._session
        line = session.fileno()
        while True:
            typing = [self._source] if self._source >= 0 and not session.unsent() else []
            readable, writable, _unused = select.select(
                [line, signals, *typing],
                [line] if session.unsent() else [],
                (),
                0 if session.pending() else None,
            )
            if signals in readable:
                self._signals(os.read(signals, 512))
            if writable:
                self._flush()
            if typing and self._source in readable:
                self._input()
            if session.pending() or line in readable:
                chunks = session.output()
                if chunks is None:
                    return
                for stream, data in chunks:
                    write_all(self._stdio[2] if stream == _STDERR else self._stdio[1], data)

    def _signals(self, numbers: bytes) -> None:
        for number in numbers:
            if self._tty and number == _signal.SIGWINCH:
                self._resize()
            elif self._send:
                self._send(number)

    def _resize(self) -> None:
        rows, columns = terminal.size(self._stdio[0]) if self._tty else (0, 0)
        if rows or columns:
            self._session.resize(rows, columns)

    def _flush(self) -> None:
        try:
            self._session.flush()
        except BrokenPipeError:  # it has ended; its last output is still to be read
            self._source = -1

    def _input(self) -> None:
        """Take what was typed."""
        data = read(self._source, _CHUNK)
        if not data:
            if self._typed:
                raise BrokenPipeError(32, "the terminal has been hung up")
            self._source = -1
            self._session.end_stdin()
            return
        passed, detached = self._watch.feed(data)
        self._session.stdin(passed)
        if detached:
            raise Detached


def read(descriptor: int, most: int) -> bytes:
    """Return what is there; b"" at the end, also when the terminal has been hung up."""
    try:
        return os.read(descriptor, most)
    except BlockingIOError:
        select.select([descriptor], (), ())
        return read(descriptor, most)
    except OSError:
        return b""


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything, however little a pipe takes at once. Raises BrokenPipeError when nobody reads any more."""
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:  # somebody who shares it has made it so
            select.select((), [descriptor], ())
        except OSError as error:
            if error.errno != 5:
                raise
            raise BrokenPipeError(32, "the terminal has been hung up") from error
