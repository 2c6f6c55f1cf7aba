"""A damaged store: `skiff check` names what is damaged, `--repair` removes it, and everything else goes on working."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.skiff import Skiff

ROOT_FILE = "etc/passwd"
OTHER = "(SELECT image_id FROM image_names WHERE name LIKE '%other%')"
SLEEP = ("busybox", "sleep", "1000")


@pytest.fixture
def host(skiff: Skiff, archive: Path) -> Iterator[Skiff]:
    """A host with two images; of the second there is a container that runs."""
    skiff.run("import", "-c", "LABEL which=other", str(archive), "other")
    skiff.run("run", "-d", "--name", "web", *SLEEP)
    yield skiff
    skiff.run("rm", "-f", "web", check=False)


def change(skiff: Skiff, *statements: str) -> None:
    """Do to the database what no Skiff would do."""
    db = sqlite3.connect(skiff.layout.database, isolation_level=None)
    db.execute("PRAGMA foreign_keys = OFF")
    for statement in statements:
        db.execute(statement)
    db.close()


def value(skiff: Skiff, query: str) -> str:
    db = sqlite3.connect(skiff.layout.database)
    found = db.execute(query).fetchone()[0]
    db.close()
    return str(found)


def tree(skiff: Skiff) -> Path:
    folder = value(skiff, "SELECT folder FROM layers")
    return Path(skiff.layout.layers) / folder


def flip(path: Path, count: int = 1) -> None:
    data = bytearray(path.read_bytes())
    for place in range(len(data) // 2, len(data) // 2 + count):
        data[place] ^= 1
    times = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def checked(skiff: Skiff, *options: str) -> str:
    """Return what `check` finds; it must find something."""
    result = skiff.run("check", *options, check=False)
    assert (result.returncode, result.stdout != "") == (1, True), result
    return result.stdout


def damage_content(skiff: Skiff) -> str:
    flip(tree(skiff) / ROOT_FILE)
    return f"/{ROOT_FILE} is not as it was"


def damage_missing(skiff: Skiff) -> str:
    (tree(skiff) / ROOT_FILE).unlink()
    return f"/{ROOT_FILE}"


def damage_missing_link(skiff: Skiff) -> str:
    link = next(path for path in sorted((tree(skiff) / "bin").iterdir()) if path.is_symlink())
    link.unlink()
    return f"/bin/{link.name} is missing"


def damage_foreign(skiff: Skiff) -> str:
    (tree(skiff) / "etc/foreign").write_text("x")
    return "/etc/foreign does not belong to it"


def damage_mode(skiff: Skiff) -> str:
    (tree(skiff) / ROOT_FILE).chmod(0o4755)
    return f"/{ROOT_FILE} has another mode than it had"


def damage_longer(skiff: Skiff) -> str:
    with (tree(skiff) / ROOT_FILE).open("a") as file:
        file.write("evil::0:0::/:/bin/sh\n")
    return f"/{ROOT_FILE} has another size than it had"


def damage_folder(skiff: Skiff) -> str:
    shutil.rmtree(tree(skiff))
    return "is gone"


def damage_recipe(skiff: Skiff) -> str:
    # One bit may do no harm: of two distances to the same zeros, for example, it makes one the other.
    flip(Path(skiff.layout.recipes) / tree(skiff).name, 40)
    return "layer sha256:"


LAYER_DAMAGES = (
    damage_content,
    damage_missing,
    damage_missing_link,
    damage_foreign,
    damage_mode,
    damage_longer,
    damage_folder,
    damage_recipe,
)


def test_a_sound_store_has_nothing_to_say(host: Skiff) -> None:
    result = host.run("check")
    assert (result.stdout, result.stderr) == ("", "")


@pytest.mark.parametrize("damage", LAYER_DAMAGES)
def test_a_damaged_layer_is_named_and_made_again(
    host: Skiff, archive: Path, damage: Callable[[Skiff], str], tmp_path: Path
) -> None:
    host.run("save", "-o", str(tmp_path / "saved.tar"), "busybox")
    expected = damage(host)
    said = checked(host)
    assert expected in said
    assert "image busybox:latest (" in said
    assert "the containers web need it" in said  # and so the image stays
    assert host.states() == {"web": "running"}

    # The image that no container needs goes; the other one stays, for the sake of its container.
    repaired = checked(host, "--repair")
    assert "remove image other:latest" in repaired
    assert host.run("images", "--format", "{{.Repository}}").stdout.split() == ["busybox"]
    assert host.states() == {"web": "running"}
    refused = host.run("run", "--rm", "busybox", "true", check=False)
    assert (refused.returncode, "get its image again" in refused.stderr) == (125, True)

    # What runs keeps its files until it is stopped; then the image is made whole, and the container starts again.
    refused = host.run("load", "-i", str(tmp_path / "saved.tar"), check=False)
    assert "stop it, then try again" in refused.stderr
    host.run("stop", "-t", "0", "web")
    host.run("load", "-i", str(tmp_path / "saved.tar"))
    assert host.run("check").stdout == ""
    host.run("start", "web")
    assert host.run("run", "--rm", "busybox", "cat", f"/{ROOT_FILE}").stdout.startswith("root:")


def test_quick_only_looks_whether_the_folders_are_there(host: Skiff) -> None:
    damage_content(host)
    assert host.run("check", "--quick").returncode == 0
    damage_folder(host)
    assert "is gone" in checked(host, "--quick")


def damage_configuration(skiff: Skiff) -> str:
    change(
        skiff,
        f"UPDATE images SET config = substr(config, 1, 40) WHERE id IN {OTHER}",
    )
    return "its configuration cannot be read"


def damage_configuration_silently(skiff: Skiff) -> str:
    change(
        skiff,
        f"UPDATE images SET config = replace(config, 'which', 'whose') WHERE id IN {OTHER}",
    )
    return "its configuration is not that of its id"


def damage_layer_list(skiff: Skiff) -> str:
    change(skiff, f"DELETE FROM image_layers WHERE image_id IN {OTHER}")
    return "its layers are not those of its configuration"


def damage_name(skiff: Skiff) -> str:
    change(
        skiff,
        f"INSERT INTO image_names (name, image_id) VALUES ('docker.io/library/dangling:latest', 'sha256:{'0' * 64}')",
    )
    return "image_names (docker.io/library/dangling:latest"


def damage_stray_layer(skiff: Skiff) -> str:
    path = Path(skiff.layout.layers) / "stray"
    path.mkdir()
    (path / "file").write_text("x")
    return f"file {path}: no layer is known there"


@pytest.mark.parametrize(
    "damage",
    [damage_configuration, damage_configuration_silently, damage_layer_list, damage_name, damage_stray_layer],
)
def test_what_no_container_needs_is_removed(host: Skiff, damage: Callable[[Skiff], str]) -> None:
    expected = damage(host)
    assert expected in checked(host)
    for words in (("images",), ("ps", "-a"), ("inspect", "web"), ("system", "df"), ("network", "ls"), ("volume", "ls")):
        host.run(*words)
    result = host.run("check", "--repair")
    assert ": done" in result.stdout
    assert host.run("check").stdout == ""
    assert host.states() == {"web": "running"}
    assert host.run("run", "--rm", "busybox", "true").returncode == 0


def test_a_damaged_image_is_made_whole_by_getting_it_again(host: Skiff, tmp_path: Path) -> None:
    host.run("save", "-o", str(tmp_path / "saved.tar"), "other")
    damage_configuration(host)
    refused = host.run("run", "--rm", "other", "true", check=False)
    assert (refused.returncode, "image other:latest is damaged" in refused.stderr) == (125, True)
    host.run("load", "-i", str(tmp_path / "saved.tar"))
    assert host.run("check").stdout == ""
    host.run("run", "--rm", "other", "true")


@pytest.mark.parametrize("damage", [damage_configuration, damage_configuration_silently])
def test_a_damaged_image_is_not_sent_on(host: Skiff, tmp_path: Path, damage: Callable[[Skiff], str]) -> None:
    host.run("tag", "other", "127.0.0.1:1/other:1")
    damage(host)
    path = tmp_path / "saved.tar"
    folder = ("--format", "oci-dir", "-o", str(tmp_path / "layout"))
    for words in (("save", "-o", str(path), "other"), ("save", *folder, "other")):
        refused = host.run(*words, check=False)
        assert (refused.returncode, "is damaged: its configuration" in refused.stderr) == (1, True), refused.stderr
    assert os.listdir(tmp_path) == []


def test_a_damaged_image_can_be_removed(host: Skiff) -> None:
    damage_configuration(host)
    host.run("rmi", "other")
    assert host.run("check").stdout == ""


def damage_settings(skiff: Skiff) -> str:
    change(skiff, "UPDATE containers SET spec = substr(spec, 1, 60) WHERE name = 'lost'")
    return "container lost: its settings cannot be read"


def damage_own_files(skiff: Skiff) -> str:
    shutil.rmtree(skiff.layout.container(value(skiff, "SELECT id FROM containers WHERE name = 'lost'")))
    return "is gone, with all that it has written"


def damage_image_of_container(skiff: Skiff) -> str:
    query = "SELECT image_id FROM containers WHERE name = 'lost'"
    change(
        skiff,
        f"DELETE FROM image_layers WHERE image_id = ({query})",
        f"DELETE FROM image_names WHERE image_id = ({query})",
        f"DELETE FROM images WHERE id = ({query})",
    )
    return "container lost: its image sha256:"


@pytest.mark.parametrize("damage", [damage_settings, damage_own_files, damage_image_of_container])
@pytest.mark.parametrize("way", ["check", "rm"])
def test_a_damaged_container_stays_until_it_is_told_to_go(
    host: Skiff, damage: Callable[[Skiff], str], way: str
) -> None:
    host.run("create", "--name", "lost", "other", "true")
    expected = damage(host)
    assert expected in checked(host)
    assert "lost" in host.run("ps", "-a").stdout
    for words in (("images",), ("inspect", "web"), ("system", "df"), ("image", "prune", "-f"), ("stop", "lost")):
        host.run(*words)
    assert host.run("start", "lost", check=False).returncode == 1
    assert "container lost" in checked(host, "--repair")  # it may hold what somebody needs
    if way == "check":
        assert host.run("check", "--repair", "--force").returncode == 0
    else:
        host.run("rm", "lost")
    assert host.states() == {"web": "running"}
    assert host.run("check", "--repair", check=False).returncode == 0


def test_what_is_left_of_a_container_is_removed_by_force_alone(host: Skiff) -> None:
    folder = Path(host.layout.container("f" * 64))
    (folder / "upper").mkdir(parents=True)
    (folder / "upper/file").write_text("precious")
    assert f"file {folder}: no container is known there" in checked(host)
    checked(host, "--repair")
    assert (folder / "upper/file").exists()
    assert host.run("check", "--repair", "--force").returncode == 0
    assert not folder.exists()


def test_volumes_are_never_removed(host: Skiff) -> None:
    host.run("volume", "create", "data")
    folder = Path(host.layout.volume("data"))
    shutil.rmtree(folder)
    assert f"volume data: its folder {folder} is gone" in checked(host)
    checked(host, "--repair", "--force")
    assert host.run("volume", "ls", "-q").stdout.split() == ["data"]
    host.run("volume", "rm", "data")
    assert host.run("check").stdout == ""


def test_a_state_file_that_was_cut_off_means_that_nothing_is_known(host: Skiff) -> None:
    host.run("stop", "-t", "0", "web")
    last = Path(host.layout.container(value(host, "SELECT id FROM containers"))) / "last.json"
    last.write_bytes(last.read_bytes()[:20])
    assert host.states() == {"web": "created"}
    host.run("start", "web")
    assert host.states() == {"web": "running"}
