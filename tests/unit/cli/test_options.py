from __future__ import annotations

import pytest

from runtime_lib.cli.options import FLAG, LIST, TEXT, WHOLE, Help, Option, Usage
from runtime_lib.errors import InvalidSpec

USAGE = Usage(
    "demo",
    "[OPTIONS] ONE [MORE...]",
    "Show how options are read",
    (
        Option("interactive", "i", FLAG, "Keep it open"),
        Option("tty", "t", FLAG, "Give it a terminal"),
        Option("env", "e", LIST, "Set variables"),
        Option("network net", "", TEXT, "Join"),
        Option("time", "n", WHOLE, "Seconds"),
    ),
    1,
)


@pytest.mark.parametrize(
    ("words", "key", "value"),
    [
        (["-it", "x"], "tty", True),
        (["-ti", "x"], "interactive", True),
        (["--tty=false", "x"], "tty", False),
        (["-t=1", "x"], "tty", True),
        (["x"], "tty", None),
        (["-e", "A=1", "-eB=2", "--env", "C=3", "--env=D=4", "-e=E", "x"], "env", ["A=1", "B=2", "C=3", "D=4", "E"]),
        (["-ite", "A=1", "x"], "env", ["A=1"]),
        (["--net", "n1", "x"], "network", "n1"),
        (["-n", "-1", "x"], "time", -1),
    ],
)
def test_values(words: list[str], key: str, value: object) -> None:
    parsed = USAGE.parse(words)
    assert parsed.values[key] == value
    assert parsed.arguments == ["x"]


def test_options_end_at_the_first_argument() -> None:
    parsed = USAGE.parse(["-i", "x", "-t", "--nothing"], interspersed=False)
    assert parsed.arguments == ["x", "-t", "--nothing"]
    assert parsed.tty is None


def test_options_may_follow_arguments() -> None:
    parsed = USAGE.parse(["x", "-t", "y", "--", "-z"])
    assert parsed.arguments == ["x", "y", "-z"]
    assert parsed.tty is True


def test_a_lone_dash_is_an_argument() -> None:
    assert USAGE.parse(["-"]).arguments == ["-"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--bogus", "x"], "unknown flag: --bogus"),
        (["-x"], "unknown flag: -x"),
        (["-ix"], "unknown flag: -x"),
        (["--time"], "flag needs an argument: --time"),
        (["-e"], "flag needs an argument: -e"),
        (["--time=soon", "x"], "is not a whole number"),
        (["--tty=maybe", "x"], "neither true nor false"),
        ([], "takes at least 1 argument;"),
    ],
)
def test_mistakes_are_named(words: list[str], text: str) -> None:
    with pytest.raises(InvalidSpec, match=text):
        USAGE.parse(words)


def test_help() -> None:
    with pytest.raises(Help) as found:
        USAGE.parse(["--help"])
    assert str(found.value).startswith("Usage:  skiff demo [OPTIONS] ONE [MORE...]\n")
    assert "  -e, --env list" in str(found.value)
