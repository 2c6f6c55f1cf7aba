"""Many processes at once at one name: each call does its work or says why not, and nothing is left half-made."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Sequence

from tests.support.skiff import Skiff

LIMIT = 240.0  # seconds; a deadlock would last for ever
CREATE = ("create", "--name", "one", "--network", "none", "busybox", "sleep", "1000")
VERBS = (CREATE, ("start", "one"), ("exec", "one", "true"), ("stop", "-t", "0", "one"), ("rm", "-f", "one"))


def at_once(skiff: Skiff, calls: Sequence[Sequence[str]]) -> list[tuple[int, str]]:
    """Run commands side by side; return (exit code, what was said) of each."""
    running = [
        subprocess.Popen(
            skiff.command(*words),
            env=skiff.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for words in calls
    ]
    try:
        said = [process.communicate(timeout=LIMIT)[1] for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()
    return [(process.returncode, text) for process, text in zip(running, said)]


def test_one_of_sixteen_creates_it(skiff: Skiff) -> None:
    results = at_once(skiff, [CREATE] * 16)
    assert Counter(code for code, _ in results) == {0: 1, 1: 15}
    assert all("one" in said for code, said in results if code)
    assert skiff.states() == {"one": "created"}


def test_all_of_sixteen_start_stop_and_remove_it(skiff: Skiff) -> None:
    skiff.run(*CREATE)
    for words, state in ((("start", "one"), "running"), (("stop", "-t", "0", "one"), "exited")):
        results = at_once(skiff, [words] * 16)
        assert {code for code, _ in results} == {0}, results
        assert skiff.states() == {"one": state}
    results = at_once(skiff, [("rm", "-f", "one")] * 16)
    assert {code for code, _ in results} == {0}, results
    assert skiff.states() == {}


def test_everything_at_once(skiff: Skiff) -> None:
    for turn in range(12):
        calls = [VERBS[(number + turn) % len(VERBS)] for number in range(16)]
        for words, (code, said) in zip(calls, at_once(skiff, calls)):
            assert "Traceback" not in said
            killed = words[0] == "exec" and code == 137  # with its container, in the middle: it has nothing to say
            assert code == 0 or killed or said.startswith("skiff: "), (words, code, said)
        assert set(skiff.states().values()) <= {"created", "running", "exited"}
    skiff.run("rm", "-f", "one")
    skiff.run(*CREATE)
    skiff.run("start", "one")
    assert skiff.run("exec", "one", "echo", "alive").stdout == "alive\n"
