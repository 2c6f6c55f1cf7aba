"""A layer is never in memory as a whole, wherever it comes from or goes to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import registry
from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
LAYER = 160  # MiB
MOST = 96  # MiB; the library itself takes up to 40
# Called from a small process: what a child has before its exec(2) counts for it, too.
PEAK = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_child, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss // 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """The context of a build whose layer is large, one half of it of random bytes."""
    folder = tmp_path / "context"
    folder.mkdir()
    with open(folder / "data", "wb") as file:
        for _number in range(LAYER):
            file.write(os.urandom(1 << 19) + bytes(1 << 19))
    (folder / "Dockerfile").write_text('FROM scratch\nCOPY data /data\nCMD ["/data"]\n')
    return folder


def peak(skiff: Skiff, *words: str) -> int:
    """Run a command; return the most memory (MiB) that it or a process of it had at once."""
    command = [sys.executable, "-ISc", PEAK, *skiff.command(*words)]
    done = subprocess.run(command, env=skiff.environment, capture_output=True, text=True, timeout=600, check=True)
    return int(done.stdout.splitlines()[-1])


def test_no_layer_is_in_memory(skiff: Skiff, context: Path, tmp_path: Path) -> None:
    with registry.serving(tmp_path / "registry") as server:
        name = f"{server.host}/big:1"
        peaks = {}
        for words in (
            ("build", "-t", name, str(context)),
            ("create", "--name", "box", "--network", "none", name),
            ("export", "-o", str(tmp_path / "tree.tar"), "box"),
            ("commit", "box", "copy"),
            ("save", "-o", str(tmp_path / "image.tar"), name),
            ("push", name),
            ("rm", "box"),
            ("rmi", "copy", name),
            ("pull", name),
            ("rmi", name),
            ("load", "-i", str(tmp_path / "image.tar")),
            ("rmi", name),
            ("import", str(tmp_path / "tree.tar"), "flat"),
        ):
            peaks[words[0]] = peak(skiff, *words)
    assert min(peaks.values()) > 8, peaks
    assert max(peaks.values()) <= MOST, peaks
    assert skiff.run("images", "-q", "flat").stdout
