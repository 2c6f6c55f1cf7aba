"""What is an address, and what it means."""

from __future__ import annotations

import pytest

from runtime_lib.build.remote import Remote, is_remote, parse, shown
from runtime_lib.errors import InvalidSpec


@pytest.mark.parametrize(
    ("text", "remote"),
    [
        ("https://h/a/b%20c?x=1", Remote("https://h/a/b%20c?x=1", False, "b c")),
        ("https://h", Remote("https://h", False)),
        ("http://h/a/", Remote("http://h/a/", False)),
        ("https://h/x.git", Remote("https://h/x.git", True)),
        ("https://h/x.git#v1:a/b/", Remote("https://h/x.git", True, ref="v1", subdir="a/b")),
        ("https://h/x.git#:a", Remote("https://h/x.git", True, subdir="a")),
        ("git@h:o/x.git#main", Remote("git@h:o/x.git", True, ref="main")),
        ("ssh://git@h/x", Remote("ssh://git@h/x", True)),
        ("git://h/x", Remote("git://h/x", True)),
    ],
)
def test_addresses(text: str, remote: Remote) -> None:
    assert is_remote(text)
    assert parse(text) == remote


@pytest.mark.parametrize(
    "text",
    [
        "file:///etc/passwd", "ftp://h/x", "ext::sh -c id://", "https://u:p@h/x", "http:///x", "https://h/x\n",
        "https://h/x.git#-x", "https://h/x.git#a..b", "https://h/x.git#v1:../x", "-o://h", "https://h/..%2f",
        "https://h/%2e%2e",
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(InvalidSpec):
        parse(text)


@pytest.mark.parametrize("text", ["a", "./a/b", "a#b://c", "C:x", "a@b"])
def test_paths(text: str) -> None:
    assert not is_remote(text)


@pytest.mark.parametrize("checksum", ["x", "sha256:00", "md5:" + "0" * 32])
def test_wrong_checksums(checksum: str) -> None:
    with pytest.raises(InvalidSpec, match="--checksum"):
        parse("https://h/x", checksum)
    with pytest.raises(InvalidSpec, match="no commit"):
        parse("https://h/x.git", checksum)


def test_no_password_is_shown() -> None:
    assert shown("https://user:word@h/x.git") == "https://h/x.git"
