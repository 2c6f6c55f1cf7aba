"""What a power cut must find: files on the disk before the row that makes them count, rows before files go."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.disk import Trace
from tests.support.skiff import Skiff

SLEEP = ("busybox", "sleep", "1000")
GONE = "unlink unlinkat rmdir rename renameat"


def test_a_new_container_is_on_the_disk(skiff: Skiff) -> None:
    trace = Trace(skiff, "create", "--name", "web", *SLEEP)
    made = trace.positions("mkdir mkdirat", "/upper")
    folders = trace.synced("/containers")
    assert made[-1] < folders[0]
    assert folders[-1] < trace.commits()[-1]


def test_a_new_volume_is_on_the_disk_before_it_is_filled(skiff: Skiff) -> None:
    trace = Trace(skiff, "create", "--name", "web", "-v", "data:/etc", *SLEEP)
    row = next(place for place in trace.commits() if place > trace.positions("mkdir mkdirat", "/_data")[0])
    filled = trace.positions("rename renameat", "_seed")[0]
    assert row < trace.synced("/_seed")[0] < filled < trace.synced("/volumes/data")[-1] < trace.commits()[-1]
    skiff.run("rm", "web")
    skiff.run("volume", "rm", "data")


def test_a_removal_is_known_before_the_files_go(skiff: Skiff) -> None:
    skiff.run("create", "--name", "web", *SLEEP)
    trace = Trace(skiff, "rm", "web")
    assert trace.commits()[0] < trace.positions(GONE, "/containers")[0]


def test_a_volumes_removal_is_known_before_the_files_go(skiff: Skiff) -> None:
    skiff.run("volume", "create", "data")
    trace = Trace(skiff, "volume", "rm", "data")
    assert trace.commits()[0] < trace.positions(GONE, "/volumes")[0]


def test_a_layer_is_on_the_disk_before_its_image_counts(skiff: Skiff, archive: Path) -> None:
    assert skiff.run("rmi", "busybox").returncode == 0
    trace = Trace(skiff, "import", str(archive), "busybox")
    installed = trace.positions("rename renameat", "/layers/")[-1]
    written = next(place for place in trace.positions("syncfs", "") if place > installed)
    assert written < trace.commits()[-1]
    log = trace.positions("pwrite64", "skiff.db-wal")
    assert not [place for place in log if installed < place < written]


def test_an_images_removal_is_known_before_its_layers_go(skiff: Skiff, archive: Path) -> None:
    skiff.run("import", "-c", "ENV a=b", str(archive), "other")
    skiff.run("rmi", "other")
    skiff.run("tag", "busybox", "kept")
    trace = Trace(skiff, "rmi", "busybox", "kept")
    assert len(trace.commits()) >= 2
    assert trace.commits()[1] < trace.positions("rename renameat", "/layers/")[0]
    skiff.run("import", str(archive), "busybox")


def test_names_and_networks_wait_for_the_disk(skiff: Skiff) -> None:
    skiff.run("create", "--name", "web", *SLEEP)
    for words in (
        ("rename", "web", "other"),
        ("tag", "busybox", "second"),
        ("rmi", "second"),
        ("network", "create", "net"),
        ("network", "rm", "net"),
    ):
        assert Trace(skiff, *words).commits(), words


def test_the_users_wish_lasts_and_everything_else_waits_for_no_disk(skiff: Skiff) -> None:
    skiff.run("create", "--name", "web", "--network", "none", "--restart", "unless-stopped", *SLEEP)
    assert Trace(skiff, "start", "web").commits() == []
    assert Trace(skiff, "exec", "web", "true").commits() == []
    assert Trace(skiff, "stop", "-t", "0", "web").commits()
    assert Trace(skiff, "start", "web").commits()
    assert Trace(skiff, "kill", "web").commits()


def test_what_ends_with_the_boot_waits_for_no_disk(skiff: Skiff) -> None:
    assert Trace(skiff, "run", "--rm", "--network", "none", "busybox", "true").commits() == []


@pytest.fixture
def cut(skiff: Skiff) -> Skiff:
    """An installation that has had a reboot: nothing is in its run folder."""
    skiff.run("create", "--rm", "--name", "gone", *SLEEP)
    skiff.run("create", "--name", "kept", *SLEEP)
    orphan = Path(skiff.root, "containers", "a" * 64, "upper")
    orphan.mkdir(parents=True)
    (orphan / "file").write_text("of a row that the cut has taken back")
    Path(skiff.layout.layers, "0123456789abcdef").mkdir()
    Path(skiff.layout.swept).unlink()
    return skiff


def test_the_first_call_after_a_boot_clears_away(cut: Skiff) -> None:
    cut.run("restore")
    assert cut.states() == {"kept": "created"}
    assert len(list(Path(cut.root, "containers").iterdir())) == 1
    assert not Path(cut.layout.layers, "0123456789abcdef").exists()
    assert Path(cut.layout.swept).exists()
