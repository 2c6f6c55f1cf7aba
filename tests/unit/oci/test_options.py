from __future__ import annotations

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.linux import libc
from runtime_lib.oci import options

RO, NOSUID, NODEV = libc.MOUNT_ATTR_RDONLY, libc.MOUNT_ATTR_NOSUID, libc.MOUNT_ATTR_NODEV


def test_attributes_and_data_are_told_apart() -> None:
    parsed = options.parse(["nosuid", "ro", "size=64k", "mode=755", "newinstance", "defaults"])
    assert parsed.attr_set == NOSUID | RO
    assert parsed.data == [("size", "64k"), ("mode", "755"), ("newinstance", None)]
    assert not parsed.bind


def test_the_later_option_counts() -> None:
    assert options.parse(["ro", "rw"]).attr_set == 0
    assert options.parse(["ro", "rw"]).attr_clr == RO
    assert options.parse(["rw", "ro"]).attr_set == RO
    assert options.parse(["noatime", "strictatime"]).attr_set == options.STRICTATIME


@pytest.mark.parametrize(("word", "recursive"), [("bind", False), ("rbind", True)])
def test_binds(word: str, recursive: bool) -> None:
    parsed = options.parse([word, "rprivate"])
    assert (parsed.bind, parsed.recursive) == (True, recursive)
    assert (parsed.propagation, parsed.propagation_tree) == (libc.MS_PRIVATE, True)


def test_recursive_attributes_are_for_the_tree() -> None:
    parsed = options.parse(["rro", "rnodev"])
    assert parsed.attr_set == 0
    assert parsed.tree_set == RO | NODEV


def test_relatime_is_no_recursive_option() -> None:
    assert options.parse(["relatime"]).tree_clr == 0
    assert options.parse(["rw"]).tree_set == 0


@pytest.mark.parametrize("word", ["", "a\0b"])
def test_nonsense_is_refused(word: str) -> None:
    with pytest.raises(InvalidSpec):
        options.parse([word])


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("", libc.MS_SLAVE | libc.MS_REC),
        ("private", libc.MS_PRIVATE),
        ("rshared", libc.MS_SHARED | libc.MS_REC),
        ("runbindable", libc.MS_UNBINDABLE | libc.MS_REC),
    ],
)
def test_root_propagation(text: str, flags: int) -> None:
    assert options.propagation(text) == flags


def test_unknown_propagation_is_refused() -> None:
    with pytest.raises(InvalidSpec, match="rootfsPropagation"):
        options.propagation("public")


@pytest.mark.parametrize(
    ("text", "paths"),
    [("/a", ["/a"]), ("/a:/b", ["/a", "/b"]), ("/a\\:b:/c", ["/a:b", "/c"]), ("/a\\\\:/b", ["/a\\", "/b"])],
)
def test_layers(text: str, paths: list[str]) -> None:
    assert options.layers(text) == paths


def test_all_names_are_listed() -> None:
    assert {"ro", "rro", "rbind", "rslave", "nosymfollow"} <= set(options.names())
