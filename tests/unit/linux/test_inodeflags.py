from __future__ import annotations

from pathlib import Path

from runtime_lib.linux import inodeflags


def test_a_hint_is_given_or_ignored(tmp_path: Path) -> None:
    inodeflags.spread_subfolders(str(tmp_path))
    inodeflags.spread_subfolders("/proc/self/fd")  # a file system without such flags
