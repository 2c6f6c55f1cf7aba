"""Kill -9 (or another signal) of a command between any two of the system calls that others can see."""

from __future__ import annotations

import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator

from tests.support.skiff import Skiff

BOUNDARIES = (
    "rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,rmdir,sendmsg,sendto,setns,unshare,fdatasync,fsync,syncfs,"
    "pwrite64,clone,vfork,kill,pidfd_send_signal"
)


class Kills:
    """The points of one command: those of a run that nobody disturbs, evenly thinned out to at most `limit`."""

    def __init__(self, skiff: Skiff, limit: int, *arguments: str) -> None:
        self._skiff = skiff
        self.points = list(_thinned(_calls(skiff, arguments), limit))
        assert len(self.points) > 2, "the command changed nothing"

    def strike(self, point: tuple[str, int], *arguments: str, signal: str = "KILL") -> bool:
        """Run the command and kill it before the n-th call of that name; return whether it came that far.

        With another `signal` it gets that one together with the call.
        """
        call, number = point
        inject = f"inject={call}:signal={signal}:when={number}"
        result = _traced(self._skiff, arguments, "/dev/null", call, "-e", inject)
        return result in (137, -9, 130)


def _calls(skiff: Skiff, arguments: tuple[str, ...]) -> list[tuple[str, int]]:
    """Run the command and return its calls: (name, how many of that name there were with it)."""
    with tempfile.NamedTemporaryFile("r") as file:
        assert _traced(skiff, arguments, file.name, BOUNDARIES) == 0, arguments
        names = [line.partition("(")[0] for line in file if "(" in line]
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append((name, seen[name]))
    return found


def _thinned(calls: list[tuple[str, int]], limit: int) -> Iterator[tuple[str, int]]:
    count = min(limit, len(calls))
    for number in range(count):
        yield calls[number * len(calls) // count]


def _traced(skiff: Skiff, arguments: tuple[str, ...], output: str, calls: str, *options: str) -> int:
    trace = ["strace", "-qq", "-o", output, "-e", f"trace={calls}", "-e", "signal=none", *options]
    command = [*trace, *skiff.command(*arguments)]
    silent = subprocess.DEVNULL
    return subprocess.run(command, env=skiff.environment, stdin=silent, stdout=silent, stderr=silent).returncode
