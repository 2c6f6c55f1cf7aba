"""What is put into Docker's chain for exceptions, and taken out again."""

from __future__ import annotations

from typing import Any

from runtime_lib.networks import docker_user


def said(command: dict[str, Any]) -> str:
    (verb, body), *_ = command.items()
    rule = body["rule"]
    if verb == "delete":
        return f"delete {rule['handle']}"
    return f"{verb} " + " ".join(
        f"{part['match']['left']['meta']['key']} {part['match']['right']}" if "match" in part else next(iter(part))
        for part in rule["expr"]
    )


def test_rules_of_a_bridge() -> None:
    assert [said(command) for command in docker_user.commands([], ["sk0"], "skiff")] == [
        "insert iifname sk0 accept",
        "insert iifname sk0 oifname br-* return",
        "insert iifname sk0 oifname docker* return",
        "insert oifname sk0 accept",
    ]


def test_only_our_own_rules_are_taken_out() -> None:
    present = [
        {"handle": 7, "comment": "skiff", "expr": []},
        {"handle": 8, "comment": "skiff-0a1b2c", "expr": []},
        {"handle": 9, "expr": []},
    ]
    assert [said(command) for command in docker_user.commands(present, [], "skiff")] == ["delete 7"]
