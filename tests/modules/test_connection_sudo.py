"""Containers on a host that is no root's: another user comes over SSH, and becomes root there by sudo."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.modules import test_inventory as inventories
from tests.modules.host import Host, task
from tests.modules.test_connection import in_container, move, raw, variables
from tests.support.sshd import Sshd

USERS = ("skipper", "stowaway")
SUDOERS = "root ALL=(ALL:ALL) ALL\nskipper ALL=(ALL) NOPASSWD: ALL\n"


@pytest.fixture(scope="module")
def box(host: Host) -> Host:
    """A host with the container `box` and two users; one of them may use sudo. Only its namespace knows of them."""
    if not shutil.which("sudo"):
        pytest.skip("sudo is missing: run make dev")
    passwd = "".join(f"{name}:x:{61000 + number}:65534::/:/bin/sh\n" for number, name in enumerate(USERS))
    shadow = "".join(f"{name}:*:19000:0:99999:7:::\n" for name in USERS)
    for name, text, mode in (("passwd", passwd, 0o644), ("shadow", shadow, 0o640), ("sudoers", SUDOERS, 0o440)):
        file = host.folder / name
        file.write_text(text if name == "sudoers" else Path("/etc", name).read_text() + text)
        file.chmod(mode)
        host.run("mount", "--bind", str(file), f"/etc/{name}")
    (made,) = host.play([task("container", name="box", image="bb", network_mode="none")])
    assert made["_ending"] == "ok", made
    return host


def way(box: Host, sshd: Sshd, user: str) -> dict[str, Any]:
    known = str(sshd.variables["ansible_skiff_host_ssh_args"]).replace("/c%p", "/%r-%p")
    own = {"ansible_skiff_host_user": user, "ansible_skiff_host_become": True, "ansible_skiff_host_ssh_args": known}
    return {**variables(box), **sshd.variables, **own}


def by_ssh(way: dict[str, Any]) -> dict[str, Any]:
    """Return the variables by which Ansible's own ssh goes the way of the connection plugin."""
    names = {"_port": "ansible_port", "_user": "ansible_user", "_private_key_file": "ansible_private_key_file"}
    names |= {"": "ansible_host", "_ssh_args": "ansible_ssh_common_args", "_become": "ansible_become"}
    given = {theirs: way[f"ansible_skiff_host{ours}"] for ours, theirs in names.items()}
    return {**given, "ansible_connection": "ssh"}


def test_sudo_on_the_host(box: Host, sshd: Sshd, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(range(256)))
    local = {**variables(box), "ansible_skiff_host_become": True}
    for number, there in enumerate((local, way(box, sshd, "skipper"))):
        ends = in_container(box, there, [raw("id -u; exit 3"), raw("exit 255"), raw("cat")])
        assert [(end["rc"], end["stdout"]) for end in ends] == [(3, "0\n"), (255, ""), (0, "")]
        other = {"become": True, "become_method": "su", "become_user": "u1"}
        (became,) = in_container(box, there, [raw("id -u", **other)])
        assert became["stdout"].split()[-1] == "1000"
        (given,) = in_container(box, {**there, "ansible_user": "u1"}, [raw("id -u")])
        assert given["stdout"] == "1000\n"
        moved = move(box, there, tmp_path / "file", f"/tmp/file{number}", tmp_path / f"back{number}")
        assert [result["_ending"] for result in moved] == ["ok", "ok"], moved
        assert (tmp_path / f"back{number}").read_bytes() == bytes(range(256))


def test_who_may_not_use_sudo_is_told(box: Host, sshd: Sshd) -> None:
    (refused,) = in_container(box, way(box, sshd, "stowaway"), [raw("true")])
    assert refused["_ending"] == "unreachable"
    assert "host_become needs sudo without a password" in refused["msg"]


def test_the_inventory_takes_the_same_way(box: Host, sshd: Sshd, tmp_path: Path) -> None:
    there = way(box, sshd, "skipper")
    more = {"ansible_skiff_root": box.root, "ansible_skiff_timeout": 120}
    inventories.write(tmp_path / "01.yml", {"all": {"hosts": {"vm1": {**by_ssh(there), **more}}}})
    inventories.containers(tmp_path, hosts=["vm1"])
    inventory, _errors = inventories.listed(box, tmp_path)
    found = inventories.variables(inventory)["box.vm1"]
    assert {key: value for key, value in found.items() if key.startswith("ansible_")} == there
