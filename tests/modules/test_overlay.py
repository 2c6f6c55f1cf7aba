"""The playbook `overlay.yml` on three hosts: network namespaces with installations of their own, on one switch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.modules.host import CHECKOUT, Host, Results, task
from tests.support import leftovers

NAMES = ("a", "b", "c")
PATIENCE = "20"  # seconds for an answer


class Site:
    """Hosts of one inventory; `run` is ansible-playbook on some of them."""

    def __init__(self, folder: Path, hosts: dict[str, Host]) -> None:
        self.folder, self.hosts = folder, hosts

    def run(self, *arguments: str, names: tuple[str, ...] = NAMES, book: str = "overlay") -> Results:
        """Run the playbook for the hosts of an inventory with these names."""
        inventory = {"nodes": {"hosts": {name: self._variables(name) for name in names}}}
        path = self.folder / "inventory.json"
        path.write_text(json.dumps(inventory))
        variables: dict[str, object] = {"overlay_group": "nodes", "overlay_image": "bb", "overlay_packages": []}
        variables |= {"overlay_gather": False, "overlay_encrypted": False}
        options = ("-i", str(path), "-e", json.dumps(variables), *arguments)
        first = self.hosts[NAMES[0]]
        return first.book(CHECKOUT / "playbooks" / f"{book}.yml", *options, outside=True)

    def _variables(self, name: str) -> dict[str, object]:
        host, number = self.hosts[name], NAMES.index(name) + 1
        python = self.folder / f"python-{name}"
        if not python.exists():
            inside = " ".join(host.inside())
            python.write_text(f'#!/bin/sh\nexport SKIFF_ROOT={host.root}\nexec {inside} /usr/bin/python3 "$@"\n')
            python.chmod(0o755)
        return {
            "ansible_connection": "local",
            "ansible_python_interpreter": str(python),
            "ansible_become": False,
            "skiff_overlay_address": f"198.51.100.{number}",
        }

    def asked(self, name: str, other: str) -> str:
        """Return what a container of one host is answered by that of another one, by its name."""
        host = self.hosts[name]
        ask = ("timeout", PATIENCE, "wget", "-q", "-O", "-", f"http://web-{other}/")
        return host.run(f"{host.root}/bin/skiff", "exec", f"web-{name}", *ask).strip()

    def running(self, name: str) -> str:
        host = self.hosts[name]
        return host.run(f"{host.root}/bin/skiff", "ps", "--no-trunc", "--format", "{{.ID}} {{.Status}}").split()[0]


@pytest.fixture
def site(tmp_path: Path, collections: Path, archive: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        hosts = {}
        for name in NAMES:
            (tmp_path / name).mkdir()
            hosts[name] = Host(tmp_path / name, collections)
            stack.callback(hosts[name].close)
            made = hosts[name].play([task("image", name="bb", source="import", load_path=str(archive))])
            assert made[0]["_ending"] == "ok", made[0]
        _wire(list(hosts.values()))
        yield Site(tmp_path, hosts)


def _wire(hosts: list[Host]) -> None:
    """Connect the hosts by a bridge in the namespace of the first one."""
    first = hosts[0]
    first.run("ip", "link", "add", "switch", "type", "bridge")
    first.run("ip", "addr", "add", "198.51.100.1/24", "dev", "switch")
    first.run("ip", "link", "set", "switch", "up")
    for number, host in enumerate(hosts[1:], 2):
        pair = ("type", "veth", "peer", "name", "net0", "netns", str(host.pid))
        first.run("ip", "link", "add", f"host{number}", "master", "switch", *pair)
        first.run("ip", "link", "set", f"host{number}", "up")
        host.run("ip", "addr", "add", f"198.51.100.{number}/24", "dev", "net0")
        host.run("ip", "link", "set", "net0", "up")


def changed(results: Results) -> set[str]:
    assert not [result for result in results if result["_ending"] not in ("ok", "skipped")]
    return {result["_task"] for result in results if result.get("changed")}


TELL = "Tell each host about the others"
MAKE = {"Make each host's side of the network", "Run a web server on each host"}


def test_hosts_come_and_go_with_the_inventory(site: Site) -> None:
    # Two hosts, and nothing to do the second time.
    assert changed(site.run(names=("a", "b"))) == {*MAKE, TELL}
    assert (site.asked("a", "b"), site.asked("b", "a")) == ("b", "a")
    assert changed(site.run(names=("a", "b"))) == set()
    before = site.running("a")

    # A third one: the other two are told of it, and change nothing else.
    foreseen = site.run("--check", "--diff")
    assert "peers.c" in json.dumps([result.get("diff") for result in foreseen if result["_task"] == TELL])
    third = site.run()
    assert changed(third) == {*MAKE, TELL}
    assert {result["_task"] for result in third if result.get("changed") and "web-a" in json.dumps(result)} == {TELL}
    for name in NAMES:
        assert [site.asked(name, other) for other in NAMES if other != name] == [one for one in NAMES if one != name]

    # One leaves: the others forget it.
    assert changed(site.run(names=("a", "c"))) == {TELL}
    assert site.asked("c", "a") == "a"
    hosts = Path(site.hosts["a"].root)
    assert "web-b" not in "".join(path.read_text() for path in hosts.glob("containers/*/hosts"))
    assert site.running("a") == before

    changed(site.run(book="overlay_teardown"))
    for host in site.hosts.values():
        assert "vxlan" not in host.run("ip", "-d", "link")
        assert leftovers.processes(host.root) == []
