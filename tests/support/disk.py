"""In which order a command waits for the disk: its system calls, as strace shows them with the paths of descriptors."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from tests.support.skiff import Skiff

_CALLS = "fsync,fdatasync,syncfs,pwrite64,rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,rmdir"
_LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)")
LOG = "skiff.db-wal"


class Trace:
    """`calls` are (name of the call, its arguments as text), in order."""

    def __init__(self, skiff: Skiff, *arguments: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            # One file per process: the command's own is the first, whatever its monitor does beside it.
            command = ["strace", "-qq", "-y", "-o", f"{folder}/trace", "-e", f"trace={_CALLS}", "-e", "signal=none"]
            settings = {"env": skiff.environment, "stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
            done = subprocess.run([*command, *skiff.command(*arguments)], **settings)  # type: ignore[call-overload]
            assert done.returncode == 0, done.stderr
            lines = Path(f"{folder}/trace").read_text().splitlines()
        self.calls = [found.groups() for found in map(_LINE.match, lines) if found]

    def positions(self, names: str, text: str) -> list[int]:
        """Return where one of the calls `names` has `text` among its arguments."""
        return [place for place, (name, words) in enumerate(self.calls) if name in names.split() and text in words]

    def synced(self, text: str) -> list[int]:
        """Return where the command waited for a file or folder whose path has `text`."""
        return self.positions("fsync fdatasync syncfs", text)

    def commits(self) -> list[int]:
        """Return where it waited for the database."""
        return self.synced(LOG)
