from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.images import newfile


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    with newfile.replacing(str(tmp_path / "f")) as descriptor:
        os.write(descriptor, b"new")
        assert "f" not in os.listdir(tmp_path)
    assert os.listdir(tmp_path) == ["f"]
    assert (tmp_path / "f").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"old")
    for path in ("f", "g"):
        with pytest.raises(OSError, match=r"No space.*/" + path), newfile.replacing(str(tmp_path / path)) as descriptor:
            os.write(descriptor, b"new")
            raise OSError(28, "No space left on device")
    assert os.listdir(tmp_path) == ["f"]
    assert (tmp_path / "f").read_bytes() == b"old"


def test_a_file_system_without_unnamed_files_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "O_TMPFILE", 1 << 30)  # a flag that open(2) ignores: it opens the folder, and is refused
    with newfile.replacing(str(tmp_path / "f")) as descriptor:
        os.write(descriptor, b"new")
        assert len(os.listdir(tmp_path)) == 1
    assert os.listdir(tmp_path) == ["f"]
    with pytest.raises(KeyError), newfile.replacing(str(tmp_path / "f")):
        raise KeyError
    assert os.listdir(tmp_path) == ["f"]


def test_targets_that_cannot_be_are_told(tmp_path: Path) -> None:
    for path, said in (
        (tmp_path, "no file"),
        (tmp_path / "no" / "f", "does not exist"),
        (Path("/dev/null"), "no file"),
    ):
        with pytest.raises(InvalidSpec, match=said):
            newfile.check(str(path))
    newfile.check(str(tmp_path / "f"))
