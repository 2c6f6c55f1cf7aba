"""Containers: options and facts in, steps out. Each case is a file, so that a reviewer reads cases and not code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from runtime_lib.desired.container_facts import Facts, Present
from runtime_lib.desired.container_observe import networks
from runtime_lib.desired.container_plan import plan
from runtime_lib.desired.container_views import ImageFacts
from runtime_lib.desired.container_wish import wish
from runtime_lib.desired.plan import Plan
from runtime_lib.errors import SkiffError
from runtime_lib.records import asdict

CASES = Path(__file__).parent / "cases" / "container"


class Stored:
    """As much of a stored container as `networks` looks at."""

    def __init__(self, spec: Any) -> None:
        self.spec = spec


def facts(value: dict[str, Any]) -> Facts:
    found = value.get("image")
    image = ImageFacts(found["id"], found.get("config", {}), found.get("platform", {})) if found else None
    there = value.get("container")
    if there is None:
        return Facts(None, image)
    made_from = ImageFacts(there.get("image_id", image.id if image else "sha256:old"), image.config if image else {})
    spec = wish({"name": "web", "image": "nginx", **there.get("options", {})}).spec
    joined = networks(Stored(spec))  # type: ignore[arg-type]
    present = Present("0123", there.get("status", "running"), spec, made_from, joined, there.get("exit_code"))
    return Facts(present, image)


def shown(step: Any) -> str:
    text = str(step.describe())
    if text.startswith("update"):
        return f"update {json.dumps(step.changes, sort_keys=True)}"
    if text.startswith("recreate"):
        return f"{text}, {'start' if step.start else 'leave'}"
    return text


def planned_for(case: dict[str, Any]) -> Plan:
    return plan(wish({"name": "web", **case["options"]}), facts(case.get("facts", {})))


@pytest.mark.parametrize("path", sorted(CASES.glob("*.json")), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = json.loads(path.read_text())
    if "error" in case:
        with pytest.raises(SkiffError, match=f"^{re.escape(case['error'])}$"):
            planned_for(case)
        return
    planned = planned_for(case)
    assert [shown(step) for step in planned.steps] == case["steps"]
    assert planned.changed is bool(case["steps"])
    for key in ("before", "after"):
        if key in case:
            assert getattr(planned, key) == case[key]


def test_every_step_says_what_it_does_for_programs_too() -> None:
    planned = plan(wish({"name": "web", "image": "nginx"}), Facts(None, ImageFacts("sha256:a")))
    assert [next(iter(action)) for action in planned.actions] == ["created", "started"]
    json.dumps(planned.actions)
    assert asdict(planned.steps[0])["spec"]["name"] == "web"  # type: ignore[call-overload]
