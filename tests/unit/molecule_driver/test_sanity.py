"""What is told before anything is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from skiff_containers.molecule_driver.sanity import Host, collection_paths, problem

PLATFORM = {"name": "one", "image": "debian"}


def host(tmp_path: Path, **changes: Any) -> Host:
    (tmp_path / "ansible_collections" / "skiff" / "containers").mkdir(parents=True, exist_ok=True)
    values = {"system": "Linux", "release": "6.1.0-18-amd64", "root": True, "collections": (str(tmp_path),)}
    return Host(**{**values, **changes})


def test_a_host_that_can(tmp_path: Path) -> None:
    assert problem(host(tmp_path), [PLATFORM]) is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"system": "Darwin"}, "containers need Linux, and this is Darwin"),
        ({"release": "4.19.0-27-amd64"}, "containers need Linux 5.4 or newer, and this is 4.19.0-27-amd64"),
        ({"root": False}, "containers need root: run molecule as root, or allow this user sudo without a password"),
        ({"collections": ("/nowhere",)}, "the collection skiff.containers is not installed: run 'ansible-galaxy coll"),
    ],
)
def test_a_host_that_cannot(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    assert (problem(host(tmp_path, **changes), [PLATFORM]) or "").startswith(sentence)


@pytest.mark.parametrize(
    ("platform", "sentence"),
    [
        ({"registry": {}}, "platform one: registry: images do not come from a registry"),
        ({"docker_host": "tcp://x"}, "platform one: docker_host: there is no Docker Engine"),
        ({"systemd": True, "command": "x"}, "platform one: with 'systemd', the command is systemd itself"),
        ({"bootstrap": {}, "load_path": "x"}, "platform one: 'bootstrap' and 'load_path' both say"),
    ],
)
def test_a_platform_that_cannot_be(tmp_path: Path, platform: dict[str, Any], sentence: str) -> None:
    assert (problem(host(tmp_path), [{**PLATFORM, **platform}]) or "").startswith(sentence)


def test_a_platform_without_an_image(tmp_path: Path) -> None:
    assert problem(host(tmp_path), [{"name": "one"}]) == (
        "platform one: say from which 'image' it is made, or from which 'dockerfile'"
    )


def test_where_collections_are_looked_for() -> None:
    assert "/a" in collection_paths({"ANSIBLE_COLLECTIONS_PATH": "/a:/b"}, {"collections_path": "/c"})
    assert "/c" in collection_paths({}, {"collections_path": "/c"})
    assert "/usr/share/ansible/collections" in collection_paths({}, {})
