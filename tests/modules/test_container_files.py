"""The modules that move a container's files: container_copy, container_export and container_commit."""

from __future__ import annotations

import base64
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.modules.host import Host, task


@pytest.fixture(scope="module")
def box(host: Host) -> Iterator[str]:
    """A running container with a volume at /data, whose processes are of user 1000."""
    options = {"image": "bb", "network_mode": "none", "volumes": ["files:/data"], "user": "1000:1000"}
    made = host.play([task("container", name="box", **options)])
    assert made.changed == [True], made
    yield "box"
    host.play([task("container", name="box", state="absent")])


def look(host: Host, path: str) -> str:
    """Return owner, mode and content of a file in the container."""
    told = host.play(
        [task("container_exec", container="box", argv=["sh", "-c", f"stat -c '%u:%g %a' {path}; cat {path}"], user="0")]
    )
    return str(told[0]["stdout"])


def test_a_content_gets_into_a_container(host: Host, box: str) -> None:
    wanted = {"container": box, "container_path": "/data/page", "content": "hello\n", "mode": "0640"}
    told = host.play(
        [
            task("container_copy", **wanted, check_mode_=True, diff_=True),
            task("container_copy", **wanted),
            task("container_copy", **wanted),
            task("container_copy", **wanted, check_mode_=True),
            task("container_copy", **wanted, force=True),
            task("container_copy", **{**wanted, "content": "new"}, force=False),
            task("docker_container_copy_into", **{**wanted, "content": "new\n"}, diff_=True),
            task("container_copy", **{**wanted, "content": "new\n", "owner_id": 5, "group_id": 6}),
        ]
    )
    assert told.changed == [True, True, False, False, True, False, True, True]
    assert told[0]["diff"]["before"] == {"exists": False}
    after = {"kind": "file", "mode": "0640", "owner_id": 1000, "group_id": 1000, "content": "hello\n"}
    assert told[0]["diff"]["after"] == told[6]["diff"]["before"] == after
    assert told[0]["actions"] == [{"copied": "the content", "to": "box:/data/page"}]
    assert told[1]["container_path"] == "/data/page"
    assert look(host, "/data/page") == "5:6 640\nnew"


def test_trees_get_into_a_container_and_out_of_it(host: Host, box: str, tmp_path: Path) -> None:
    source = tmp_path / "site"
    (source / "inner").mkdir(parents=True)
    (source / "inner" / "page").write_text("page")
    (source / "binary").write_bytes(bytes(range(256)))
    os.symlink("inner/page", source / "link")
    wanted = {"container": box, "container_path": "/data/site", "path": str(source)}
    back = {**wanted, "path": str(tmp_path / "back"), "direction": "out_of"}
    told = host.play([task("container_copy", **wanted) for _number in range(2)])
    assert told.changed == [True, False]
    (source / "inner" / "page").write_text("changed")
    told = host.play(
        [
            task("container_copy", **wanted, check_mode_=True, diff_=True),
            task("container_copy", **wanted),
            task("container", name="box", state="stopped", force_kill=True),
            task("container_copy", **wanted),
            task("container_copy", **back, check_mode_=True),
            task("container_copy", **back),
            task("container_copy", **back),
            task("container_copy", **{**back, "mode": "0600"}),
            task("container", name="box", state="started"),
        ]
    )
    assert told.changed == [True, True, True, False, True, True, False, True, True]
    assert list(told[0]["diff"]["after"]) == ["inner/page"]
    assert (tmp_path / "back" / "inner" / "page").read_text() == "changed"
    assert (tmp_path / "back" / "binary").read_bytes() == bytes(range(256))
    assert (tmp_path / "back" / "binary").stat().st_mode & 0o7777 == 0o600
    assert os.readlink(tmp_path / "back" / "link") == "inner/page"


def test_links_are_followed_where_that_is_asked_for(host: Host, box: str) -> None:
    make = ["sh", "-c", "cd /data; echo a >real; ln -s real link"]
    assert host.play([task("container_exec", container=box, argv=make, user="0")])[0]["rc"] == 0
    base: dict[str, Any] = {"container": box, "container_path": "/data/link", "mode": "0644"}
    base.update(content=base64.b64encode(b"\0b").decode(), content_is_b64=True)
    told = host.play([task("container_copy", **base, follow=True), task("container_copy", **base, follow=True)])
    assert told.changed == [True, False]
    assert look(host, "/data/real").endswith("\0b")
    told = host.play([task("container_copy", **base), task("container_copy", **base)])
    assert told.changed == [True, False]


def test_mistakes_are_told_and_nothing_is_touched(host: Host, box: str, tmp_path: Path) -> None:
    base = {"container": box, "container_path": "/data/x", "content": "x", "mode": "0644"}
    wrong: list[dict[str, Any]] = [
        {**base, "container": "nobody"},
        {**base, "container_path": "x"},
        {**base, "container_path": "/"},
        {**base, "container_path": "/no/such/folder"},
        {**base, "container_path": "/etc"},
        {**base, "mode": "0999"},
        {**base, "mode": 420, "mode_parse": "octal_string_only"},
        {**base, "mode": "0644", "direction": "out_of"},
        {**base, "content": "#", "content_is_b64": True},
        {"container": box, "container_path": "/data/x", "path": str(tmp_path / "missing")},
    ]
    told = host.play([task("container_copy", **options, ignore_errors_=True) for options in wrong])
    assert [result["_ending"] for result in told] == ["failed"] * len(wrong)
    assert "there is no folder /no/such" in told[3]["msg"]
    assert "is a folder" in told[4]["msg"]
    told = host.play([task("container_copy", **{**base, "mode": "420", "mode_parse": "legacy"})])
    assert look(host, "/data/x").startswith("1000:1000 644")


def test_an_archive_of_a_container_is_written_once(host: Host, box: str, tmp_path: Path) -> None:
    wanted = {"container": box, "path": str(tmp_path / "box.tar")}
    told = host.play(
        [
            task("container_export", **wanted, check_mode_=True, diff_=True),
            task("container_export", **wanted),
            task("container_export", **wanted),
            task("container_export", **wanted, check_mode_=True),
            task("container_export", **wanted, force=True),
            task("container_exec", container=box, argv=["touch", "/tmp/more"]),
            task("container_export", **wanted),
            task("container_export", container="nobody", path="/tmp/x", ignore_errors_=True),
            task("container_export", container=box, path="/no/such/x", ignore_errors_=True),
        ]
    )
    assert told.changed == [True, True, False, False, True, True, True, False, False]
    assert told[0]["diff"] == {"before": {"exists": False}, "after": {"exists": True, "container": "box"}}
    assert [result["_ending"] for result in told[-2:]] == ["failed"] * 2
    with tarfile.open(tmp_path / "box.tar") as archive:
        assert "tmp/more" in archive.getnames()


def test_an_image_of_a_container_is_made_once(host: Host, box: str) -> None:
    wanted = {"container": box, "name": "made", "changes": ['CMD ["cat", "/made"]'], "comment": "by a test"}
    told = host.play(
        [
            task("container_exec", container=box, argv=["sh", "-c", "echo content >/made"], user="0"),
            task("container_commit", **wanted, check_mode_=True, diff_=True),
            task("container_commit", **wanted),
            task("container_commit", **wanted),
            task("container_commit", **wanted, check_mode_=True),
            task("container_commit", **{**wanted, "changes": ["CMD echo new"]}, check_mode_=True),
            task("container_exec", container=box, argv=["sh", "-c", "echo more >>/made"], user="0"),
            task("container_commit", **wanted),
            task("container", name="try", image="made", network_mode="none", detach=False, output_logs=True),
            task("container", name="try", state="absent"),
            task("container_commit", **{**wanted, "changes": ["RUN x"]}, ignore_errors_=True),
            task("container_commit", **{**wanted, "container": "nobody"}, ignore_errors_=True),
        ]
    )
    assert told.changed[1:8] == [True, True, False, False, True, True, True]
    assert told[1]["actions"] == [{"committed": "box", "image": "made:latest"}]
    assert told[2]["image"]["Comment"] == "by a test"
    assert told[8]["container"]["Output"] == "content\nmore\n"
    assert [result["_ending"] for result in told[-2:]] == ["failed"] * 2
