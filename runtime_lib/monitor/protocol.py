"""Messages on the monitor's socket: the eight-byte header of Docker's attach stream, then the content.

Byte 0 is the kind, bytes 4 to 7 the length, big-endian. STDOUT and STDERR are Docker's own numbers.
"""

from __future__ import annotations

HEADER = 8
LIMIT = 64 * 1024  # no message is longer

# To the monitor.
ORDER = ord("O")  # the run folder; start the container (the engine's first message; carries descriptors)
ATTACH = ord("A")  # send me the live output
STDIN = ord("I")
STDIN_END = ord("E")
NO_RESTART = ord("N")  # somebody asked it to stop
RESIZE = ord("R")  # "rows columns"
PAUSED = ord("P")
RESUMED = ord("U")
CLEANUP = ord("C")  # I shall clean up after the end
RELEASE = ord("D")  # I have cleaned up
HEALTH = ord("H")  # tell me how well it is, now and at each change
RESTART_POLICY = ord("L")  # "name retries"; obey this one from now on
LOG = ord("G")  # settings in JSON: keep and send the output so from now on
WITHDRAW = ord("W")  # I have given up the start: kill it; I shall clean up

# From the monitor.
STDOUT = 1
STDERR = 2
STARTED = ord("B")  # "pid start_time"
FAILED = ord("F")  # "errno text"
DONE = ord("K")  # the answer to ATTACH, NO_RESTART, PAUSED, RESUMED, HEALTH, CLEANUP, RESTART_POLICY and LOG
HEALTH_IS = ord("Y")  # "starting", "healthy" or "unhealthy"
EXITED = ord("X")  # "code"; to everybody, once the container has ended for good


def frame(kind: int, content: bytes = b"") -> bytes:
    """Return one message."""
    return bytes((kind, 0, 0, 0)) + len(content).to_bytes(4, "big") + content


def take(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Return (kind, content, what follows) of the first whole message, or None while it is incomplete.

    Raises ValueError when this is no message of ours.
    """
    if len(data) < HEADER:
        return None
    end = HEADER + int.from_bytes(data[4:HEADER], "big")
    if end > HEADER + LIMIT:
        raise ValueError("a message that is too long")
    return (data[0], data[HEADER:end], data[end:]) if len(data) >= end else None
