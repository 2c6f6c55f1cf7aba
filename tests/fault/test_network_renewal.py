"""A network that a task makes anew: its containers get back what they had, also when the task is killed in between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support.kills import Kills
from tests.support.netlab import run
from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
SUBNET = [{"subnet": "10.89.7.0/24"}]
SLEEP = ("busybox", "sleep", "1000")
WEB = ("--network-alias", "www", "-p", "127.0.0.1::80", "-p", "18098:80", "--link", "db:data")
DB = ("--ip", "10.89.7.50", "--mac-address", "02:42:0a:59:07:aa")
TASK = """
import json
from runtime_lib.desired.network import perform
from runtime_lib.paths import Layout
from runtime_lib.store import Store
outcome = perform(Store(Layout({root!r}, {run!r})), json.loads(sys.argv[1]), False)
print(json.dumps([outcome.changed, outcome.plan.actions, outcome.plan.details]))
"""


class Tasks(Skiff):
    """A task of the module `network` instead of a command; its one argument is JSON."""

    def command(self, *arguments: str, before: str = "") -> list[str]:
        code = f"{self._start}{before}\n{TASK.format(root=self.root, run=self.layout.run)}"
        return [os.path.realpath(sys.executable), "-ISB", "-c", code, *arguments]

    def task(self, check: bool = True, **options: Any) -> tuple[bool, list[Any], dict[str, Any]]:
        """Run a task; return whether it changed anything, its actions and details."""
        done = self.run(self.words(**options), check=check)
        return tuple(json.loads(done.stdout)) if done.returncode == 0 else (False, [done.stderr], {})

    @staticmethod
    def words(**options: Any) -> str:
        return json.dumps({"name": "net", "state": "present", **options})


@pytest.fixture
def tasks(skiff: Skiff) -> Tasks:
    """A network with a server, a container with fixed addresses, one on two networks, and one that does not run."""
    (library,) = Path(skiff.root, "lib").iterdir()
    made = Tasks(Path(skiff.root), library)
    made.task(ipam_config=SUBNET, labels={"step": "none"})
    skiff.run("network", "create", "--subnet", "10.89.8.0/24", "other")
    skiff.run("run", "-d", "--name", "db", "--network", "net", *DB, *SLEEP)
    skiff.run(
        "run", "-d", "--name", "web", "--network", "net", *WEB, "busybox", "httpd", "-f", "-p", "80", "-h", "/etc"
    )
    skiff.run("run", "-d", "--name", "two", "--network", "net", "--network", "name=other,alias=t", *SLEEP)
    skiff.run("create", "--name", "later", "--network", "net", "--ip", "10.89.7.60", *SLEEP)
    return made


def seen(skiff: Skiff) -> dict[str, Any]:
    """Return what containers have on their networks, what they see of them, and which ports lead to them."""
    found: dict[str, Any] = {}
    for name in ("db", "web", "two", "later"):
        told = json.loads(skiff.run("inspect", name).stdout)[0]
        networks = told["NetworkSettings"]["Networks"]
        for entry in networks.values():
            del entry["NetworkID"], entry["EndpointID"]
        found[name] = [networks, told["NetworkSettings"]["Ports"], told["HostConfig"]["NetworkMode"]]
        if name != "later":
            look = "ip -o -4 addr | cut -d ' ' -f 2,7 | sort; ip route | sort; grep -v '#' /etc/hosts | sort"
            found[name].append(skiff.run("exec", name, "sh", "-c", look).stdout)
    return found


def answers(state: dict[str, Any]) -> None:
    """The server answers on both of its ports."""
    for port in state["web"][1]["80/tcp"]:
        with urllib.request.urlopen(f"http://127.0.0.1:{port['HostPort']}/group", timeout=60) as answer:
            assert b"root" in answer.read()


def test_containers_come_back_with_what_they_had(skiff: Skiff, tasks: Tasks) -> None:
    before = seen(skiff)
    answers(before)
    changed, actions, details = tasks.task(labels={"step": "one"})
    members = ["db", "later", "two", "web"]
    assert (changed, details) == (True, {"reconnected": members})
    assert actions == [{"recreated": "net", "driver": "bridge", "reconnected": members}]
    assert seen(skiff) == before
    answers(before)
    assert skiff.run("exec", "two", "ping", "-c", "1", "-W", "20", "www").returncode == 0
    assert tasks.task(labels={"step": "one"}, ipam_config=SUBNET) == (False, [], {})
    skiff.run("restart", "-t", "0", "two", "web")
    assert skiff.run("inspect", "-f", "{{.HostConfig.NetworkMode}}", "two").stdout == "net\n"


def test_another_subnet(skiff: Skiff, tasks: Tasks) -> None:
    before = seen(skiff)
    network = skiff.run("network", "inspect", "-f", "{{.Id}}", "net").stdout.strip()
    skiff.run("run", "-d", "--name", "id", "--network", network, *SLEEP)
    tasks.task(ipam_config=[{"subnet": "10.89.9.0/24"}], internal=True)
    form = "{{.HostConfig.NetworkMode}} {{.NetworkSettings.Networks.net.IPAddress}}"
    assert skiff.run("inspect", "-f", form, "id").stdout.startswith("net 10.89.9.")
    after = seen(skiff)
    assert after["db"][0]["net"]["IPAMConfig"] is None  # its address is none of the new network
    assert {name: after[name][0]["net"]["IPAddress"].rpartition(".")[0] for name in ("db", "web", "two")} == {
        "db": "10.89.9", "web": "10.89.9", "two": "10.89.9",
    }  # fmt: skip
    assert after["two"][0]["other"] == before["two"][0]["other"]
    assert after["web"][1] == {}  # nothing comes into an internal network
    skiff.run("start", "later")


def test_a_network_that_cannot_be_made_leaves_the_old_one(skiff: Skiff, tasks: Tasks) -> None:
    before = seen(skiff)
    run("ip", "link", "add", "p0", "type", "veth", "peer", "name", "p1")
    run("ip", "addr", "add", "10.89.9.1/24", "dev", "p0")
    for wrong, word in (
        ({"ipam_config": [{"subnet": "10.89.9.0/24"}]}, "10.89.9.0/24"),
        ({"ipam_config": [{"subnet": "10.89.8.0/25"}]}, "other"),
        ({"config_from": "nothing"}, "nothing"),
        ({"driver_options": {"nosuch": "1"}}, "nosuch"),
    ):
        _changed, (error,), _details = tasks.task(check=False, **wrong)
        assert word in error.splitlines()[-1]
        assert seen(skiff) == before
    answers(before)
    assert tasks.task(ipam_config=SUBNET) == (False, [], {})


def test_a_killed_task_is_finished_by_the_next(skiff: Skiff, tasks: Tasks) -> None:
    before = seen(skiff)
    kills = Kills(tasks, 9, tasks.words(labels={"step": "kills"}))
    for number, point in enumerate(kills.points):
        wanted: dict[str, Any] = {"labels": {"step": str(number)}}
        kills.strike(point, tasks.words(**wanted))
        tasks.task(**wanted)
        assert seen(skiff) == before, point
        assert tasks.task(**wanted) == (False, [], {})
    answers(before)


def test_a_killed_task_may_be_followed_by_a_removal(skiff: Skiff, tasks: Tasks) -> None:
    kills = Kills(tasks, 3, tasks.words(labels={"step": "kills"}))
    for number, point in enumerate(kills.points):
        kills.strike(point, tasks.words(labels={"step": str(number)}))
        tasks.task(state="absent")
        assert "net" not in skiff.run("network", "ls", "--format", "{{.Name}}").stdout.split()
        tasks.task(ipam_config=SUBNET, connected=["web"])
        subprocess.run(skiff.command("network", "disconnect", "net", "web"), env=skiff.environment, check=True)
        skiff.run("network", "connect", "--alias", "www", "net", "web")
