"""Hosts that lack something: a sentence with what and where and what to do, and nothing half-made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.modules.host import Host, task

ALONE = {"network_mode": "none"}


def image(archive: Path) -> dict[str, Any]:
    return task("image", name="bb", source="import", load_path=str(archive), ignore_errors_=True)


def web(**options: Any) -> dict[str, Any]:
    running = {"name": "web", "image": "bb", "command": ["sleep", "infinity"], "stop_signal": "KILL"}
    return task("container", ignore_errors_=True, **{**running, **options})


@contextmanager
def file_system(host: Host, options: str) -> Iterator[None]:
    """Have the installation on a file system of its own, which only this host has."""
    os.makedirs(host.root, exist_ok=True)
    host.run("mount", "-t", "tmpfs", "-o", options, "tmpfs", host.root)
    yield
    host.run("umount", "-l", host.root)


def test_a_read_only_var(bare: Host, archive: Path) -> None:
    with file_system(bare, "ro"):
        imported, info, started = bare.play([image(archive), task("container_info", name="web"), web(**ALONE)])
        for refused in (imported, started):
            assert refused["_ending"] == "failed"
            assert refused["msg"] == f"Read-only file system: {bare.root}/run: mount that file system read-write"
        assert info["exists"] is False
        assert bare.run("ls", "-A", bare.root) == ""


def test_a_var_that_becomes_read_only(bare: Host, archive: Path) -> None:
    with file_system(bare, "mode=711"):
        assert [result["_ending"] for result in bare.play([image(archive), web(**ALONE)])] == ["ok", "ok"]
        # The file system itself has open files, so it is the way to it that is closed.
        bare.run("mount", "--bind", bare.root, bare.root)
        bare.run("mount", "-o", "remount,bind,ro", bare.root)
        looks = [task("container_info", name="web"), task("image_info", name="bb"), web(**ALONE)]
        *seen, same = bare.play(looks, "--check")
        assert seen[0]["container"]["State"]["Running"] is True
        assert len(seen[1]["images"]) == 1
        assert same["changed"] is False
        assert "web" in bare.run(f"{bare.root}/bin/skiff", "ps")
        for refused in bare.play([image(archive), web(state="absent"), web(name="other", **ALONE)]):
            assert refused["_ending"] == "failed"
            assert refused["msg"].startswith(f"Read-only file system: {bare.root}/")
            assert refused["msg"].endswith("mount that file system read-write")
        bare.run("umount", bare.root)
        removed, absent = bare.play([web(state="absent"), web(state="absent")])
        assert (removed["changed"], absent["changed"]) == (True, False)


def test_no_space_for_the_installation(bare: Host, archive: Path) -> None:
    with file_system(bare, "size=512k,mode=711"):
        imported, info = bare.play([image(archive), task("image_info")])
        assert imported["_ending"] == "failed"
        assert imported["msg"].startswith(f"No space left on device: {bare.root}/lib")
        assert imported["msg"].endswith("free some space there")
        assert info["images"] == []
        assert bare.run("find", f"{bare.root}/lib", f"{bare.root}/tmp", "-mindepth", "1") == ""
        bare.run("mount", "-o", "remount,size=64m", bare.root)
        assert [result["_ending"] for result in bare.play([image(archive), web(**ALONE)])] == ["ok", "ok"]
        bare.play([web(state="absent")])


def test_no_space_for_an_image(bare: Host, archive: Path) -> None:
    with file_system(bare, "size=6m,mode=711"):
        imported, info = bare.play([image(archive), task("image_info")])
        assert imported["_ending"] == "failed"
        assert imported["msg"].startswith(f"No space left on device: {bare.root}/")
        assert imported["msg"].endswith("free some space there")
        assert info["images"] == []
        assert bare.run("find", f"{bare.root}/tmp", f"{bare.root}/layers", "-mindepth", "1") == ""


def test_networks_without_pyroute2(bare: Host, archive: Path) -> None:
    package = bare.run("/usr/bin/python3", "-c", "import pyroute2; print(pyroute2.__path__[0])").strip()
    bare.run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", package)
    network = task("network", name="n", ignore_errors_=True)
    _image, *refused, info, networks, alone = bare.play([image(archive), web(), network, *none_made(), web(**ALONE)])
    for result in refused:
        assert result["msg"] == "networks need pyroute2 on the host: install the package python3-pyroute2"
    assert (info["exists"], networks["exists"]) == (False, False)
    assert alone["_ending"] == "ok", "without networks nothing of it is needed"


def test_networks_without_nft(bare: Host, archive: Path) -> None:
    for program in ("/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"):
        if os.path.exists(program):
            bare.run("mount", "--bind", "/dev/null", program)
            break
    network = task("network", name="n", ignore_errors_=True)
    _image, *refused, info, networks, alone = bare.play([image(archive), web(), network, *none_made(), web(**ALONE)])
    for result in refused:
        assert result["msg"] == "networks need the command nft on the host: install the package nftables"
    assert (info["exists"], networks["exists"]) == (False, False)
    assert alone["_ending"] == "ok"


def none_made() -> list[dict[str, Any]]:
    return [task("container_info", name="web"), task("network_info", name="n")]


def test_a_kernel_that_is_too_old(bare: Host, archive: Path) -> None:
    bare.prefix = ["setarch", "--uname-2.6"]
    for refused in bare.play([image(archive), web(**ALONE)]):
        assert refused["_ending"] == "failed"
        assert refused["msg"].startswith("containers need Linux 5.4 or newer, and this host runs 2.6.")
    assert not os.path.exists(bare.root)


def test_a_host_without_the_memory_controller(bare: Host, archive: Path) -> None:
    bare.run("sh", "-c", "umount -l /sys/fs/cgroup/memory || umount -l /sys/fs/cgroup")
    _image, limited, info = bare.play([image(archive), web(memory="64m", **ALONE), task("container_info", name="web")])
    assert limited["_ending"] == "failed"
    assert "cgroup" in limited["msg"]
    assert info["exists"] is False
