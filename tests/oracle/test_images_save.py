"""Images go from Skiff to Docker and back with the same id and every path as it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.images import archive, catalog, inspect, newfile
from runtime_lib.images.save import save
from runtime_lib.images.selection import select
from runtime_lib.store import Store
from tests.oracle.conftest import IMAGE, Engine
from tests.oracle.test_images import compared, docker_trees, inspected, our_trees
from tests.support.archives import config, docker_archive, member, tar
from tests.support.trees import rich_tree

pytestmark = pytest.mark.root
FOLDER, HARD, CHARACTER = tarfile.DIRTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE
NAME = "skiff-oracle-save:1"


@pytest.fixture
def engine(docker: Engine) -> Iterator[Engine]:
    docker.call("rmi", "-f", NAME)
    yield docker
    docker.call("rmi", "-f", NAME)


def saved(store: Store, path: Path, *refs: str) -> Path:
    with newfile.replacing(str(path)) as descriptor:
        save(store, select(store, refs), descriptor)
    return path


def rich_image(folder: Path, *more: str) -> bytes:
    """Return a docker-archive whose layers have everything that a layer can hold, but capabilities on hard links.

    `more` are options of tar. Docker cannot save what it has loaded with sparse files (-S), we can.
    """
    source = folder / "source"
    rich_tree(source)
    (source / "bin" / "sudo").unlink()
    options = ["--format=posix", "--xattrs", "--xattrs-include=*", *more]
    lower = subprocess.run(["tar", "-C", source, *options, "-cf", "-", "."], check=True, capture_output=True).stdout
    middle = tar(
        member("./", kind=FOLDER, mode=0o755, mtime=2),
        member("etc", kind=FOLDER, mode=0o755, mtime=3),
        member("etc/passwd", b"root", mtime=2, mode=0o4644, uid=3_000_000, gid=2_200_000),
        member("etc/shadow", kind=HARD, linkname="etc/passwd", mtime=2, mode=0o4644, uid=3_000_000, gid=2_200_000),
        member("etc/" + "n" * 200, b"long", mtime=2),
        member("etc/caf\udce9", b"latin", mtime=2),
        member("etc/zero", kind=CHARACTER, devmajor=1, devminor=5, mode=0o666, mtime=2),
        member("tmp", kind=FOLDER, mode=0o1777, mtime=3),
        member("tmp/old", b"x", mtime=2),
        member("large", os.urandom(3 << 20), mtime=2),
    )
    upper = tar(
        member("./", kind=FOLDER, mode=0o755, mtime=2),
        member("etc", kind=FOLDER, mode=0o700, mtime=3),
        member("etc/.wh.passwd"),
        member("tmp", kind=FOLDER, mode=0o755, mtime=4),
        member("tmp/.wh..wh..opq"),
        member("tmp/new", b"y", mtime=5),
    )
    document = config(lower, middle, upper, created="2024-05-06T07:08:09.1Z")
    return docker_archive([NAME], lower, middle, upper, document=document)


def same_trees(engine: Engine, store: Store) -> None:
    for ours, theirs in zip(our_trees(store, NAME), docker_trees(engine, NAME), strict=True):
        for tree in (ours, theirs):
            os.utime(tree, (0, 0))  # Docker leaves the root folder's own time as it is
        assert compared(ours) == compared(theirs)


def test_what_we_save_docker_loads(engine: Engine, store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(rich_image(tmp_path, "-S"))
    (loaded,) = archive.load(store, str(tmp_path / "a.tar"))
    done = engine.call("load", "-i", str(saved(store, tmp_path / "ours.tar", NAME)))
    assert (done.returncode, done.stdout) == (0, f"Loaded image: {NAME}\n"), done.stderr
    theirs = inspected(engine, NAME)
    ours = inspect.inspect(store, NAME)
    assert theirs["Id"] == loaded.image.id
    for key in ("Config", "RootFS", "RepoTags", "Architecture", "Os", "Created"):
        assert ours[key] == theirs[key], key
    same_trees(engine, store)


def test_what_docker_saves_comes_back_to_docker(engine: Engine, store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(rich_image(tmp_path))
    assert engine.call("load", "-i", str(tmp_path / "a.tar")).returncode == 0
    before = inspected(engine, NAME)
    assert engine.call("save", "-o", str(tmp_path / "theirs.tar"), NAME).returncode == 0
    assert engine.call("rmi", NAME).returncode == 0
    archive.load(store, str(tmp_path / "theirs.tar"))
    done = engine.call("load", "-i", str(saved(store, tmp_path / "ours.tar", NAME)))
    assert done.returncode == 0, done.stderr
    after = inspected(engine, NAME)
    for document in (before, after):
        document.pop("Metadata")
        document.pop("GraphDriver")
    assert after == before
    same_trees(engine, store)


def test_what_we_build_docker_runs(engine: Engine, skiff: Engine, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        f"FROM {IMAGE}\n"
        "COPY page /srv/page\nRUN rm /etc/group && mkdir -p /srv/d && echo made > /srv/d/f && ln /srv/d/f /srv/d/g\n"
        'ENV A=1\nCMD ["cat", "/srv/page", "/srv/d/g"]\n'
    )
    (tmp_path / "page").write_text("page\n")
    built = skiff.call("build", "-t", NAME, "--network", "none", str(tmp_path))
    assert built.returncode == 0, built.stderr
    target = tmp_path / "ours.tar"
    assert skiff.call("save", "-o", str(target), NAME).returncode == 0
    assert engine.call("load", "-i", str(target)).returncode == 0
    shown = [one.call("image", "inspect", NAME, "--format", "{{.Id}}").stdout for one in (engine, skiff)]
    assert shown[0] == shown[1]
    assert engine.call("run", "--rm", "--network", "none", NAME).stdout == "page\nmade\n"
    assert engine.call("run", "--rm", "--network", "none", NAME, "ls", "/etc/group").returncode == 1
    skiff.call("rmi", NAME)


def test_several_images_and_tags(engine: Engine, store: Store, tmp_path: Path) -> None:
    base = tar(member("f", b"base"))
    other = tar(member("g", b"other"))
    names = ["skiff-oracle-save:1", "skiff-oracle-save:2", "example.com/a/skiff-oracle-save:1"]
    for number, data in enumerate((docker_archive(names[::2], base), docker_archive(names[1:2], base, other))):
        (tmp_path / f"{number}.tar").write_bytes(data)
        archive.load(store, str(tmp_path / f"{number}.tar"))
    done = engine.call("load", "-i", str(saved(store, tmp_path / "ours.tar", "skiff-oracle-save", names[2])))
    assert done.returncode == 0, done.stderr
    try:
        assert sorted(done.stdout.split()) == sorted([*("Loaded image: " * 3).split(), *names])
        for name in names:
            assert inspected(engine, name)["Id"] == catalog.find(store, name).id
    finally:
        engine.call("rmi", "-f", *names)


@pytest.mark.skipif(not shutil.which("podman"), reason="needs podman")
def test_podman_loads_it(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(rich_image(tmp_path))
    image = archive.load(store, str(tmp_path / "a.tar"))[0].image
    catalog.tag(store, NAME, "skiff-oracle-save:other")
    folder = tempfile.mkdtemp(prefix="podman-")  # Podman takes no path of more than 50 characters
    podman = ["podman", "--root", f"{folder}/root", "--runroot", f"{folder}/run", "--storage-driver", "vfs"]
    try:
        for refs in ((NAME,), ("skiff-oracle-save",)):
            path = saved(store, tmp_path / "ours.tar", *refs)
            subprocess.run([*podman, "load", "-q", "-i", path], check=True, capture_output=True, timeout=300)
        shown = subprocess.run(
            [*podman, "images", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        assert {line.rpartition("/")[2] for line in shown.splitlines()} == {NAME, "skiff-oracle-save:other"}
        assert {line.split()[0] for line in shown.splitlines()} == {image.id}
    finally:
        subprocess.run([*podman, "rmi", "-af"], check=False, capture_output=True)
        shutil.rmtree(folder)
