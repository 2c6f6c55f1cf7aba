"""Kernels that lack the newer system calls: a filter answers ENOSYS for them, as such a kernel does."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from runtime_lib.linux import libc, mounts, seccomp, userns
from tests.support.bundle import Bundle
from tests.support.child import result_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
ENOSYS = 38
SET_FLAG, SET_STRING, CREATE = 0, 1, 6  # the commands of fsconfig(2)


def test_without_the_calls_that_came_after_linux_5_4(bundle: Bundle, tmp_path: Path) -> None:
    names = ["clone3", "close_range", "mount_setattr", "openat2"]
    rule = {"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS}
    program = seccomp.compile({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]})
    bundle.config["linux"]["sysctl"] = {"kernel.msgmax": "7000"}
    bundle.config["root"]["readonly"] = True
    bundle.config["mounts"].append(
        {
            "destination": "/data",
            "type": "bind",
            "source": str(tmp_path),
            "options": ["rbind", "ro", "nosuid", "rprivate"],
        }
    )
    script = (
        "touch /x /data/y; cat /proc/keys; ls /proc/$$/fd; grep ' /data ' /proc/self/mountinfo; sysctl kernel.msgmax"
    )
    done = bundle.run("sh", "-c", script, preexec_fn=lambda: seccomp.load(program))
    assert done.stderr.count("Read-only file system") == 2, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:3] == ["0", "1", "2"]
    assert lines[-1] == "kernel.msgmax = 7000"
    assert [line.split()[5] for line in lines if "/data" in line] == ["ro,nosuid,relatime"]


@pytest.fixture
def many(tmp_path: Path) -> list[str]:
    """The folders of 200 layers, beside those that an overlay needs: upper, work and place."""
    layers = []
    for number in range(200):
        layer = tmp_path / "layers" / f"{number:016d}"
        layer.mkdir(parents=True)
        (layer / f"f{number}").touch()
        layers.append(str(layer))
    for name in ("own/upper", "own/work", "place"):
        (tmp_path / name).mkdir(parents=True)
    return layers


def _by_mount(layers: list[str], folder: Path) -> int:
    upper, work, place = (str(folder / name) for name in ("own/upper", "own/work", "place"))
    mount = mounts.overlay_by_mount(layers, upper, work, [("index", "off")], libc.MOUNT_ATTR_NODEV, place)
    assert os.listdir(place) == []
    return mount


def test_many_layers_without_an_option_for_each(tmp_path: Path, many: list[str]) -> None:
    """Linux < 6.5: all layers in one page of options, by names relative to their folder."""

    def attempt() -> int:
        libc.unshare(libc.CLONE_NEWNS)
        libc.mount(None, "/", None, libc.MS_PRIVATE | libc.MS_REC)
        return len(os.listdir(f"/proc/self/fd/{_by_mount(many, tmp_path)}"))

    assert result_of(attempt) == 200


@pytest.mark.userns
def test_many_layers_with_other_owners(tmp_path: Path, many: list[str]) -> None:
    """Linux < 6.15: each layer lies at its place with the owners of the user namespace, until the overlay is made."""
    before = Path("/proc/self/mountinfo").read_text()

    def attempt() -> list[object]:
        ids = [{"containerID": 0, "hostID": 100000, "size": 65536}]
        libc.unshare(libc.CLONE_NEWNS)
        with userns.shifted_layers(many, str(tmp_path / "own" / "upper"), userns.create(ids, ids)):
            mount = _by_mount(many, tmp_path)
        shown = os.stat(f"/proc/self/fd/{mount}/f199")
        files = len(os.listdir(f"/proc/self/fd/{mount}"))
        return [files, shown.st_uid, shown.st_gid, os.stat(f"{many[199]}/f199").st_uid, os.geteuid()]

    assert result_of(attempt) == [200, 100000, 100000, 0, 0]
    assert Path("/proc/self/mountinfo").read_text() == before


def test_layers_that_do_not_fit_are_told_and_not_cut_off(tmp_path: Path) -> None:
    layers = [f"{tmp_path}/{number:064d}" for number in range(64)]
    with pytest.raises(OSError, match="too many layers"):
        mounts.overlay_by_mount(layers, "", "", [], 0, str(tmp_path))


def test_a_kernel_that_takes_every_option_and_fails_at_the_end(tmp_path: Path) -> None:
    """Linux < 6.5, as Debian 12 has it: overlayfs hears of its options only when it is created."""
    for name in ("lower", "upper", "work"):
        (tmp_path / name).mkdir()
    (tmp_path / "lower" / "seen").touch()

    def answer(command: int, number: int) -> dict[str, object]:
        argument = {"index": 1, "value": command, "op": "SCMP_CMP_EQ"}
        return {"names": ["fsconfig"], "action": "SCMP_ACT_ERRNO", "errnoRet": number, "args": [argument]}

    rules = [answer(SET_FLAG, 0), answer(SET_STRING, 0), answer(CREATE, errno.EINVAL)]
    program = seccomp.compile({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules})

    def attempt() -> list[str]:
        seccomp.load(program)
        lower, upper, work = (str(tmp_path / name) for name in ("lower", "upper", "work"))
        return os.listdir(f"/proc/self/fd/{mounts.overlay_on_any_kernel([lower], upper, work)}")

    assert result_of(attempt) == ["seen"]
