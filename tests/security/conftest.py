"""A host of the test's own with an image of busybox, and programs that try things."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import rootfs
from tests.support.alone import alone
from tests.support.skiff import Skiff

CALLS = Path(__file__).parents[1] / "oracle" / "calls.c"


def make_archive(folder: Path, tree: Path) -> Path:
    """Pack a tree into an archive and return its path."""
    archive = folder / f"{tree.name}.tar"
    subprocess.run(["tar", "-C", tree, "-cf", archive, "."], check=True)
    return archive


@pytest.fixture(scope="session")
def skiff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Skiff]:
    """An installation with the image `bb`, in a network namespace of its own; nothing of it may be left at the end."""
    folder = tmp_path_factory.mktemp("security")
    tree = rootfs.make(folder / "bb")
    subprocess.run(["gcc", "-static", "-O1", "-o", tree / "bin" / "calls", CALLS], check=True)
    with alone(folder, make_archive(folder, tree), 'CMD ["sh"]') as host:
        yield host


@pytest.fixture
def interpreter() -> str:
    """The path of the interpreter that enters containers."""
    return os.path.realpath(sys.executable)
