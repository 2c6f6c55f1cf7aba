"""Builds of several stages on the real kernel: side by side, stopped together, with the same outcome."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from runtime_lib.errors import CommandFailed
from runtime_lib.store import Store
from tests.support.builder import Builder

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
WAITS = "echo wait-ing; while [ ! -e /tmp/gate ]; do sleep 0.1; done"
PATIENCE = 120  # seconds


def open_gates(builder: Builder) -> None:
    """Let the commands go on that wait in all containers."""
    store = Store(builder.layout)
    for row in store.query("SELECT id FROM containers"):
        state = json.loads(Path(f"{builder.layout.bundle(row['id'])}/state.json").read_text())
        Path(f"/proc/{state['pid']}/root/tmp/gate").touch()
    store.close()


def test_stages_are_built_side_by_side(builder: Builder) -> None:
    text = (
        f"FROM base AS a\nRUN {WAITS}\nRUN echo 1 > /f\n"
        f"FROM base AS b\nRUN {WAITS}; true\nRUN echo 2 > /g\n"
        "FROM base\nCOPY --from=a /f /\nCOPY --from=b /g /\n"
    )
    seen: list[str] = []
    both = threading.Event()

    def output(piece: str) -> None:
        seen.append(piece)
        if {"[a 2/3] wait-ing", "[b 2/3] wait-ing"} <= set("".join(seen).splitlines()):
            both.set()

    results = []
    thread = threading.Thread(target=lambda: results.append(builder.build(text, output=output)))
    thread.start()
    met = both.wait(PATIENCE)
    open_gates(builder)
    thread.join(PATIENCE)
    assert met, "".join(seen)
    (result,) = results
    assert (builder.read(result, "f"), builder.read(result, "g")) == ("1\n", "2\n")
    assert [step.text for step in result.steps if step.text.startswith("FROM")] == ["FROM base"] * 3
    assert [line for line in result.log.splitlines() if not line.startswith(("[a ", "[b ", "[2 ", "Success"))] == []
    again = builder.build(text)
    assert again.image.id == result.image.id
    assert [step.text for step in again.steps if not step.cached] == []


def test_a_failing_stage_ends_the_others(builder: Builder) -> None:
    text = (
        f"FROM base AS a\nRUN echo 1 > /kept\nRUN {WAITS}\nFROM base AS b\nRUN echo why; exit 7\n"
        "FROM base\nCOPY --from=a /kept /\nCOPY --from=b /g /\n"
    )
    with pytest.raises(CommandFailed, match=r"^stage b, Dockerfile line 5: .* code 7; its last output: why") as error:
        builder.build(text)
    assert error.value.exit_code == 7
    assert builder.counted()[0] == 0
    assert os.listdir(builder.layout.temporary) == []


def test_a_stage_is_made_once_for_all_that_need_it(builder: Builder) -> None:
    text = (
        "FROM base AS first\nRUN head -c 16 /dev/urandom > /random\n"
        "FROM first AS a\nRUN echo 1 > /a\nFROM first AS b\nRUN echo 2 > /b\n"
        "FROM first\nCOPY --from=a /random /ra\nCOPY --from=b /random /rb\n"
    )
    result = builder.build(text)
    assert builder.read(result, "ra") == builder.read(result, "rb") == builder.read(result, "random")
    assert [step.text for step in result.steps].count("RUN head -c 16 /dev/urandom > /random") == 1


def test_the_same_step_in_two_stages_is_made_once(builder: Builder) -> None:
    same = "RUN head -c 16 /dev/urandom > /random\n"
    text = (
        f"FROM base AS a\n{same}FROM base AS b\n{same}FROM base\nCOPY --from=a /random /a\nCOPY --from=b /random /b\n"
    )
    result = builder.build(text)
    assert builder.read(result, "a") == builder.read(result, "b")
    assert sorted(step.cached for step in result.steps if step.text == same.strip()) == [False, True]
