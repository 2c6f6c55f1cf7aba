from __future__ import annotations

import pytest

from runtime_lib.containers.detach_keys import DEFAULT, Watch, parse
from runtime_lib.errors import InvalidSpec


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (None, DEFAULT),
        ("", b""),
        ("ctrl-p,ctrl-q", b"\x10\x11"),
        ("a,b", b"ab"),
        ("ctrl-@,ctrl-_,ctrl-\\", b"\x00\x1f\x1c"),
        ("DEL", b"\x7f"),
    ],
)
def test_keys_have_dockers_names(text: str | None, keys: bytes) -> None:
    assert parse(text) == keys


@pytest.mark.parametrize("text", ["ctrl-", "ctrl-P", "shift-a", "a,,b", "ä"])
def test_what_is_no_key_is_told(text: str) -> None:
    with pytest.raises(InvalidSpec, match="detach keys"):
        parse(text)


@pytest.mark.parametrize(
    ("typed", "passed", "found"),
    [
        ([b"abc"], b"abc", False),
        ([b"ab\x10\x11cd"], b"ab", True),
        ([b"ab\x10", b"\x11"], b"ab", True),
        ([b"\x10", b"x"], b"\x10x", False),
        ([b"\x10\x10\x11"], b"\x10\x10\x11", False),  # as Docker has it: the second one is no new beginning
        ([b"\x11\x10"], b"\x11", False),
    ],
)
def test_they_are_found_in_what_is_typed(typed: list[bytes], passed: bytes, found: bool) -> None:
    watch = Watch(DEFAULT)
    results = [watch.feed(part) for part in typed]
    assert (b"".join(part for part, _ in results), results[-1][1]) == (passed, found)


def test_without_keys_everything_is_passed_on() -> None:
    assert Watch(b"").feed(DEFAULT) == (DEFAULT, False)
