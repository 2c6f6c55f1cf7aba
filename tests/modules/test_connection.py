"""The connection plugin `skiff.containers.container`: on this host, and over SSH."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path
from typing import Any

import pytest

from tests.modules.host import Host, Results, task
from tests.support.sshd import Sshd

CAP_SYS_ADMIN = 1 << 21
ODD = "/tmp/a 'b' \"c\" $HOME `id`\n\\ \t;é"


@pytest.fixture(scope="module")
def box(host: Host) -> Host:
    """A host with the running container `box`."""
    options = {"image": "bb", "network_mode": "none", "mounts": [{"type": "tmpfs", "target": "/small"}]}
    made = host.play([task("container", name="box", **options)])
    assert made[0]["_ending"] == "ok", made[0]
    return host


@pytest.fixture(scope="module", params=["local", "ssh"])
def way(request: pytest.FixtureRequest, box: Host) -> dict[str, Any]:
    """The variables of a connection to `box`: what both ways must do alike is tested on both."""
    return {**variables(box), **(request.getfixturevalue("sshd").variables if request.param == "ssh" else {})}


def variables(host: Host, container: str = "box") -> dict[str, Any]:
    return {
        "ansible_connection": "skiff.containers.container",
        "ansible_host": container,
        "ansible_skiff_root": host.root,
        "ansible_skiff_timeout": 120,
    }


def in_container(host: Host, way: dict[str, Any], tasks: list[dict[str, Any]], *arguments: str, **play: Any) -> Results:
    for entry in tasks:
        entry.setdefault("ignore_errors", True)
        entry.setdefault("ignore_unreachable", True)
    return host.play(tasks, *arguments, vars=way, environment={}, **play)


def raw(command: str, **keys: Any) -> dict[str, Any]:
    return {"raw": command, **keys}


def test_commands(box: Host, way: dict[str, Any]) -> None:
    codes = (0, 1, 3, 125, 126, 127, 254, 255)
    tasks = [raw("echo 'a  b'; echo err >&2; id -u"), *(raw(f"echo out; exit {code}") for code in codes), raw("cat")]
    words, *ends, nothing = in_container(box, way, tasks)
    assert (words["rc"], words["stdout"], words["stderr"]) == (0, "a  b\n0\n", "err\n")
    assert [(end["rc"], end["stdout"]) for end in ends] == [(code, "out\n") for code in codes]
    assert (nothing["rc"], nothing["stdout"]) == (0, ""), "standard input is empty, not open for ever"


def test_options(box: Host, way: dict[str, Any]) -> None:
    show = 'id -u; pwd; echo "$A"'
    options = {"ansible_user": "u1", "ansible_skiff_working_dir": "/tmp", "ansible_skiff_extra_env": {"A": "1 '2'"}}
    (plain,) = in_container(box, {**way, **options}, [raw(show)])
    assert plain["stdout"].splitlines() == ["1000", "/tmp", "1 '2'"]
    for privileged in (True, False):
        changes = {"ansible_skiff_privileged": privileged}
        (seen,) = in_container(box, {**way, **changes}, [raw("grep CapEff /proc/self/status")])
        assert bool(int(seen["stdout"].split()[1], 16) & CAP_SYS_ADMIN) is privileged


def test_files(box: Host, way: dict[str, Any], tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(random.Random(1).randbytes(9 * 1024 * 1024 + 1))  # more than one piece over SSH
    exact = tmp_path / "exact"
    exact.write_bytes(bytes(range(256)) * 32768)  # one piece to the byte, and every byte
    (tmp_path / "empty").touch()
    for number, (name, target) in enumerate([("big", "/small/big"), ("exact", ODD), ("empty", "/tmp/empty")]):
        back = tmp_path / f"back{number}"
        results = move(box, way, tmp_path / name, target, back)
        assert [result["_ending"] for result in results] == ["ok", "ok"], results
        assert digest(back) == digest(tmp_path / name)


def test_files_belong_to_the_user(box: Host, way: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (target,) = in_container(box, {**way, "ansible_user": "u1"}, [raw("mktemp")])
    path = target["stdout"].strip()
    move(box, {**way, "ansible_user": "u1"}, tmp_path / "file", path, tmp_path / "back")
    (seen,) = in_container(box, way, [raw(f"stat -c %u:%s {path}")])
    assert seen["stdout"] == "1000:1\n"


def test_files_that_cannot_be_moved(box: Host, way: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    sent, fetched = move(box, way, tmp_path / "file", "/no/such/file", tmp_path / "back")
    assert "/no/such/file" in sent["msg"]
    assert "/no/such/file" in fetched["msg"]
    assert not (tmp_path / "back").exists()
    refused, _fetched = move(box, {**way, "ansible_user": "u1"}, tmp_path / "file", "/etc/passwd", tmp_path / "back")
    assert "/etc/passwd" in refused["msg"]


def test_become_in_the_container(box: Host, way: dict[str, Any]) -> None:
    become = {"become": True, "become_method": "su", "become_user": "u1"}
    found, missing = in_container(box, way, [raw("id -u; exit 3", **become), raw("true", become=True)])
    assert (found["rc"], found["stdout"].split()[-1]) == (3, "1000")
    assert "sudo" in str(missing)


def test_what_is_not_there_is_told(box: Host, way: dict[str, Any]) -> None:
    box.play([task("container", name="ended", image="bb", state="present", network_mode="none")])
    cases = [
        ({"ansible_host": "nobody-knows"}, "there is no container 'nobody-knows'", "skiff.containers.container"),
        ({"ansible_host": "ended"}, "does not run", "start it"),
        ({"ansible_skiff_root": "/no/such/folder"}, "there is no /no/such/folder/bin/skiff", "ansible_skiff_root"),
        ({"ansible_skiff_executable": "/bin/fish"}, "/bin/fish", "ansible_skiff_executable"),
        ({"ansible_user": "nosuchuser"}, "nosuchuser", "passwd"),
    ]
    for changes, fault, advice in cases:
        (result,) = in_container(box, {**way, **changes}, [raw("true")])
        assert result["_ending"] == "unreachable", result
        assert fault in result["msg"]
        assert advice in result["msg"]
    (escalated,) = in_container(box, {**way, "ansible_host": "ended"}, [raw("true", become=True)])
    assert (escalated["_ending"], "does not run" in escalated["msg"]) == ("unreachable", True)


def test_a_reset_connection_works_again(box: Host, way: dict[str, Any]) -> None:
    results = in_container(box, way, [raw("echo 1"), {"meta": "reset_connection"}, raw("echo 2")])
    assert [result["stdout"] for result in results] == ["1\n", "2\n"]


def test_delegation(box: Host, way: dict[str, Any]) -> None:
    add = {"add_host": {"name": "inside", **{**way, "ansible_host": "box"}}}
    results = box.play([add, raw("cat /etc/passwd", delegate_to="inside"), {"command": "echo outside"}], environment={})
    assert "u1:x:1000" in results[1]["stdout"]
    assert results[2]["stdout"] == "outside"


def test_an_ssh_server_that_is_gone(box: Host, sshd: Sshd) -> None:
    way = {**variables(box), **sshd.variables, "ansible_skiff_host_port": 1}
    (result,) = in_container(box, way, [raw("true")])
    assert result["_ending"] == "unreachable"
    assert "onnection refused" in result["msg"]


def move(box: Host, way: dict[str, Any], source: Path, target: str, back: Path) -> Results:
    """Send a file by the connection and fetch it back."""
    tasks = [{"transfer": {"put": str(source), "to": target}}, {"transfer": {"fetch": target, "to": str(back)}}]
    return in_container(box, way, tasks)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_nothing_is_left(box: Host) -> None:
    assert os.listdir(f"{box.root}/tmp") == []
