"""An installation that shares nothing with the host's network or with other tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime_lib.linux import netns
from tests.support import leftovers
from tests.support.skiff import Skiff


@contextmanager
def alone(folder: Path, archive: Path, *changes: str) -> Iterator[Skiff]:
    """Give an installation with the image `bb`, imported from `archive` with `changes`, in its own network namespace.

    At the end everything is removed, and nothing of it may be left.
    """
    with netns.fresh() as namespace:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        host = Skiff(folder / "root")
        host.run("import", *(word for change in changes for word in ("-c", change)), str(archive), "bb")
        try:
            yield host
        finally:
            host.remove_everything()
            left = leftovers.of(host.root, host.layout.label)
            os.close(namespace)
    assert left == {}
