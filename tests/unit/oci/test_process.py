from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.oci import process
from runtime_lib.oci.process import Process

LEAST = {"args": ["true"], "cwd": "/"}


def test_defaults() -> None:
    made = Process(LEAST)
    assert (made.uid, made.gid, made.groups, made.umask) == (0, 0, [], 0o022)
    assert made.capabilities == ([], [], [], [], [])
    assert (made.no_new_privileges, made.terminal, made.oom_score_adj) == (False, False, None)


def test_umask_zero_is_a_umask() -> None:
    assert Process({**LEAST, "user": {"umask": 0}}).umask == 0


@pytest.mark.parametrize(
    "change",
    [
        {"args": []},
        {"args": [""]},
        {"args": ["a\0b"]},
        {"cwd": ""},
        {"cwd": "tmp"},
        {"cwd": "/a\0"},
        {"user": {"uid": -1}},
        {"user": {"uid": 2**31}},
        {"user": {"gid": 2**32}},
        {"user": {"uid": "0"}},
        {"user": {"uid": True}},
        {"user": {"additionalGids": [1, -4]}},
        {"env": ["NOVALUE"]},
        {"env": ["=x"]},
        {"env": ["A=\0"]},
    ],
)
def test_nonsense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec):
        Process({**LEAST, **change})


def test_the_last_of_equal_names_counts() -> None:
    assert process.environment(["A=1", "B=x=y", "A=2", "C="]) == {"A": "2", "B": "x=y", "C": ""}


@pytest.mark.parametrize(
    ("program", "path", "wanted"),
    [
        ("/bin/x", "/a", ["/bin/x"]),
        ("./x", "/a", ["./x"]),
        ("x", "/a:/b", ["/a/x", "/b/x"]),
        ("x", "/a::/b", ["/a/x", "./x", "/b/x"]),
        ("x", "", ["./x"]),
        ("x", None, [f"{folder}/x" for folder in process.DEFAULT_PATH.split(":")]),
    ],
)
def test_candidates(program: str, path: str | None, wanted: list[str]) -> None:
    assert process.candidates(program, path) == wanted


def test_find_takes_the_first_that_can_be_executed(tmp_path: Path) -> None:
    for name, mode in (("a", 0o644), ("b", 0o755), ("c", 0o755)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("")
        (tmp_path / name / "x").chmod(mode)
    (tmp_path / "folder" / "x").mkdir(parents=True)
    path = ":".join(str(tmp_path / name) for name in ("none", "folder", "a", "b", "c"))
    assert process.find("x", path) == f"{tmp_path}/b/x"


def test_find_tells_missing_from_forbidden(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(FileNotFoundError, match=r"\$PATH"):
        process.find("x", str(tmp_path))
    with pytest.raises(PermissionError):
        process.find(f"{tmp_path}/x", None)
    with pytest.raises(PermissionError, match="directory"):
        process.find(f"{tmp_path}/.", None)
    with pytest.raises(FileNotFoundError):
        process.find(f"{tmp_path}/y", None)
