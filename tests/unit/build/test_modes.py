"""The modes of --chmod, beside what chmod(1) makes of them."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.build.modes import parse
from runtime_lib.errors import InvalidSpec


@pytest.mark.parametrize(
    "text",
    ["u=rwX,go=rX", "a+x", "g=u", "o=g", "u+s,g+s", "+t", "-w", "u-x+w", "go=", "=r", "ug=rwx,o=x", "644", "4755"],
)
@pytest.mark.parametrize("mode", [0o644, 0o700, 0o111, 0o4711])
@pytest.mark.parametrize("folder", [False, True])
def test_as_chmod_has_it(tmp_path: Path, text: str, mode: int, folder: bool) -> None:
    path = tmp_path / "x"
    path.mkdir() if folder else path.touch()
    mode &= 0o777 if folder else 0o7777  # GNU chmod keeps a folder's special bits, POSIX and BuildKit do not
    path.chmod(mode)
    before = os.umask(0)  # a mode without who would obey it; a build has none
    try:
        subprocess.run(["chmod", "--", text, path], check=True)
    finally:
        os.umask(before)
    change = parse(text)
    assert change
    assert oct(change(mode, folder)) == oct(stat.S_IMODE(path.stat().st_mode))


@pytest.mark.parametrize("text", ["u", "u=q", "99", "77777", "x", "=rw,", "u=r,,g=r", "0o644", "u+gr"])
def test_refused(text: str) -> None:
    with pytest.raises(InvalidSpec, match="--chmod"):
        parse(text)


@given(st.text(alphabet="ugoa+-=rwxXst,0123", max_size=12))
def test_any_text_is_a_mode_or_refused(text: str) -> None:
    try:
        change = parse(text)
    except InvalidSpec:
        return
    assert change is None or 0 <= change(0o644, False) <= 0o7777
