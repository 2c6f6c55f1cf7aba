"""The same archives in Docker and in ours: every path of the layers, the ids, and what inspect says."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime_lib.images import archive, catalog, inspect, layers, rootfs
from runtime_lib.store import Store
from tests.oracle.conftest import Engine
from tests.support.archives import docker_archive, member, tar
from tests.support.trees import described, rich_tree

pytestmark = pytest.mark.root
# What only a host of Docker's has: where its trees lie, and the container that it did not have.
OWN = ("GraphDriver", "Metadata", "Container", "ContainerConfig")


@pytest.fixture
def name(docker: Engine) -> Iterator[str]:
    yield "skiff-oracle-image:1"
    docker.call("rmi", "-f", "skiff-oracle-image:1")


def inspected(docker: Engine, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(docker.call("image", "inspect", name).stdout)[0]
    return found


def docker_trees(docker: Engine, name: str) -> list[Path]:
    """Return the folders of an image's layers, the top one first."""
    data = inspected(docker, name)["GraphDriver"]["Data"]
    lower = data.get("LowerDir", "").split(":") if data.get("LowerDir") else []
    return [Path(data["UpperDir"]), *map(Path, lower)]


def our_trees(store: Store, name: str) -> list[Path]:
    return [Path(folder) for folder in layers.folders(store, catalog.find(store, name).layers)]


def compared(tree: Path) -> dict[str, tuple[object, ...]]:
    """Describe a tree; of whiteouts only that they are, of folders whether they are opaque."""
    found = described(tree)
    for path, entry in found.items():
        status = (tree / path).lstat()
        if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
            found[path] = ("whiteout",)
        elif stat.S_ISDIR(status.st_mode):
            opaque = "trusted.overlay.opaque" in os.listxattr(tree / path)
            found[path] = (*entry, opaque)
    return found


def test_an_imported_root_file_system_is_the_same(docker: Engine, store: Store, name: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    rich_tree(source)
    # Docker sets the owner once more for a hard link, and the kernel then drops the file's capabilities; we keep them.
    (source / "bin" / "sudo").unlink()
    os.utime(source / "bin", (9, 9))
    options = ["--format=posix", "--xattrs", "--xattrs-include=*"]
    subprocess.run(["tar", "-C", source, *options, "-cf", tmp_path / "t.tar", "."], check=True)
    changes = ['CMD ["a", "b"]', "ENV A=1 B=2", "LABEL x=y", "EXPOSE 80", "WORKDIR /w", "USER 5", "VOLUME /v"]
    words = [word for change in changes for word in ("--change", change)]
    assert docker.call("import", *words, str(tmp_path / "t.tar"), name).returncode == 0
    with open(tmp_path / "t.tar", "rb") as file:
        rootfs.import_rootfs(store, file, name, changes)
    trees = our_trees(store, name)[0], docker_trees(docker, name)[0]
    for tree in trees:
        os.utime(tree, (0, 0))  # Docker leaves the root folder's own time as it is
    assert compared(trees[0]) == compared(trees[1])
    ours, theirs = inspect.inspect(store, name), inspected(docker, name)
    assert ours["RootFS"] == theirs["RootFS"]
    assert ours["Config"] == theirs["Config"]


def test_a_saved_image_is_the_same(docker: Engine, store: Store, name: str, tmp_path: Path) -> None:
    lower = tar(
        member("etc", kind=tarfile.DIRTYPE, mode=0o755, mtime=1),
        member("etc/passwd", b"root", mtime=2, mode=0o4644, uid=5),
        member("var/old/x", b"x", mtime=2),
    )
    upper = tar(
        member("etc", kind=tarfile.DIRTYPE, mode=0o700, mtime=3),
        member("etc/.wh.passwd"),
        member("var/old", kind=tarfile.DIRTYPE, mode=0o755, mtime=4),
        member("var/old/.wh..wh..opq"),
        member("var/old/y", b"y", mtime=5),
    )
    (tmp_path / "a.tar").write_bytes(docker_archive([name], lower, upper))
    assert docker.call("load", "-i", str(tmp_path / "a.tar")).returncode == 0
    assert docker.call("save", name, "-o", str(tmp_path / "saved.tar")).returncode == 0
    (loaded,) = archive.load(store, str(tmp_path / "saved.tar"))
    assert loaded.image.names == (name,)
    # Folders that no entry tells of get the time of unpacking.
    for ours, theirs in zip(our_trees(store, name), docker_trees(docker, name)):
        for tree in (ours, theirs):
            untold = [tree, tree / "var"]
            if (tree / "var" / "old" / "x").exists():
                untold.append(tree / "var" / "old")
            for path in untold:
                os.utime(path, (0, 0))
        assert compared(ours) == compared(theirs)


def test_inspect_tells_the_same(docker: Engine, store: Store, name: str, tmp_path: Path, archive_of: Path) -> None:
    (loaded,) = archive.load(store, str(archive_of))
    ours, theirs = inspect.describe(store, loaded.image), inspected(docker, name)
    for document in (ours, theirs):
        for key in OWN:
            document.pop(key, None)
    assert ours == theirs


@pytest.fixture
def archive_of(docker: Engine, name: str, tmp_path: Path) -> Path:
    """What Docker saves of an image of its own making."""
    (tmp_path / "t.tar").write_bytes(tar(member("f", b"x")))
    docker.call("import", "--change", "ENTRYPOINT a", "--message", "hello", str(tmp_path / "t.tar"), name)
    docker.call("save", name, "-o", str(tmp_path / "saved.tar"))
    return tmp_path / "saved.tar"
