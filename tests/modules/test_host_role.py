"""The role `host`, on a host whose /etc and /usr/local are its own and where no init runs."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.modules.host import Host, Results, task

OWN = ("/etc", "/usr/local", "/usr/share/bash-completion")
FILES = {
    "systemd": "/etc/systemd/system/skiff.service",
    "openrc": "/etc/init.d/skiff",
    "cron": "/etc/cron.d/skiff",
}
COMPLETIONS = ("/usr/share/bash-completion/completions/skiff", "/usr/local/share/zsh/site-functions/_skiff")
SYSCTL, COMMAND = "/etc/sysctl.d/60-skiff.conf", "/usr/local/bin/skiff"


class Prepared:
    """A host, and the role for it."""

    def __init__(self, host: Host, folder: Path) -> None:
        self.host = host
        for path in OWN:
            layer = folder / path.strip("/").replace("/", "-")
            host.run("mkdir", "-p", f"{layer}/upper", f"{layer}/work", path)
            options = f"lowerdir={path},upperdir={layer}/upper,workdir={layer}/work"
            host.run("mount", "-t", "overlay", "overlay", "-o", options, path)
        # A machine on which Skiff is or was in use has these: the host of a test begins without them.
        host.run("rm", "-f", *FILES.values(), *COMPLETIONS, SYSCTL, COMMAND)

    def role(self, *arguments: str, **options: Any) -> Results:
        """Run the role; nothing of it may fail."""
        own = {f"host_{key}": value for key, value in options.items()}
        include = {"ansible.builtin.include_role": {"name": "skiff.containers.host"}, "vars": own, "tags": ["always"]}
        results = self.host.play([include], *arguments)
        failed = [result for result in results if result["_ending"] not in ("ok", "skipped")]
        assert not failed, failed
        return results

    def there(self, path: str) -> bool:
        return subprocess.run(self.host.inside("test", "-e", path)).returncode == 0

    def read(self, path: str) -> str:
        return self.host.run("cat", path)


def changed(results: Results) -> set[str]:
    """Return the tasks that changed something; the same ones in check mode."""
    names = (result["_task"] for result in results if result.get("changed"))
    return {name.replace(" (check mode)", "") for name in names}


@pytest.fixture
def prepared(bare: Host, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    # In memory: an overlay cannot lie on another overlay, as /tmp may be.
    folder = tmp_path_factory.mktemp("own")
    bare.run("mount", "-t", "tmpfs", "tmpfs", str(folder))
    return Prepared(bare, folder)


@pytest.mark.parametrize("init", ["systemd", "openrc", "cron"])
def test_the_host_is_prepared_and_the_second_run_changes_nothing(prepared: Prepared, init: str) -> None:
    check = prepared.role("--check", "--diff", init=init, shutdown_timeout=33)
    assert not prepared.there(FILES[init])
    assert not os.path.exists(prepared.host.root)
    first = prepared.role(init=init, shutdown_timeout=33)
    assert changed(check) == changed(first)
    assert len(changed(first)) >= 4
    assert "skiff restore" in prepared.read(FILES[init])
    assert init == "cron" or "skiff shutdown --time 33" in prepared.read(FILES[init])
    assert prepared.read("/proc/sys/net/ipv4/ip_forward") == "1\n"
    assert "Containers without" in prepared.host.run(COMMAND, "--help")
    for path in COMPLETIONS:
        assert "skiff completion candidates" in prepared.read(path)
    assert changed(prepared.role(init=init, shutdown_timeout=33)) == set()


def test_what_was_changed_by_hand_is_repaired(prepared: Prepared) -> None:
    prepared.role(init="cron")
    prepared.host.run("sysctl", "-w", "net.ipv4.ip_forward=0")
    prepared.host.run("rm", COMMAND)
    prepared.host.run("sh", "-c", f"echo '# nothing' >{FILES['cron']}")
    check = changed(prepared.role("--check", init="cron"))
    repaired = changed(prepared.role(init="cron"))
    assert check == repaired == {
        "skiff.containers.host : Have the kernel take them",
        "skiff.containers.host : Install the library and the command",
        "skiff.containers.host : Have cron restore containers at boot",
    }  # fmt: skip


def test_tags_choose_a_part(prepared: Prepared) -> None:
    prepared.role("--tags", "sysctl", init="cron")
    assert prepared.there(SYSCTL)
    assert not prepared.there(FILES["cron"])
    prepared.role("--tags", "completion", init="cron")
    assert prepared.there(COMPLETIONS[0])
    assert not prepared.there(FILES["cron"])


def test_absent_takes_back_what_the_role_made_and_nothing_else(prepared: Prepared) -> None:
    before = prepared.host.run("find", *OWN, "!", "-type", "d")
    prepared.role(init="cron")
    prepared.host.play([task("volume", name="kept")])
    check = changed(prepared.role("--check", state="absent", init="cron"))
    assert prepared.there(COMMAND)
    assert check == changed(prepared.role(state="absent", init="cron"))
    assert prepared.host.run("find", *OWN, "!", "-type", "d") == before
    assert os.path.isdir(prepared.host.layout.volume("kept"))
    assert changed(prepared.role(state="absent", init="cron")) == set()


def test_address_pools_are_chosen_for_the_host(prepared: Prepared) -> None:
    pools = [{"base": "10.77.0.0/16", "size": 24}]
    file = f"{prepared.host.root}/host.json"  # of the default installation it is /etc/skiff/host.json
    prepared.role("--check", init="cron", default_address_pools=pools)
    assert not prepared.there(file)
    prepared.role(init="cron", default_address_pools=pools)
    assert changed(prepared.role("--diff", init="cron", default_address_pools=pools)) == set()
    assert changed(prepared.role(init="cron")) == set()
    front, facts = prepared.host.play([task("network", name="front"), task("host_info")])
    assert front["network"]["IPAM"]["Config"][0]["Subnet"] == "10.77.1.0/24"
    assert facts["host_info"]["DefaultAddressPools"] == [{"Base": "10.77.0.0/16", "Size": 24}]
    prepared.role("--tags", "settings", init="cron", default_address_pools=[])
    assert not prepared.there(file)


def test_wrong_address_pools_are_not_put_in_place(prepared: Prepared) -> None:
    wrong = {"host_init": "cron", "host_default_address_pools": [{"base": "10.77.0.0/16", "size": 8}]}
    include = {"ansible.builtin.include_role": {"name": "skiff.containers.host"}, "vars": wrong}
    result = prepared.host.play([include])[-1]
    assert result["_ending"] == "failed"
    assert "give a number from 16 to 30" in json.dumps(result)
    assert not prepared.there(f"{prepared.host.root}/host.json")


def test_purge_removes_everything(prepared: Prepared, archive: Path) -> None:
    prepared.role(init="cron")
    made = prepared.host.play(
        [
            task("image", name="bb", source="import", load_path=str(archive)),
            task("volume", name="data"),
            task("network", name="front"),
            task("container", name="web", image="bb", command=["sleep", "1000"], networks=[{"name": "front"}]),
        ]
    )
    assert [one["_ending"] for one in made] == ["ok"] * 4, made
    library = prepared.role("--check", "--diff", state="absent", purge=True).named(
        "skiff.containers.host : Remove the command, and with host_purge all containers, images and volumes"
    )
    assert {"removed": "container web"} in library["actions"]
    prepared.role(state="absent", purge=True)
    assert not os.path.exists(prepared.host.root)
    assert changed(prepared.role(state="absent", purge=True)) == set()


def test_a_wrong_option_is_told_before_anything_is_touched(prepared: Prepared) -> None:
    include = {
        "ansible.builtin.include_role": {"name": "skiff.containers.host"},
        "vars": {"host_init": "upstart"},
    }
    result = prepared.host.play([include])[-1]
    assert result["_ending"] == "failed"
    assert "upstart" in result["msg"]
    assert not prepared.there(SYSCTL)
