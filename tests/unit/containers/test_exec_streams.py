"""What a program that is executed in a container has written reaches its caller, whenever it ends."""

from __future__ import annotations

import os

from runtime_lib.containers import exec_streams
from runtime_lib.containers.execute import Stdio


class LastWords:
    """A program that writes and ends just when it is asked whether it has; a child keeps its output open."""

    def __init__(self, stdio: Stdio) -> None:
        self._output = os.dup(stdio[1])
        self._ended = False

    def poll(self) -> int:
        if not self._ended:
            os.write(self._output, b"last words\n")
        self._ended = True
        return 5

    def wait(self) -> int:
        return self.poll()

    def close(self) -> None:
        os.close(self._output)


def test_what_is_written_right_before_the_end_is_not_lost() -> None:
    started: list[LastWords] = []

    def start(stdio: Stdio) -> LastWords:
        started.append(LastWords(stdio))
        return started[0]

    try:
        result = exec_streams.capture(start, False, b"")  # type: ignore[arg-type]
    finally:
        started[0].close()
    assert (result.exit_code, result.stdout) == (5, b"last words\n")
