from __future__ import annotations

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.oci import arguments, command, verbs


@pytest.mark.parametrize(("text", "number"), [("9", 9), ("KILL", 9), ("SIGTERM", 15), ("usr1", 10), ("0", 0)])
def test_signal_names(text: str, number: int) -> None:
    assert verbs.signal_number(text) == number


@pytest.mark.parametrize("text", ["", "NOPE", "-1", "65", "９", " 9"])
def test_wrong_signals_are_refused(text: str) -> None:
    with pytest.raises(InvalidSpec, match="signal"):
        verbs.signal_number(text)


def test_the_command_line_is_that_of_runc() -> None:
    parsed = arguments.parser().parse_args(
        [
            "--root",
            "/r",
            "--log-format",
            "json",
            "create",
            "-b",
            "/b",
            "--console-socket",
            "/s",
            "--pid-file",
            "/p",
            "id",
        ]
    )
    assert (parsed.root, parsed.bundle, parsed.console_socket, parsed.pid_file, parsed.id) == (
        "/r",
        "/b",
        "/s",
        "/p",
        "id",
    )
    assert arguments.parser().parse_args(["kill", "id"]).signal == "TERM"
    assert arguments.parser().parse_args(["delete", "-f", "id"]).force


def test_a_missing_container_is_one_sentence(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(["--root", str(tmp_path), "state", "nobody"]) == 1
    assert capsys.readouterr().err.startswith("skiff-oci: container does not exist: 'nobody'")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nosuchcommand"], 3),
        (["state"], 1),
        (["--nosuchoption"], 1),
        (["state", "--nosuchoption", "id"], 1),
        (["kill", "--al", "id"], 1),
    ],
)
def test_wrong_use_ends_as_with_runc(words: list[str], code: int) -> None:
    with pytest.raises(SystemExit) as end:
        command.run(words)
    assert end.value.code == code


@pytest.mark.parametrize("name", ["create", "run", "exec"])
def test_what_engines_pass(name: str) -> None:
    words = ["--console-socket", "/s", "--pid-file", "/p", "--preserve-fds", "2"]
    words += ["--process", "/x", "--detach"] if name == "exec" else ["--no-pivot", "--no-new-keyring", "--bundle", "/b"]
    parsed = arguments.parser().parse_args(["--log=/l", "--log-format=json", "--systemd-cgroup", name, *words, "id"])
    assert (parsed.id, parsed.preserve_fds, parsed.log_format) == ("id", 2, "json")
