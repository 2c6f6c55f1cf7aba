"""Options of a container that reach beyond it: parts of volumes, trees of images, groups, names of others."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import rootfs
from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
ALONE = ("--network", "none")


def inside(skiff: Skiff, *words: str) -> str:
    return skiff.run("run", "--rm", *ALONE, *words).stdout


def test_a_part_of_a_volume(skiff: Skiff) -> None:
    fill = "mkdir -p /v/a/b; echo deep >/v/a/b/file; ln -s /a/b /v/link; ln -s /../../../../etc /v/out"
    inside(skiff, "-v", "data:/v", "bb", "sh", "-c", f"{fill}; ln -s .. /v/a/up")

    def seen(path: str, command: str = "cat /t/file") -> str:
        return inside(skiff, "--mount", f"source=data,target=/t,volume-subpath={path}", "bb", "sh", "-c", command)

    assert seen("a/b") == "deep\n"
    assert seen("link") == "deep\n"  # an absolute link is one inside the volume
    assert seen("a/up/a/b") == "deep\n"
    assert seen("a/b/file", "cat /t") == "deep\n"
    mount = "type=volume,source=data,target=/t,volume-subpath="
    for wrong in ("out", "no/such"):  # `out` is `etc` of the volume, which it does not have
        failed = skiff.run("run", "--rm", *ALONE, "--mount", mount + wrong, "bb", "true", check=False)
        assert failed.returncode == 125
        assert "No such file or directory" in failed.stderr
        assert f"/{wrong}:" in failed.stderr
    skiff.run("volume", "rm", "data")


def test_mounts_below_a_read_only_bind(skiff: Skiff) -> None:
    look = "grep ' /m[ /]' /proc/self/mountinfo | cut -d ' ' -f 6 | cut -d , -f 1 | sort | uniq -c | wc -l"
    mount = "type=bind,source=/dev,target=/m,readonly"
    assert inside(skiff, "--mount", mount, "bb", "sh", "-c", look) == "2\n"  # rw below, as Docker 20.10 has it
    assert inside(skiff, "--mount", f"{mount},bind-recursive=readonly", "bb", "sh", "-c", look) == "1\n"
    assert inside(skiff, "--mount", f"{mount},bind-recursive=disabled", "bb", "sh", "-c", look) == "1\n"


@pytest.fixture
def shared(skiff: Skiff, tmp_path: Path) -> Iterator[Path]:
    """A folder that is a mount, and shared."""
    place = tmp_path / "shared"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "shared", place], check=True)
    subprocess.run(["mount", "--make-shared", place], check=True)
    (place / "here").mkdir()
    (place / "there").mkdir()
    yield place
    skiff.run("rm", "-f", "box", check=False)
    subprocess.run(["umount", "-R", place], check=True)


@pytest.mark.parametrize(
    ("propagation", "in_sees", "out_sees"),
    [("rshared", True, True), ("shared", True, True), ("rslave", True, False), ("slave", True, False),
     ("rprivate", False, False), ("private", False, False)],
)  # fmt: skip
def test_how_mounts_spread(skiff: Skiff, shared: Path, propagation: str, in_sees: bool, out_sees: bool) -> None:
    mount = f"type=bind,source={shared},target=/m,bind-propagation={propagation}"
    options = ("--cap-add", "SYS_ADMIN", "--security-opt", "apparmor=unconfined", "--mount", mount)
    skiff.run("run", "-d", "--name", "box", *ALONE, *options, "bb", "sleep", "1000")
    skiff.run("exec", "box", "mount", "-t", "tmpfs", "inner", "/m/there")
    subprocess.run(["mount", "-t", "tmpfs", "outer", shared / "here"], check=True)
    seen = skiff.run("exec", "box", "cat", "/proc/self/mountinfo").stdout
    assert (" /m/here " in seen) == in_sees
    assert (f" {shared}/there " in Path("/proc/self/mountinfo").read_text()) == out_sees


def test_a_private_mount_does_not_spread(skiff: Skiff, shared: Path) -> None:
    subprocess.run(["mount", "--make-private", shared], check=True)
    for propagation in ("rshared", "rslave"):
        refused = skiff.run("run", "--rm", *ALONE, "-v", f"{shared}:/m:{propagation}", "bb", "true", check=False)
        assert f"{propagation} needs {shared} on a mount that is shared" in refused.stderr
    assert inside(skiff, "-v", f"{shared}:/m:rprivate", "bb", "ls", "/m") == "here\nthere\n"


def test_the_tree_of_an_image(skiff: Skiff) -> None:
    mount = "type=image,source=bb,target=/t"
    assert inside(skiff, "--mount", mount, "bb", "cat", "/t/etc/passwd") == rootfs.USERS
    assert inside(skiff, "--mount", f"{mount},image-subpath=etc", "bb", "cat", "/t/passwd") == rootfs.USERS
    written = skiff.run("run", "--rm", *ALONE, "--mount", mount, "bb", "touch", "/t/x", check=False)
    assert "Read-only" in written.stderr
    missing = skiff.run("create", "--mount", "type=image,source=nowhere,target=/t", "bb", "true", check=False)
    assert missing.returncode == 1
    assert "nowhere" in missing.stderr


def test_an_image_that_is_mounted_stays(skiff: Skiff, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "word").write_text("kept")
    subprocess.run(["tar", "-C", tmp_path / "tree", "-cf", tmp_path / "data.tar", "."], check=True)
    skiff.run("import", str(tmp_path / "data.tar"), "data")
    skiff.run("create", "--name", "user", *ALONE, "--mount", "type=image,source=data,target=/t", "bb", "cat", "/t/word")
    refused = skiff.run("rmi", "data", check=False)
    assert refused.returncode == 1
    assert "user" in refused.stderr
    skiff.run("rmi", "-f", "data")
    assert skiff.run("start", "-a", "user").stdout == "kept"
    layers = set(os.listdir(skiff.layout.layers))
    skiff.run("rm", "user")
    assert len(layers - set(os.listdir(skiff.layout.layers))) == 1


def test_a_parent_of_the_cgroup(skiff: Skiff) -> None:
    parent = f"parent-{skiff.layout.instance}"
    skiff.run("run", "-d", "--name", "web", *ALONE, "--cgroup-parent", f"/{parent}", "bb", "sleep", "1000")
    try:
        lines = skiff.run("exec", "web", "cat", "/proc/self/cgroup").stdout.splitlines()
        ours = [line for line in lines if f"/{parent}/{skiff.layout.label}/" in line]
        assert ours
        skiff.run("pause", "web")
        skiff.run("unpause", "web")
        assert "sleep" in skiff.run("top", "web").stdout
        skiff.run("rm", "-f", "web")
        groups = list(Path("/sys/fs/cgroup").glob(f"**/{parent}"))
        assert groups
        assert not [entry for group in groups for entry in group.iterdir() if entry.is_dir()]
    finally:
        skiff.run("rm", "-f", "web", check=False)
        for group in Path("/sys/fs/cgroup").glob(f"**/{parent}"):
            group.rmdir()


def test_the_name_of_another_container(skiff: Skiff) -> None:
    skiff.run("run", "-d", "--name", "owner", *ALONE, "--hostname", "ship", "bb", "sleep", "1000")
    assert inside(skiff, "--uts", "container:owner", "bb", "sh", "-c", "hostname; cat /etc/hostname") == "ship\nship\n"
    skiff.run("rm", "-f", "owner")


def hosts(skiff: Skiff, name: str) -> list[list[str]]:
    lines = skiff.run("exec", name, "cat", "/etc/hosts").stdout.splitlines()
    return [line.split() for line in lines if not line.startswith("#")]


def test_links_on_a_network_follow_a_container_that_comes_and_goes(skiff: Skiff) -> None:
    skiff.run("network", "create", "n1")
    links = ("--link", "db:data", "--link", "db", "--link", "n1alias:other")
    skiff.run("run", "-d", "--name", "web", "--network", "n1", *links, "bb", "sleep", "1000")
    skiff.run("run", "-d", "--name", "third", "--network", "n1", "bb", "sleep", "1000")
    assert not [line for line in hosts(skiff, "web") if {"data", "db", "other"} & set(line)]
    skiff.run("run", "-d", "--name", "db", "--network", "n1", "--network-alias", "n1alias", "bb", "sleep", "1000")
    (address,) = {line[0] for line in hosts(skiff, "web") if {"data", "db", "other"} & set(line)}
    assert [line[1:] for line in hosts(skiff, "web") if line[0] == address][1:] == [["data"], ["db"], ["other"]]
    assert not [line for line in hosts(skiff, "third") if {"data", "other"} & set(line)]
    skiff.run("rm", "-f", "db")
    assert not [line for line in hosts(skiff, "web") if line[0] == address]
    skiff.run("rm", "-f", "web", "third")
    skiff.run("network", "rm", "n1")


def test_links_on_the_predefined_bridge_follow_a_container_that_restarts(skiff: Skiff) -> None:
    refused = skiff.run("run", "--rm", "--link", "db:data", "bb", "true", check=False)
    assert refused.returncode == 125
    assert "no container db runs on network bridge" in refused.stderr
    skiff.run("run", "-d", "--name", "db", "bb", "sleep", "1000")
    skiff.run("run", "-d", "--name", "web", "--link", "db:data", "bb", "sleep", "1000")
    (line,) = [line for line in hosts(skiff, "web") if "data" in line]
    assert (line[1], line[3]) == ("data", "db")
    skiff.run("stop", "-t", "0", "db")
    assert not [line for line in hosts(skiff, "web") if "data" in line]
    skiff.run("run", "-d", "--name", "filler", "bb", "sleep", "1000")  # takes its address
    skiff.run("start", "db")
    (again,) = [line for line in hosts(skiff, "web") if "data" in line]
    assert again[0] != line[0]
    skiff.run("rename", "db", "db2")
    assert [line[3] for line in hosts(skiff, "web") if "data" in line] == ["db2"]
    skiff.run("rm", "-f", "db2", "web", "filler")
    skiff.run("network", "rm", "bridge")


def test_links_without_a_network(skiff: Skiff) -> None:
    refused = skiff.run("run", "--rm", "--network", "none", "--link", "db", "bb", "true", check=False)
    assert refused.returncode == 125
    assert "links need a network" in refused.stderr


@pytest.mark.parametrize(
    ("options", "gateway"),
    [
        (("--internal", "--subnet", "10.211.40.0/24"), "10.211.40.1"),
        (("--ipv4=false", "--ipv6", "--subnet", "fd00:211:40::/64"), "fd00:211:40::1"),
        (("--subnet", "10.211.41.0/24", "--aux-address", "DefaultGatewayIPv4=10.211.41.9"), "10.211.41.1"),
    ],
)
def test_the_hosts_own_address_on_a_network(skiff: Skiff, options: tuple[str, ...], gateway: str) -> None:
    skiff.run("network", "create", *options, "lan")
    run = ("run", "--rm", "--network", "lan", "--add-host", "host.example:host-gateway", "bb", "grep", "example")
    assert skiff.run(*run, "/etc/hosts").stdout == f"{gateway}\thost.example\n"
    skiff.run("network", "rm", "lan")


def test_a_new_name_is_told_to_the_neighbours(skiff: Skiff) -> None:
    skiff.run("network", "create", "n1")
    for name in ("web", "db"):
        skiff.run("run", "-d", "--name", name, "--network", "n1", "--network-alias", "rr", "bb", "sleep", "1000")
    assert len({line[0] for line in hosts(skiff, "web") if "rr" in line}) == 2  # all that have the alias
    skiff.run("rename", "db", "store")
    assert [line[1] for line in hosts(skiff, "web") if "rr" in line] == ["store", "web"]  # the neighbour first
    assert [line[1] for line in hosts(skiff, "store") if "rr" in line] == ["web", "store"]
    assert not [line for line in hosts(skiff, "web") if "db" in line]
    assert "store" in skiff.run("network", "inspect", "n1").stdout
    skiff.run("rm", "-f", "web", "store")
    skiff.run("network", "rm", "n1")
