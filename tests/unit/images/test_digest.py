from __future__ import annotations

import pytest

from runtime_lib.errors import CorruptData
from runtime_lib.images import digest

GOOD = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "text",
    ["sha256:../../../../etc/passwd", "md5:" + "0" * 32, GOOD.upper(), "SHA256:" + "0" * 64, GOOD[:-1], GOOD + "0"]
    + [GOOD[:-1] + "\0", GOOD + "\n", "sha512:" + "0" * 128, "0" * 64, "sha256:" + "٣" * 64, "", None, 5, ["a"]],
)
def test_what_is_no_digest_is_refused(text: object) -> None:
    assert not digest.valid(text)
    with pytest.raises(CorruptData, match="somewhere"):
        digest.check(text, "somewhere")


def test_a_digest_is_returned() -> None:
    assert digest.check(GOOD, "somewhere") == GOOD


def test_chain_ids_are_those_of_the_specification() -> None:
    first, second = digest.of(b"1"), digest.of(b"2")
    assert digest.chains([first, second]) == [first, digest.of(f"{first} {second}".encode())]
    assert digest.chains([]) == []


def test_a_folder_name_is_short_and_made_of_letters_and_digits() -> None:
    name = digest.folder_name(GOOD)
    assert len(name) == 16
    assert name.isalnum()
    assert name == name.lower()
