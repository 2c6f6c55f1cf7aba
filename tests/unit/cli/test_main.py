from __future__ import annotations

import pytest

from runtime_lib.cli import main


@pytest.mark.parametrize("verb", sorted([*main.VERBS, *main.LONG_VERBS]))
def test_every_verb_has_a_function_with_a_help_text(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main([*verb.split(), "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage:  skiff {verb}")


@pytest.mark.parametrize(
    ("words", "verb"),
    [
        (["container", "ls", "-a"], "ps"),
        (["image", "rm", "x"], "rmi"),
        (["container", "inspect", "x"], "inspect"),
        (["image", "load"], "load"),
        (["image", "prune", "-a"], "image prune"),
        (["ps"], "ps"),
    ],
)
def test_long_forms(words: list[str], verb: str) -> None:
    assert main._verb(words) == (verb, words[2:] if len(words) > 1 else [])


def test_overview(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main([]) == 0
    assert [line.strip() for line in capsys.readouterr().out.splitlines()[5:-2]] == list(main.VERBS)


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["nothing"], 1, "skiff: 'nothing' is not a skiff command; see 'skiff --help'\n"),
        (["run", "--bogus"], 125, "skiff: unknown flag: --bogus; see 'skiff run --help'\n"),
        (["exec", "web"], 125, "skiff: 'skiff exec' takes at least 2 arguments; see 'skiff exec --help'\n"),
        (["tag", "a"], 1, "skiff: 'skiff tag' takes 2 arguments; see 'skiff tag --help'\n"),
        (["logs", "--tail", "some", "web"], 1, "skiff: --tail: 'some' is neither a number nor 'all'\n"),
    ],
)
def test_failures_are_one_line(
    words: list[str], code: int, text: str, capsys: pytest.CaptureFixture[str], tmp_path: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("SKIFF_ROOT", str(tmp_path))
    assert main.main(words) == code
    assert capsys.readouterr().err == text
