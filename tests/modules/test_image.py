"""The `image`, `image_info` and `dockerfile_build` modules."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.modules.host import Host, task


def test_images(host: Host, archive: Path, tmp_path: Path) -> None:
    imported = {"name": "box", "tag": "1", "source": "import", "load_path": str(archive)}
    results = host.play(
        [
            task("image", **imported, check_mode_=True, diff_=True),
            task("image_info", name="box:1"),
            task("image", **imported),
            task("image", **imported),
            task("image", name="box:1", source="local", repository="ship"),
            task("image", name="box:1", source="local", repository="ship:1"),
            task("image_info", name=["box:1", "none", "ship:1"]),
            task("image", name="none", source="local", ignore_errors_=True),
            task("image", name="Xnone", source="pull", ignore_errors_=True),
            task("image", name="none", ignore_errors_=True),
            task("image", name="none", source="load", load_path="/no/such/file", ignore_errors_=True),
            task("image", name="none", source="load", load_path="/etc/passwd", ignore_errors_=True),
            task("image", name="box:1", state="absent", check_mode_=True),
            task("image", name="box:1", state="absent"),
            task("image", name="box:1", state="absent"),
            task("image", name="ship:1", state="absent"),
        ]
    )
    assert results.changed[:6] == [True, False, True, False, True, False]
    assert results[0]["diff"] == {"before": {"exists": False}, "after": {"id": "new"}}
    assert results[1]["images"] == []
    assert results[2]["image"]["RepoTags"] == ["box:1"]
    assert [image["Id"] for image in results[6]["images"]] == [results[2]["image"]["Id"]] * 2
    for result in results[7:12]:
        assert result["_ending"] == "failed"
        assert "none" in result["msg"] or "/" in result["msg"]
    assert results.changed[12:] == [True, True, False, True]


def test_an_archive_is_loaded_once(host: Host, tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    for command in (
        ["umoci", "init", "--layout", str(layout)],
        ["umoci", "new", "--image", f"{layout}:1"],
    ):
        subprocess.run(command, check=True, capture_output=True)
    load = {"name": "empty:1", "source": "load", "load_path": str(layout)}
    results = host.play(
        [
            task("image", **load, check_mode_=True, ignore_errors_=True),
            task("image", **load, ignore_errors_=True),
            task("image", **load, ignore_errors_=True),
            task("image", **load, force_source=True, ignore_errors_=True),
        ]
    )
    # An image without layers may be refused; then it is refused alike, before anything is changed.
    assert results.changed in ([True, True, False, False], [False, False, False, False]), results


def test_builds_happen_when_their_inputs_change(host: Host, tmp_path: Path) -> None:
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM bb\nARG V=1\nCOPY page /page\nLABEL v=$V\n")
    (context / "page").write_text("one")
    build = {"name": "site", "path": str(context)}
    play = [task("dockerfile_build", **build, check_mode_=True), task("dockerfile_build", **build)]
    first = host.play([*play, *play, task("dockerfile_build", **build, args={"V": "2"})])
    assert first.changed == [True, True, False, False, True]
    (action,) = first[0]["actions"]
    assert (action["built"], action["because"]) == (["site:latest"], "Dockerfile line 3: COPY page /page")
    assert "COPY page" in first[1]["stdout"]
    assert first[3]["image"]["Id"] == first[1]["image"]["Id"]
    (context / "page").write_text("two")
    secrets = [{"id": "a", "type": "value", "value": "k3y"}]
    second = host.play(
        [
            *play,
            task("dockerfile_build", **build, rebuild="never"),
            task("docker_image_build", **build),
            task("image", name="site", source="build", build={"path": str(context)}, force_source=True),
            task("dockerfile_build", **build, secrets=secrets),
            task("dockerfile_build", name="site", path="/no/such/folder", ignore_errors_=True),
            task("dockerfile_build", name="site", path="/no/such/folder", check_mode_=True),
        ]
    )
    assert second.changed == [True, True, False, False, False, False, False, True]
    assert second[1]["image"]["Id"] != first[4]["image"]["Id"]
    assert "k3y" not in json.dumps(second[5])
    assert "/no/such/folder" in second[6]["msg"]
    (context / "Dockerfile").write_text("FROM bb\nHOP here\n")
    broken = host.one("dockerfile_build", **build)
    assert broken["_ending"] == "failed"
    assert "HOP" in broken["msg"]
