"""What everyday commands cost beside 1, 10, 50 and 100 running containers, and how that grows."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from tests.bench.engines import IMAGE, Field
from tests.bench.measure import Series, once, quiet

COUNTS = (1, 10, 50, 100)
GOALS = {"exec": 0.4, "ps": 1.0}
LINES = "i=0; while [ $i -lt 1000 ]; do i=$((i+1)); echo line $i of a log; done; exec sleep 100000"


def commands(field: Field, count: int) -> str:
    """Measure each command `count` times at each number of neighbours; they take turns."""
    engines = {
        "docker": (field.docker, field.docker("run"), None),
        "podman": (field.podman, field.podman_run("--stop-timeout", "0"), None),  # else its rm -f waits ten seconds
        "skiff": (field.skiff, field.skiff("run"), field.host.environment),
    }
    sections = [
        "### commands beside N containers (wall ms, ratio to docker)\n",
        _line("command", "N", *engines, "ratio"),
    ]
    sections.append("|---" * (len(engines) + 3) + "|")
    running = 0
    for number in COUNTS:
        for _command, run, env in engines.values():
            for index in range(running, number):
                words = [*run, "-d", "--network", "none", "--name", f"n{index}", IMAGE, "sh", "-c", LINES]
                quiet(words, env=env)()
        running = number
        sections += _measured(engines, number, count)
    for command, _run, env in engines.values():
        subprocess.run(command("rm", "-f", *(f"n{index}" for index in range(running))), capture_output=True, env=env)
    return "\n".join([*sections, ""])


def _measured(
    engines: dict[str, tuple[Callable[..., list[str]], list[str], dict[str, str] | None]], number: int, count: int
) -> list[str]:
    verbs: dict[str, Callable[[Callable[..., list[str]], list[str]], list[str]]] = {
        "run -d": lambda _command, run: [*run, "-d", "--network", "none", "--name", "more", IMAGE, "sleep", "100000"],
        "exec": lambda command, _run: command("exec", "n0", "true"),
        "ps": lambda command, _run: command("ps"),
        "inspect all": lambda command, _run: command("inspect", *(f"n{index}" for index in range(number))),
        "logs": lambda command, _run: command("logs", "n0"),
        "stop": lambda command, _run: command("stop", "-t", "0", "more"),
        "start": lambda command, _run: command("start", "more"),
        "rm -f": lambda command, _run: command("rm", "-f", "more"),
    }
    series = {verb: {name: Series(name) for name in engines} for verb in verbs}
    for turn in range(count + 1):
        for verb, words in verbs.items():
            for name, (command, run, env) in engines.items():
                sample = once(quiet(words(command, run), env=env))
                if turn:
                    series[verb][name].samples.append(sample)
    return [_row(verb, number, found) for verb, found in series.items()]


def _row(verb: str, number: int, found: dict[str, Series]) -> str:
    ratio = found["skiff"].wall / found["docker"].wall
    goal = f" (goal {GOALS[verb]})" if verb in GOALS else ""
    return _line(verb, number, *(f"{one.wall * 1000:.0f}" for one in found.values()), f"{ratio:.2f}{goal}")


def _line(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
