"""`skiff build` on a real terminal, and what it shows elsewhere."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.support.skiff import Skiff
from tests.support.window import Window

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
TEXT = """FROM bb AS one
RUN printf '\\033[2Jred\\n\\033]0;title\\007\\n'; while [ ! -e /tmp/gate ]; do echo wait-ing; sleep 0.1; done
FROM bb
COPY --from=one /bin /copied
"""


def window(skiff: Skiff, *words: str) -> Window:
    return Window(skiff.command("build", "--network", "none", *words), {**skiff.environment, "TERM": "xterm"})


def open_gate(skiff: Skiff) -> None:
    (name,) = skiff.run("ps", "--format", "{{.ID}}").stdout.split()
    skiff.run("exec", name, "touch", "/tmp/gate")


def test_running_steps_are_drawn_in_place(skiff: Skiff, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(TEXT)
    with window(skiff, "-t", "shown", str(tmp_path)) as terminal:
        drawn = terminal.expect(b" => # wait-ing")
        assert b"\x1b[2J" not in drawn
        assert b"\x1b]" not in drawn
        assert re.search(rb"\x1b\[\d+A\r\x1b\[J", drawn), "the picture is drawn again in its place"
        open_gate(skiff)
        before = terminal.expect(b"[+] Built in ")
        assert b"Successfully tagged shown:latest" in before
        terminal.expect(b"s (4 steps, 0 cached)")
        assert terminal.process.wait(60) == 0
    with window(skiff, str(tmp_path)) as terminal:
        assert b" => CACHED [one 2/2] RUN printf" in terminal.expect(b"[+] Built in ")
        terminal.expect(b"2 cached)")
    skiff.run("rmi", "shown")


def test_a_failure_keeps_the_last_lines(skiff: Skiff, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM bb\nRUN echo told; exit 3\n")
    with window(skiff, str(tmp_path)) as terminal:
        before = terminal.expect(b"[+] Ended after ")
        assert re.search(rb" => ENDED \[0 2/2\] RUN echo told; exit 3 [0-9.]+s\r\n +told\r\n", before)
        terminal.expect(b"Dockerfile line 2")
        assert terminal.process.wait(60) == 3


def test_elsewhere(skiff: Skiff, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM bb\nRUN echo told\n")
    words = ("build", "--network", "none", "--no-cache", str(tmp_path))
    assert "Step 2/2 : RUN echo told\ntold\n" in skiff.run(*words).stdout
    assert skiff.run(*words, "--progress", "quiet").stdout.startswith("sha256:")
    refused = skiff.run(*words, "--progress=tty", check=False)
    assert refused.returncode != 0
    assert "needs a terminal" in refused.stderr
    raw = skiff.run(*words, "--progress=rawjson")
    events = [json.loads(line) for line in raw.stderr.splitlines()]
    ends = [vertex["name"] for event in events for vertex in event.get("vertexes", ()) if "completed" in vertex]
    assert ends == ["[0 1/2] FROM bb", "[0 2/2] RUN echo told"]
    assert [log["data"] for event in events for log in event.get("logs", ())] == ["dG9sZAo="]
