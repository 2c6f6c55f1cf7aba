"""The table of docker_container's options holds what it says, and no option can be forgotten."""

from __future__ import annotations

import json
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TOOL = runpy.run_path(str(ROOT / "tools" / "migration-table"))
PEER = json.loads((ROOT / "tools" / "migration" / "docker_container.json").read_text())
WHOLE = [name for name in PEER if not set(name) & {".", "="}]


def test_the_page_is_up_to_date() -> None:
    subprocess.run([ROOT / "tools" / "migration-table", "--check"], check=True)


def test_all_options_of_the_peer_are_there() -> None:
    assert len(WHOLE) == 111  # 100 of the container, 10 of the connection, and debug


def test_no_verdict_contradicts_the_argument_specs() -> None:
    assert not list(TOOL["contradictions"](PEER, TOOL["ours"]()))


@pytest.mark.parametrize(
    ("entry", "own", "word"),
    [
        ({"type": "int"}, {"type": "int"}, "verdict"),
        ({"type": "int", "verdict": "refused"}, {"type": "int"}, "say why"),
        ({"type": "int", "verdict": "same"}, None, "does not take it"),
        ({"type": "int", "verdict": "same"}, {"type": "str"}, "type"),
        ({"type": "int", "default": 1, "verdict": "same"}, {"type": "int"}, "default"),
        ({"type": "int", "aliases": ["b"], "verdict": "same"}, {"type": "int"}, "aliases"),
        ({"type": "str", "choices": ["b"], "verdict": "same"}, {"type": "str", "choices": ["c"]}, "choices"),
    ],
)
def test_a_wrong_verdict_is_found(entry: dict[str, Any], own: dict[str, Any] | None, word: str) -> None:
    found = list(TOOL["contradictions"]({"a": entry}, {} if own is None else {"a": own}))
    assert len(found) == 1
    assert word in found[0]


def test_an_option_that_the_page_does_not_have_makes_it_stale() -> None:
    page = f"text\n{TOOL['BEGIN']}\nold\n\n{TOOL['END']}more\n"
    assert TOOL["page"](page, ["old"]) == page
    assert TOOL["page"](page, ["new"]) == page.replace("old", "new")
