"""The `image_tag`, `image_remove` and `image_history` modules."""

from __future__ import annotations

from pathlib import Path

from tests.modules.host import Host, task


def test_names_of_images_by_tasks(host: Host, archive: Path) -> None:
    other = {"name": "other:1", "source": "import", "load_path": str(archive), "changes": ["ENV A=1"]}
    both = {"name": "bb", "repository": ["bb:2", "other:1"]}
    results = host.play(
        [
            task("image", **other),
            task("image_tag", **both, existing_images="keep", check_mode_=True, diff_=True),
            task("image_tag", **both, existing_images="keep"),
            task("image_tag", **both, existing_images="keep"),
            task("image_tag", **both, check_mode_=True),
            task("docker_image_tag", **both),
            task("image_tag", **both),
            task("image_info"),
            task("image_tag", name="none", repository=["x"], ignore_errors_=True),
            task("image_tag", name="bb", repository=["x@sha256:" + "a" * 64], ignore_errors_=True),
            task("image_history", name="bb"),
            task("image_history", name="none", ignore_errors_=True),
        ]
    )
    assert results.changed[:8] == [True, True, True, False, True, True, False, False]
    assert [results[at]["tagged_images"] for at in (1, 2, 3, 4, 5, 6)] == [
        ["bb:2"],
        ["bb:2"],
        [],
        ["other:1"],
        ["other:1"],
        [],
    ]
    assert results[1]["diff"]["before"]["images"][0] == {"name": "bb:2", "exists": False}
    assert results[5]["image"]["RepoTags"] == ["bb:2", "bb:latest", "other:1"]
    assert sorted(name for image in results[7]["images"] for name in image["RepoTags"]) == [
        "bb:2",
        "bb:latest",
        "other:1",
    ]
    for at in (8, 9, 11):
        assert results[at]["_ending"] == "failed"
    assert "none:latest" in results[8]["msg"]
    (step,) = results[10]["history"]
    assert (step["Comment"], step["Id"]) == ("Imported from -", results[5]["image"]["Id"])


def test_images_are_removed_by_tasks(host: Host, archive: Path) -> None:
    other = {"name": "gone:1", "source": "import", "load_path": str(archive), "changes": ["ENV B=1"]}
    made = host.play([task("image", **other), task("image_tag", name="gone:1", repository=["gone:2"])])
    image_id = made[1]["image"]["Id"]
    user = {"name": "user", "image": "gone:2", "command": ["true"], "network_mode": "none"}
    results = host.play(
        [
            task("image_remove", name="gone", tag="1", check_mode_=True, diff_=True),
            task("image_remove", name="gone", tag="1"),
            task("docker_image_remove", name="gone:1"),
            task("container", **user, state="present"),
            task("image_remove", name="gone:2", check_mode_=True, ignore_errors_=True),
            task("image_remove", name="gone:2", ignore_errors_=True),
            task("image_remove", name="gone:2", force=True, check_mode_=True),
            task("image_remove", name="gone:2", force=True),
            task("image_remove", name=image_id, force=True),
            task("container", name="user", state="absent"),
        ]
    )
    assert results.changed[:4] == [True, True, False, True]
    for at in (0, 1):
        assert (results[at]["untagged"], results[at]["deleted"]) == (["gone:1"], [])
    assert results[0]["diff"] == {
        "before": {"id": image_id, "tags": ["gone:1", "gone:2"]},
        "after": {"id": image_id, "tags": ["gone:2"]},
    }
    assert (results[2]["image"], results[2]["deleted"], results[2]["untagged"]) == ({}, [], [])
    for at in (4, 5):
        assert results[at]["_ending"] == "failed"
        assert "user" in results[at]["msg"]
    for at in (6, 7):
        assert (results[at]["untagged"], results[at]["deleted"]) == (["gone:2"], [image_id])
    assert results[7]["image"]["Id"] == image_id
    assert not results[8].get("changed")
