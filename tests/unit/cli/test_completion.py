from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runtime_lib.cli import main
from runtime_lib.cli.completion import candidates
from runtime_lib.paths import Layout
from runtime_lib.store import Store

CHECKOUT = Path(__file__).parents[3]
CONTAINER = "INSERT INTO containers VALUES (?, ?, 'i', '{}', 'ready', 0, 0)"


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation that knows the containers web and worker, an image, a network and a volume."""
    monkeypatch.setenv("SKIFF_ROOT", str(tmp_path))
    store = Store(Layout(str(tmp_path), f"{tmp_path}/run"))
    with store.transaction() as db:
        db.execute("INSERT INTO images VALUES ('i', '{}', 0, 0)")
        db.execute("INSERT INTO image_names VALUES ('nginx:1.2', 'i')")
        db.execute("INSERT INTO networks VALUES ('n', 'front', 'bridge', '{}', 0)")
        db.execute("INSERT INTO volumes VALUES ('data', 'local', '{}', '{}', 0, 0, 0)")
        for name in ("web", "worker"):
            db.execute(CONTAINER, (name, name))
    store.close()
    return tmp_path


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("skiff sto", ["stop"]),
        ("skiff stop ", ["web", "worker"]),
        ("skiff stop web wo", ["worker"]),
        ("skiff stop -t 5 we", ["web"]),
        ("skiff stop -t ", []),
        ("skiff stop --ti", ["--time", "--timeout"]),
        ("skiff container ls --al", ["--all"]),
        ("skiff image rm ", ["nginx:1.2"]),
        ("skiff run --network f", ["front"]),
        ("skiff run --network front ng", ["nginx:1.2"]),
        ("skiff run --rm nginx:1.2 ", []),
        ("skiff exec -it w", ["web", "worker"]),
        ("skiff exec web w", []),
        ("skiff tag ng", ["nginx:1.2"]),
        ("skiff cp w", ["web:", "worker:"]),
        ("skiff cp -a /tmp/file we", ["web:"]),
        ("skiff cp ./w", []),
        ("skiff cp nobody:/", []),
        ("skiff inspect ", ["data", "front", "nginx:1.2", "web", "worker"]),
        (
            "skiff network ",
            ["connect", "create", "disconnect", "inspect", "list", "ls", "peers", "prune", "reload", "remove", "rm"],
        ),
        ("skiff network connect ", ["front"]),
        ("skiff network reload ", ["front"]),
        ("skiff network connect front we", ["web"]),
        ("skiff volume rm ", ["data"]),
        ("skiff network nothing ", []),
        ("skiff nothing ", []),
        ("skiff completion ", ["bash", "zsh"]),
        ("", None),
    ],
)
def test_what_can_come_next(names: Path, line: str, found: list[str] | None) -> None:
    assert candidates(line) == (found if found is not None else sorted([*main.VERBS, *main.GROUPS]))


def test_a_bare_host_has_no_names_and_gets_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKIFF_ROOT", str(tmp_path / "bare"))
    assert candidates("skiff stop ") == []
    assert not (tmp_path / "bare").exists()


def test_another_shell_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["completion", "fish"]) == 1
    assert "no completion for the shell 'fish'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "replies"),
    [
        ("skiff st", "start stats stop"),
        ("skiff run nginx:", "1.2"),
        ("skiff run --network=fr", "front"),
        ("skiff cp we", "web:"),
    ],
)
def test_the_script_of_bash(names: Path, line: str, replies: str) -> None:
    command = names / "skiff"
    code = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r}); from runtime_lib.cli.main import console; console()"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -ISBc "{code}" "$@"\n')
    command.chmod(0o755)
    script = 'eval "$(skiff completion bash)"; COMP_LINE=$1; COMP_POINT=${#1}; _skiff; echo "${COMPREPLY[*]}"'
    environment = {"PATH": f"{names}:/usr/bin:/bin", "SKIFF_ROOT": str(names)}
    done = subprocess.run(
        ["bash", "-c", script, "bash", line], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == replies
