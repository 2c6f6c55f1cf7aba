"""The inventory plugin: containers of this machine and of hosts that are reached over SSH become hosts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.modules.host import Host, task, tool
from tests.support.sshd import Sshd

PLUGIN = "skiff.containers.containers"
REFUSED = {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_connection": "ssh", "keys": "/nowhere"}


def hostile(host: Host) -> str:
    return "{{ lookup('pipe', 'touch " + str(host.folder / "taken-for-a-template") + "') }}"


@pytest.fixture(scope="module")
def dock(host: Host) -> Host:
    """A host with two running containers and one that has not been started."""
    alone = {"image": "bb", "network_mode": "none"}
    said = {"__ansible_unsafe": hostile(host)}
    made = host.play(
        [
            task("container", name="web", labels={"tier": "front", "said": said}, **alone),
            task("container", name="job", labels={"tier": "back"}, **alone),
            task("container", name="idle", state="present", **alone),
        ]
    )
    assert [result["_ending"] for result in made] == ["ok"] * 3, made
    return host


@pytest.fixture(scope="module")
def sshd(dock: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with Sshd(tmp_path_factory.mktemp("sshd"), dock.inside()) as server:
        yield server


@pytest.fixture
def folder(dock: Host, sshd: Sshd, tmp_path: Path) -> Path:
    """An inventory whose group `docks` has the host vm1; what leads there is in group_vars, as a template too."""
    ways = {
        "ansible_host": "127.0.0.1",
        "ansible_port": sshd.port,
        "ansible_connection": "ssh",
        "keys": str(sshd.folder),
    }
    write(tmp_path / "01_hosts.yml", {"docks": {"hosts": {"vm1": ways}}})
    known = f"-o UserKnownHostsFile={sshd.folder}/known_hosts -o ControlPath={sshd.folder}/c%p"
    (tmp_path / "group_vars").mkdir()
    write(
        tmp_path / "group_vars" / "docks.yml",
        {
            "ansible_user": "root",
            "ansible_ssh_private_key_file": "{{ keys }}/user_key",
            "ansible_ssh_common_args": known,
            "ansible_skiff_root": dock.root,
            "ansible_skiff_timeout": 120,
        },
    )
    return tmp_path


def write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content))


def containers(folder: Path, **options: Any) -> None:
    write(folder / "zz.skiff.yml", {"plugin": PLUGIN, **options})


def listed(dock: Host, folder: Path, code: int = 0, any_failed: str = "true") -> tuple[dict[str, Any], str]:
    """Return what `ansible-inventory` shows of an inventory, and its errors as one line."""
    environment = {
        **dock._environment(),
        "SKIFF_ROOT": dock.root,
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": any_failed,
        "COLUMNS": "10000",
    }
    command = dock.inside(tool("ansible-inventory"), "-i", str(folder), "--list")
    done = subprocess.run(command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
    assert (done.returncode != 0) == bool(code), done.stderr
    return (json.loads(done.stdout, object_hook=plain) if not code else {}), " ".join(done.stderr.split())


def plain(found: dict[str, Any]) -> Any:
    """Return the text of what ansible-inventory marks as one that is never a template."""
    return found["__ansible_unsafe"] if set(found) == {"__ansible_unsafe"} else found


def variables(inventory: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = inventory["_meta"]["hostvars"]
    return found


def test_containers_of_this_machine(dock: Host, tmp_path: Path) -> None:
    containers(tmp_path)
    inventory, _errors = listed(dock, tmp_path)
    assert set(variables(inventory)) == {"web", "job"}
    web = variables(inventory)["web"]
    short_id = web.pop("skiff_short_id")
    assert web == {
        "ansible_connection": "skiff.containers.container",
        "ansible_host": "web",
        "skiff_host": "localhost",
        "skiff_name": "web",
    }
    containers(tmp_path, all=True, verbose_output=True)
    inventory, _errors = listed(dock, tmp_path)
    assert set(variables(inventory)) == {"web", "job", "idle"}
    web = variables(inventory)["web"]
    assert (web["skiff_id"][:12], web["skiff_state"]["Running"]) == (short_id, True)
    assert web["skiff_config"]["Labels"]["said"] == hostile(dock)
    assert not (dock.folder / "taken-for-a-template").exists()


def test_tasks_in_containers_of_both_ways(dock: Host, folder: Path) -> None:
    here = {"ansible_connection": "local", "ansible_skiff_root": dock.root}
    write(folder / "02_local.yml", {"ungrouped": {"hosts": {"localhost": here}}})
    write(folder / "zzz.skiff.yml", {"plugin": PLUGIN, "hosts": ["all"], "filters": [{"exclude": True}]})
    containers(
        folder,
        hosts=["all", "docks"],
        filters=[{"exclude": "skiff_name == 'job'"}],
        keyed_groups=[{"key": "skiff_config.Labels.tier", "prefix": "tier"}],
        groups={"containers": "true"},
        compose={"tier": "skiff_config.Labels.tier", "said": "skiff_config.Labels.said"},
    )
    inventory, _errors = listed(dock, folder)
    assert set(variables(inventory)) == {"localhost", "vm1", "web", "web.vm1"}, (
        "what is a container is not asked for containers"
    )
    assert inventory["tier_front"]["hosts"] == inventory["containers"]["hosts"] == ["web", "web.vm1"]
    there = variables(inventory)["web.vm1"]
    assert (there["tier"], there["ansible_skiff_host"], there["skiff_host"]) == ("front", "127.0.0.1", "vm1")
    book = folder / "play.yml"
    show = {"raw": "cat /etc/hostname; echo {{ said | quote }}"}
    write(book, [{"hosts": "tier_front", "gather_facts": False, "tasks": [show]}])
    results = dock.book(book, "-i", str(folder))
    assert [result["_ending"] for result in results] == ["ok", "ok"], results
    names = {result["stdout"].splitlines()[0] for result in results}
    assert len(names) == 1, "it is the same container, twice"
    assert {result["stdout"].splitlines()[1] for result in results} == {hostile(dock)}
    assert not (dock.folder / "taken-for-a-template").exists()


def test_a_host_on_which_nothing_was_ever_made(dock: Host, folder: Path) -> None:
    write(folder / "02.yml", {"docks": {"hosts": {"vm1": {"ansible_skiff_root": "/no/such/folder"}}}})
    containers(folder, hosts=["vm1"])
    inventory, errors = listed(dock, folder)
    assert set(variables(inventory)) == {"vm1"}, errors


def test_hosts_that_do_not_answer(dock: Host, folder: Path) -> None:
    write(folder / "02.yml", {"docks": {"hosts": {"vm2": REFUSED}}})
    containers(folder, hosts=["docks"], unreachable="warn")
    inventory, errors = listed(dock, folder)
    assert set(variables(inventory)) == {"vm1", "vm2", "web.vm1", "job.vm1"}
    assert "containers of host vm2 cannot be listed" in errors
    containers(folder, hosts=["docks"])
    _none, errors = listed(dock, folder, code=1)
    assert "containers of host vm2 cannot be listed" in errors
    assert "onnection refused" in errors


@pytest.mark.parametrize(
    ("options", "more", "sentence"),
    [
        ({"hosts": ["vm9"]}, {}, "vm9 is neither a host nor a group of the inventory"),
        (
            {"hostname": "'vm1'", "filters": [{"include": "skiff_name == 'web'"}, {"exclude": True}]},
            {},
            "has a host vm1 already",
        ),
        ({"hostname": "skiff_labels.nothing"}, {}, "hostname: skiff_labels.nothing: container"),
        ({"filters": [{"only": "true"}]}, {}, "an entry is either 'include' or 'exclude'"),
        ({"filters": [{"include": "skiff_name"}]}, {}, "is neither true nor false"),
        ({"hosts": ["odd"]}, {"ansible_connection": "winrm"}, "containers of host odd: its connection is winrm"),
        (
            {"hosts": ["odd"]},
            {"ansible_connection": "ssh", "ansible_become": True, "ansible_become_method": "su"},
            "it becomes root by su",
        ),
    ],
)
def test_what_is_wrong_is_told(
    dock: Host, tmp_path: Path, options: dict[str, Any], more: dict[str, Any], sentence: str
) -> None:
    write(tmp_path / "01.yml", {"all": {"hosts": {"vm1": {}, "odd": more}}})
    containers(tmp_path, **options)
    _none, errors = listed(dock, tmp_path, code=1)
    assert sentence in errors
