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
