"""The connection plugin's words for the host's shell, run by a real shell."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from collection.plugins.plugin_utils import exec_call

SHOW = '#!/bin/sh\nprintf "%s|" "$@"\nexit "$CODE"\n'
ODD = ["exec", "a 'b' \"c\"", "$HOME `id`", "\n", "", "-x", "é"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "a root's folder"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "skiff").write_text(SHOW)
    (folder / "bin" / "skiff").chmod(0o755)
    return folder


@pytest.mark.parametrize("over_ssh", [False, True])
@pytest.mark.parametrize("code", [0, 1, 125, 254, 255])
def test_words_and_exit_codes_come_through(root: Path, over_ssh: bool, code: int) -> None:
    script = exec_call.host_command(str(root), ODD, over_ssh, False)
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, env={"CODE": str(code)})
    assert done.stdout.decode() == "".join(f"{word}|" for word in ODD)
    assert not (over_ssh and done.returncode == 255), "that would be a failure of ssh"
    assert exec_call.real_end(done.returncode, done.stderr) == (code, b"")


def test_a_host_without_an_installation(tmp_path: Path) -> None:
    script = exec_call.host_command(str(tmp_path), ["exec"], False, False)
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True)
    said = exec_call.failure(done.returncode, done.stderr, "this host", "web", False)
    assert said.startswith(f"there is no {tmp_path}/bin/skiff on this host, so there is no container 'web' either")


@pytest.mark.parametrize(
    ("code", "errors", "by_sudo", "told"),
    [
        (0, "", False, ""),
        (3, "skiff: no failure of ours", False, ""),
        (125, "its own 125", False, ""),
        (125, "skiff: there is no container 'web'\n", False, "create it with"),
        (125, "skiff: containers need root: call this with sudo\n", False, "ansible_skiff_host_become"),
        (125, "skiff: container web is paused\n", False, "container web is paused (vm1)"),
        (127, "skiff: container web: '/bin/sh' was not found in it\n", False, "ansible_skiff_executable"),
        (127, "sh: 1: nothing: not found\n", False, ""),
        (1, "sudo: a password is required\n", True, "without a password on vm1"),
        (1, "sudo: a password is required\n", False, ""),
    ],
)
def test_what_failed(code: int, errors: str, by_sudo: bool, told: str) -> None:
    said = exec_call.failure(code, errors, "vm1", "web", by_sudo)
    assert told in said if told else said == ""


@pytest.mark.parametrize("code", [0, 3])
def test_output_goes_to_a_file_that_only_its_owner_reads(root: Path, code: int) -> None:
    script = exec_call.to_file(exec_call.host_command(str(root), ["a", "b"], False, False))
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, env={"CODE": str(code)})
    assert done.returncode == code
    if code:
        assert done.stdout == ""
        return
    path = Path(done.stdout.strip())
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("a|b|", 0o600)
    path.unlink()
