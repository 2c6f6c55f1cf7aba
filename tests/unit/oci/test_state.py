from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from runtime_lib.errors import ContainerNotFound, InvalidSpec, NameTaken
from runtime_lib.linux.process import Process
from runtime_lib.oci import state


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "config.json").write_text(json.dumps({"root": {"path": "rootfs"}, "process": {}}))
    return str(tmp_path / "bundle")


def test_a_container_is_created_then_running_then_stopped(tmp_path: Path, bundle: str) -> None:
    root = str(tmp_path / "root")
    entry = state.new(root, "one", bundle)
    assert entry.status() == "stopped"
    me = Process.of(os.getpid())
    entry.data.update(pid=me.pid, startTime=me.start_time)
    entry.save()
    assert state.find(root, "one").status() == "created"
    os.unlink(entry.gate)
    assert state.find(root, "one").public()["status"] == "running"
    entry.data["startTime"] += 1  # another process has the pid by now
    entry.save()
    assert state.find(root, "one").public()["pid"] == 0
    assert [each.id for each in state.listing(root)] == ["one"]


def test_names_are_taken_once(tmp_path: Path, bundle: str) -> None:
    state.new(str(tmp_path), "one", bundle)
    with pytest.raises(NameTaken, match="one"):
        state.new(str(tmp_path), "one", bundle)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "a\n", "é", "x" * 1025])
def test_names_are_no_paths(tmp_path: Path, bundle: str, name: str) -> None:
    with pytest.raises(InvalidSpec, match="id"):
        state.new(str(tmp_path), name, bundle)


def test_bundles_need_a_configuration(tmp_path: Path, bundle: str) -> None:
    with pytest.raises(InvalidSpec, match="missing"):
        state.new(str(tmp_path / "root"), "one", str(tmp_path))
    Path(bundle, "config.json").write_text("{")
    with pytest.raises(InvalidSpec, match="not JSON"):
        state.new(str(tmp_path / "root"), "one", bundle)
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize("name", ["nobody", "../root/one", ""])
def test_an_unknown_container(tmp_path: Path, bundle: str, name: str) -> None:
    state.new(str(tmp_path / "root"), "one", bundle).save()
    with pytest.raises(ContainerNotFound):
        state.find(str(tmp_path / "root"), name)
    assert state.listing(str(tmp_path / "nowhere")) == []


def test_a_unit_of_systemd_is_refused_in_words(tmp_path: Path, bundle: str) -> None:
    config = {"root": {"path": "rootfs"}, "process": {}, "linux": {"cgroupsPath": "system.slice:docker:one"}}
    Path(bundle, "config.json").write_text(json.dumps(config))
    with pytest.raises(InvalidSpec, match="which skiff-oci does not drive: use cgroupfs"):
        state.new(str(tmp_path / "root"), "one", bundle)
    assert not (tmp_path / "root").exists()
