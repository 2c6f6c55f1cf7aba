"""The device program answers as the kernel's version 1 controller would, for any rules."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.linux import devices_bpf
from tests.support import bpf

MKNOD, READ, WRITE = 1, 2, 4
BLOCK, CHAR = 1, 2
LETTERS = {"m": MKNOD, "r": READ, "w": WRITE}

DENY_ALL = {"allow": False, "access": "rwm"}
DOCKER = [
    DENY_ALL,
    {"allow": True, "type": "c", "access": "m"},
    {"allow": True, "type": "b", "access": "m"},
    {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"},
    {"allow": True, "type": "c", "major": 136, "access": "rwm"},
]


@pytest.mark.parametrize(
    ("access", "kind", "major", "minor", "allowed"),
    [
        (READ | WRITE, CHAR, 1, 3, True),
        (READ, CHAR, 136, 7, True),
        (MKNOD, BLOCK, 8, 0, True),
        (READ, BLOCK, 8, 0, False),
        (READ, BLOCK, 1, 3, False),
        (READ, CHAR, 1, 1, False),
        (MKNOD | READ, CHAR, 1, 1, False),
    ],
)
def test_rules_of_docker(access: int, kind: int, major: int, minor: int, allowed: bool) -> None:
    assert bpf.device(devices_bpf.program(DOCKER), access, kind, major, minor) is allowed


def test_reading_and_writing_by_two_rules() -> None:
    device = {"allow": True, "type": "c", "major": 1, "minor": 3}
    program = devices_bpf.program([DENY_ALL, {**device, "access": "r"}, {**device, "access": "w"}])
    assert bpf.device(program, READ | WRITE, CHAR, 1, 3)
    assert not bpf.device(program, MKNOD, CHAR, 1, 3)


def test_nothing_is_allowed_without_a_rule() -> None:
    assert not bpf.device(devices_bpf.program([]), READ, CHAR, 1, 3)


def test_everything_is_allowed_by_one_rule() -> None:
    program = devices_bpf.program([*DOCKER, {"allow": True, "type": "a", "access": "rwm"}])
    assert bpf.device(program, READ | WRITE | MKNOD, BLOCK, 8, 0)


RULES = st.lists(
    st.fixed_dictionaries(
        {"allow": st.booleans()},
        optional={
            "type": st.sampled_from("abc"),
            "major": st.sampled_from([-1, 1, 8]),
            "minor": st.sampled_from([-1, 0, 3]),
            "access": st.sampled_from(["r", "w", "m", "rw", "rm", "rwm"]),
        },
    ),
    max_size=6,
)


@given(RULES, st.integers(1, 7), st.sampled_from([BLOCK, CHAR]), st.sampled_from([1, 8]), st.sampled_from([0, 3]))
def test_the_last_matching_rule_decides(rules: list[Any], access: int, kind: int, major: int, minor: int) -> None:
    expected = all(_allowed(rules, bit, kind, major, minor) for bit in (MKNOD, READ, WRITE) if access & bit)
    assert bpf.device(devices_bpf.program(rules), access, kind, major, minor) is expected


def _allowed(rules: list[Any], bit: int, kind: int, major: int, minor: int) -> bool:
    answer = False
    for rule in rules:
        same = (
            rule.get("type", "a") in ("a", {BLOCK: "b", CHAR: "c"}[kind])
            and rule.get("major", -1) in (-1, major)
            and rule.get("minor", -1) in (-1, minor)
        )
        if same and any(LETTERS[letter] == bit for letter in rule.get("access", "rwm")):
            answer = rule["allow"]
    return answer
