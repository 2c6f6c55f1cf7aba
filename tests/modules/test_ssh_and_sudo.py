"""Images, volumes and archives sent to a host that another user enters by SSH and sudo, and from such a host."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.modules.host import Host, Results, local, task
from tests.modules.test_connection_sudo import box, by_ssh, way
from tests.modules.test_image_delivery import packed
from tests.support.archives import member, tar
from tests.support.sshd import Sshd
from tests.support.trees import described, rich_tree

__all__ = ["box"]  # a fixture
LAYERS = [tar(member("base", os.urandom(1 << 20))), *(tar(member("version", text)) for text in (b"1", b"2"))]


@pytest.fixture
def second(tmp_path: Path) -> str:
    """The root of another installation on the host, without containers."""
    return str(tmp_path / "second")


def play(box: Host, sshd: Sshd, roots: dict[str, str], tasks: list[dict[str, Any]], user: str = "skipper") -> Results:
    """Run tasks on `second`, beside `first`: both are entered as the user, who becomes root."""
    ssh = {**by_ssh(way(box, sshd, user)), "ansible_remote_tmp": "/tmp"}  # their home is no place to write to
    hosts = {name: {**ssh, "ansible_skiff_root": root} for name, root in roots.items()}
    return box.beside({**hosts, "localhost": local(box.root)}, tasks, "-c", "ssh")


def test_images(box: Host, sshd: Sshd, second: str, tmp_path: Path) -> None:
    path, name = packed(tmp_path, "app:1", *LAYERS[:2])
    for archive in (packed(tmp_path, "app:2", LAYERS[0], LAYERS[2]), packed(tmp_path, "app:3", *LAYERS)):
        box.play([task("image", name=archive[1], source="load", load_path=str(archive[0]))])
    tasks = [
        task("image", name=name, source="controller", load_path=str(path)),
        task("image", name="app:2", source="host", source_host="first"),
        task("image", name="app:2", source="host", source_host="first"),
        task("image", name="app:3", source="controller"),
        task("image_info"),
    ]
    results = play(box, sshd, {"first": box.root, "second": second}, tasks)
    assert results.changed == [True, True, False, True, False], results[-1]
    assert [len(result.get("layers_sent", ())) for result in results[:4]] == [2, 1, 0, 1]
    found = {image["RepoTags"][0]: image["Id"] for image in results[4]["images"]}
    ours = {tag: image["Id"] for image in box.one("image_info")["images"] for tag in image["RepoTags"]}
    assert found == {tag: ours.get(tag, found[tag]) for tag in ("app:1", "app:2", "app:3")}
    assert os.stat(second).st_uid == 0
    assert not list(Path("/var/tmp").glob("skiff.*"))


def test_volumes(box: Host, sshd: Sshd, second: str, tmp_path: Path) -> None:
    box.play([task("volume", name="data")])
    rich_tree(Path(box.layout.volume("data"), "_data", "tree"))
    kept = {"volume": "data", "path": str(tmp_path / "data.tar.gz"), "where": "controller"}
    tasks = [
        task("volume_copy", volume="data", source_host="first"),
        task("volume_copy", volume="data", source_host="first"),
        task("volume_backup", **kept, compression="gzip"),
        task("volume_backup", **kept, compression="gzip"),
        task("volume", name="back"),
        task("volume_restore", **{**kept, "volume": "back"}),
        task("volume_restore", **{**kept, "volume": "back"}),
    ]
    results = play(box, sshd, {"first": box.root, "second": second}, tasks)
    assert results.changed == [True, False, True, False, True, True, False], results[-1]
    places = ((box.root, "data"), (second, "data"), (second, "back"))
    ours, copied, restored = (described(Path(root, "volumes", name, "_data")) for root, name in places)
    assert copied == restored == ours
    assert not list(Path("/var/tmp").glob("skiff.*"))


def test_who_may_not_become_root_is_told(box: Host, sshd: Sshd, second: str, tmp_path: Path) -> None:
    path, name = packed(tmp_path, "app:1", *LAYERS[:2])
    tasks = [task("image", name=name, source="controller", load_path=str(path), ignore_errors_=True)]
    (refused,) = play(box, sshd, {"first": box.root, "second": second}, tasks, "stowaway")
    assert refused["_ending"] in ("failed", "unreachable")
    assert "password" in refused["msg"]
    assert not os.path.exists(second)
