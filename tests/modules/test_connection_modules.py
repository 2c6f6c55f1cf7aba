"""Ansible's own modules in a container that has Python: the host's /usr in an otherwise empty tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.modules.host import Host, task
from tests.modules.test_connection import variables

PASSWD = "root:x:0:0:root:/root:/bin/sh\nu1:x:1000:1000:u1:/home/u1:/bin/sh\n"
SHADOW = "root:*:19000:0:99999:7:::\nu1:*:19000:0:99999:7:::\n"
PAM = "auth sufficient pam_rootok.so\naccount required pam_permit.so\nsession required pam_permit.so\n"
GROUP = "root:x:0:\nu1:x:1000:\n"
TESTINFRA = """\
def test_what_is_in_it(host):
    assert host.check_output("hostname") == "inside"
    assert host.run("exit 3").rc == 3
    passwd = host.file("/etc/passwd")
    assert (passwd.user, passwd.contains("u1:x:1000")) == ("root", True)
    assert host.user("u1").uid == 1000


def test_as_another_user(host):
    assert host.ansible("command", "id -u", check=False, become=True, become_user="u1")["stdout"] == "1000"
"""


@pytest.fixture(scope="module")
def box(host: Host) -> Host:
    """A host with the running container `debian`."""
    tree = host.folder / "tree"
    for name in ("etc", "home", "root", "tmp", "usr", "var/tmp"):
        (tree / name).mkdir(parents=True)
    (tree / "tmp").chmod(0o1777)
    for name in ("bin", "sbin", "lib", "lib64"):
        (tree / name).symlink_to(f"usr/{name}")
    (tree / "etc" / "passwd").write_text(PASSWD)
    (tree / "etc" / "group").write_text(GROUP)
    (tree / "etc" / "shadow").write_text(SHADOW)
    (tree / "etc" / "pam.d").mkdir()
    (tree / "etc" / "pam.d" / "su").write_text(PAM)
    archive = host.folder / "tree.tar"
    subprocess.run(["tar", "-C", tree, "-cf", archive, "."], check=True)
    options = {
        "image": "debian",
        "command": ["sleep", "infinity"],
        "network_mode": "none",
        "hostname": "inside",
        "volumes": ["/usr:/usr:ro", "/etc/os-release:/etc/os-release:ro"],
    }
    image = task("image", name="debian", source="import", load_path=str(archive))
    results = host.play([image, task("container", name="debian", **options)])
    assert [result["_ending"] for result in results] == ["ok", "ok"], results
    return host


@pytest.fixture(scope="module", params=["local", "ssh"])
def way(request: pytest.FixtureRequest, box: Host) -> dict[str, Any]:
    return {
        **variables(box, "debian"),
        **(request.getfixturevalue("sshd").variables if request.param == "ssh" else {}),
        "ansible_python_interpreter": "/usr/bin/python3",
    }


def play(box: Host, way: dict[str, Any], tasks: list[dict[str, Any]], *arguments: str, **keys: Any) -> Any:
    results = box.play(tasks, *arguments, vars=way, environment={}, **keys)
    assert [result["_ending"] for result in results] == ["ok"] * len(results), results[-1]
    return results


def test_facts_commands_and_files(box: Host, way: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "page.j2").write_text("I am {{ ansible_facts.nodename }}\n")
    (tmp_path / "say.sh").write_text("#!/bin/sh\necho said $1\n")
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    (tmp_path / "tree" / "deep" / "file").write_text("of a tree\n")
    tasks: list[dict[str, Any]] = [
        {"setup": {"gather_subset": ["!all", "min"]}},
        {"file": {"path": "/srv/www", "state": "directory", "owner": "u1", "mode": "0750"}},
        {"template": {"src": str(tmp_path / "page.j2"), "dest": "/srv/www/page", "mode": "0640"}},
        {"copy": {"content": "a=1\n", "dest": "/srv/conf"}},
        {"lineinfile": {"path": "/srv/conf", "line": "b=2"}},
        {"command": "stat -c %U:%a /srv/www /srv/www/page"},
        {"shell": "cat /srv/www/page /srv/conf | tr a-z A-Z"},
        {"script": f"{tmp_path}/say.sh yes"},
        {"fetch": {"src": "/srv/conf", "dest": f"{tmp_path}/got", "flat": True}},
        {"slurp": {"src": "/srv/conf"}},
        {"copy": {"src": f"{tmp_path}/tree", "dest": "/srv/www"}},
        {"command": "cat /srv/www/tree/deep/file"},
    ]
    results = play(box, way, tasks)
    assert results[0]["ansible_facts"]["ansible_nodename"] == "inside"
    assert results[5]["stdout_lines"] == ["u1:750", "root:640"]
    assert results[6]["stdout_lines"] == ["I AM INSIDE", "A=1", "B=2"]
    assert results[7]["stdout_lines"] == ["said yes"]
    assert (tmp_path / "got").read_text() == "a=1\nb=2\n"
    assert results[11]["stdout"] == "of a tree"
    again = play(box, way, [*tasks[:3], tasks[4], tasks[10]])
    assert again.changed == [False] * 5
    drift = play(box, way, [{"copy": {"content": "other\n", "dest": "/srv/conf"}}], "--check", "--diff")
    assert drift.changed == [True]
    assert "b=2" in drift[0]["diff"][0]["before"]
    play(box, way, [{"file": {"path": f"/srv/{name}", "state": "absent"}} for name in ("www", "conf")])


def test_pipelining_sends_no_file(box: Host, way: dict[str, Any]) -> None:
    assert play(box, way, [{"command": "true"}], "-vvv").sent == []
    without = play(box, {**way, "ansible_pipelining": False}, [{"command": "true"}], "-vvv").sent
    assert len(without) == 1


def test_async(box: Host, way: dict[str, Any]) -> None:
    go_on = "while ! test -e /tmp/go; do sleep 0.1; done; rm /tmp/go; echo done"
    wait = {"register": "seen", "until": "seen.finished", "retries": 600, "delay": 1}
    tasks: list[dict[str, Any]] = [
        {"shell": go_on, "async": 600, "poll": 0, "register": "job"},
        {"file": {"path": "/tmp/go", "state": "touch"}},
        {"async_status": {"jid": "{{ job.ansible_job_id }}"}, **wait},
        {"shell": "echo polled", "async": 600, "poll": 1},
    ]
    _started, _touched, finished, polled = play(box, way, tasks)
    assert finished["stdout"] == "done"
    assert polled["stdout"] == "polled"


def test_become(box: Host, way: dict[str, Any]) -> None:
    become = {"become": True, "become_method": "su", "become_user": "u1"}
    tasks = [{"command": "id -un", **become}, {"copy": {"content": "x", "dest": "/tmp/of-u1"}, **become}]
    who, copied = play(box, way, tasks)
    assert who["stdout"] == "u1"
    assert copied["owner"] == "u1"
    play(box, way, [{"file": {"path": "/tmp/of-u1", "state": "absent"}}])


def test_delegation_both_ways(box: Host, way: dict[str, Any]) -> None:
    name = {"command": "cat /proc/sys/kernel/hostname"}
    here: dict[str, Any] = {"delegate_to": "localhost", "vars": {"ansible_connection": "local"}}
    inside, outside = play(box, way, [name, {**name, **here}])
    there: list[dict[str, Any]] = [{"add_host": {"name": "debian", **way}}, {**name, "delegate_to": "debian"}, name]
    _added, delegated, own = box.play(there, environment={})
    host = Path("/proc/sys/kernel/hostname").read_text().strip()
    names = [result["stdout"] for result in (inside, outside, delegated, own)]
    assert names == ["inside", host, "inside", host]


@pytest.mark.parametrize("way", ["local"], indirect=True)  # each of testinfra's commands is a run of Ansible
def test_testinfra(box: Host, way: dict[str, Any], tmp_path: Path) -> None:
    become = {"ansible_become_method": "su"}
    (tmp_path / "hosts.yml").write_text(json.dumps({"all": {"hosts": {"debian": {**way, **become}}}}))
    (tmp_path / "test_container.py").write_text(TESTINFRA)
    where = ["--hosts=ansible://debian", f"--ansible-inventory={tmp_path}/hosts.yml", f"--rootdir={tmp_path}"]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *where,
        str(tmp_path / "test_container.py"),
    ]
    settings = {**box._environment(), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(box.inside(*command), capture_output=True, text=True, env=settings, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
