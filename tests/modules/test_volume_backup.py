"""The modules volume_backup and volume_restore."""

from __future__ import annotations

import tarfile
from pathlib import Path

from tests.modules.host import Host, task


def test_a_volume_is_backed_up_and_restored_once(host: Host, tmp_path: Path) -> None:
    path = str(tmp_path / "kept.tar")
    backup, restore = {"volume": "kept", "path": path}, {"volume": "kept", "path": path}
    box = {"name": "keeper", "image": "bb", "network_mode": "none", "volumes": ["kept:/data"]}
    told = host.play(
        [
            task("container", **box, command=["sleep", "1000"]),
            task("container_exec", container="keeper", argv=["sh", "-c", "echo precious >/data/file"]),
            task("volume_backup", **backup, check_mode_=True, diff_=True),
            task("volume_backup", **backup, pause=True),
            task("volume_backup", **backup, compression="gzip"),
            task("volume_restore", **restore),
            task("container_exec", container="keeper", argv=["rm", "/data/file"]),
            task("volume_restore", **restore, ignore_errors_=True),
            task("container", name="keeper", state="absent"),
            task("volume_restore", **restore, check_mode_=True, diff_=True),
            task("volume_restore", **restore),
            task("volume_restore", **restore),
            task("volume_backup", **backup, force=True),
            task("volume_backup", volume="nobody", path=path, ignore_errors_=True),
            task("volume_restore", volume="kept", path="/no/such/file", ignore_errors_=True),
        ]
    )
    wanted = [True, True, True, True, False, False, True, False, True, True, True, False, True, False, False]
    assert told.changed == wanted
    assert told[2]["diff"] == {"before": {"exists": False}, "after": {"exists": True, "volume": "kept"}}
    assert "stop that first" in told[7]["msg"]
    assert told[9]["diff"] == {"before": {"content": "other"}, "after": {"content": path}}
    assert [result["_ending"] for result in told[-2:]] == ["failed"] * 2
    with tarfile.open(path) as archive:
        assert "./file" in archive.getnames()
    told = host.play(
        [
            task("container", **box, command=["cat", "/data/file"], detach=False),
            task("container", name="keeper", state="absent"),
            task("volume", name="kept", state="absent"),
        ]
    )
    assert told[0]["container"]["Output"] == "precious\n"


def test_the_archive_may_lie_on_the_controller(host: Host) -> None:
    there = {"volume": "far", "path": "backups/far.tar.gz", "where": "controller"}
    box = {"name": "keeper", "image": "bb", "network_mode": "none", "volumes": ["far:/data"], "detach": False}
    (host.folder / "backups").mkdir()
    (host.folder / "files").mkdir(exist_ok=True)
    (host.folder / "files" / "damaged.tar").write_bytes(b"no archive at all" * 100)
    told = host.play(
        [
            task("container", **box, command=["sh", "-c", "echo precious >/data/file"], cleanup=True),
            task("volume_backup", **there, check_mode_=True, diff_=True),
            task("volume_backup", **there, compression="gzip", pause=True),
            task("volume_backup", **there),
            task("volume_backup", **there, check_mode_=True),
            task("volume_restore", **there),
            task("container", **box, command=["rm", "/data/file"], cleanup=True),
            task("volume_restore", **there, check_mode_=True, diff_=True),
            task("volume_restore", **there),
            task("volume_restore", **there),
            task("volume_restore", **there, force=True),
            task("container", **box, command=["cat", "/data/file"], cleanup=True),
            task("volume_restore", **{**there, "path": "damaged.tar"}, ignore_errors_=True),
            task("volume", name="far", state="absent"),
            task("volume_backup", **there, ignore_errors_=True),
            task("volume_backup", **{**there, "path": "none/far.tar"}, ignore_errors_=True),
            task("volume_restore", **there, ignore_errors_=True),
            task("volume_restore", **{**there, "path": "none.tar"}, ignore_errors_=True),
            task("volume_restore", **there, async_=60, poll_=1, ignore_errors_=True),
        ]
    )
    wanted = [True, True, True, False, False, False, True, True, True, False, True, True, False, True]
    assert told.changed[: len(wanted)] == wanted
    assert told[1]["diff"] == {"before": {"exists": False}, "after": {"exists": True, "volume": "far"}}
    assert told[7]["diff"]["after"]["content"].endswith("backups/far.tar.gz")
    assert told[11]["container"]["Output"] == "precious\n"
    assert [path.name for path in (host.folder / "backups").iterdir()] == ["far.tar.gz"]
    words = ("no volume far", "folder does not exist", "no volume far", "none.tar", "async", "damaged tar archive")
    for result, word in zip([*told[len(wanted) :], told[12]], words):
        assert result["_ending"] == "failed", result
        assert word in result["msg"]
