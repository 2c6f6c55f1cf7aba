"""The `image_export` and `image_load` modules: an image made on one host is the same on the next one."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.modules.host import Host, task


def test_an_image_goes_from_host_to_host(host: Host, other: Host, tmp_path: Path) -> None:
    path = tmp_path / "bb.tar"
    export = {"name": "bb", "path": str(path)}
    load = {"path": str(path)}
    missing = other.play(
        [task("image_load", **load, check_mode_=True), task("image_load", **load, ignore_errors_=True)]
    )
    assert missing.changed == [True, False]
    assert str(path) in missing[1]["msg"]
    made = host.play(
        [
            task("image_export", **export, check_mode_=True, diff_=True),
            task("image_export", **export),
            task("image_export", **export),
            task("image_export", **export, check_mode_=True),
            task("image_export", **export, force=True),
            task("image_export", names=["bb:latest"], path=str(path)),
        ]
    )
    assert made.changed == [True, True, False, False, True, False]
    image_id = made[1]["images"][0]["Id"]
    assert made[0]["diff"] == {"before": {"exists": False}, "after": {"bb:latest": image_id}}
    assert made[0]["actions"] == [{"saved": ["bb:latest"], "path": str(path)}]
    loaded = other.play(
        [
            task("image_load", **load, check_mode_=True, diff_=True),
            task("image_load", **load),
            task("image_load", **load),
            task("image_load", **load, check_mode_=True),
            task("docker_image_load", **load),
            task("image_info", name="bb"),
            task("container", name="c", image="bb", command=["true"], network_mode="none", detach=False),
            task("container", name="c", state="absent"),
            task("image_export", name="bb", path=str(tmp_path / "again.tar")),
        ]
    )
    assert loaded.changed == [True, True, False, False, False, False, True, True, True]
    assert loaded[0]["diff"]["after"] == {"bb:latest": image_id}
    assert loaded[1]["image_names"] == ["bb:latest"]
    assert [image["Id"] for image in loaded[1]["images"]] == [image_id]
    assert loaded[5]["images"][0]["Id"] == image_id
    assert (tmp_path / "again.tar").read_bytes() == path.read_bytes()


def test_a_folder_with_a_layout(host: Host, other: Host, tmp_path: Path) -> None:
    path = tmp_path / "layout"
    export = {"name": "bb", "path": str(path), "format": "oci-dir"}
    results = host.play(
        [
            task("image_export", **export, check_mode_=True),
            task("image_export", **export, platform="linux"),
            task("image_export", **export),
            task("image_export", **export, platform="linux/s390x", ignore_errors_=True),
            task("image_export", name="bb", path=str(path), ignore_errors_=True),
        ]
    )
    assert results.changed == [True, True, False, False, False]
    assert "for linux/" in results[3]["msg"]
    assert "not for linux/s390x" in results[3]["msg"]
    assert "it is no file" in results[4]["msg"]
    assert path.stat().st_mode & 0o777 == 0o700
    loaded = other.play([task("image_load", path=str(path)), task("image_load", path=str(path))])
    assert loaded[0]["stdout"] == loaded[1]["stdout"] == "Loaded image: bb:latest\n"
    assert not loaded[1]["changed"]


def test_an_archive_that_holds_something_else_is_replaced(host: Host, archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    other = {"name": "other", "source": "import", "load_path": str(archive), "changes": ["ENV A=1"]}
    results = host.play(
        [
            task("image", **other, archive_path=str(path)),
            task("image", **other, archive_path=str(path)),
            task("image_export", names=["other", "bb:latest"], path=str(path)),
            task("image_export", names=["bb", "other"], path=str(path)),
            task("image_export", names=["bb"], path=str(path), diff_=True),
            task("image_info", name=["bb"]),
        ]
    )
    assert results.changed == [True, False, True, False, True, False]
    bb = results[5]["images"][0]["Id"]
    assert sorted(results[4]["diff"]["before"]) == ["bb:latest", "other:latest"]
    path.write_bytes(path.read_bytes()[:100_000])
    by_id = host.play(
        [
            task("image_export", names=["bb"], path=str(path)),
            task("image_export", names=[bb], path=str(path)),
            task("image_export", names=[bb], path=str(path)),
            task("image", name="other", state="absent"),
            task("image_load", path=str(path)),
            task("image_export", name="none", path=str(path), ignore_errors_=True),
            task("image_export", name="bb", path="/no/such/folder/a.tar", ignore_errors_=True),
            task("image_export", name="bb", path=str(tmp_path), ignore_errors_=True),
            task("image_load", path="/etc/passwd", ignore_errors_=True),
        ]
    )
    assert by_id.changed == [True, True, False, True, False, False, False, False, False]
    assert by_id[4]["image_names"] == [bb]
    for result, said in zip(by_id[5:], ("none:latest", "/no/such/folder", str(tmp_path), "/etc/passwd")):
        assert result["_ending"] == "failed"
        assert said in result["msg"]


def test_a_name_that_moved_is_brought_back(host: Host, archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    plain = tmp_path / "a.tar"
    results = host.play(
        [
            task("image_export", name="bb", path=str(plain)),
            task("image", name="moved", source="import", load_path=str(archive), changes=["ENV B=2"]),
            task("image", name="moved", source="local", repository="bb", force_tag=True),
        ]
    )
    subprocess.run(["gzip", "-1", plain], check=True)
    back = host.play(
        [task("image_load", path=str(path)), task("image_info", name="bb"), task("image_load", path=str(path))]
    )
    assert back.changed == [True, False, False]
    assert back[1]["images"][0]["Id"] == results[0]["images"][0]["Id"]
    host.play([task("image", name="moved", state="absent")])
