"""From the platforms of molecule.yml to the options of modules."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from skiff_containers.molecule_driver.playbooks.filter_plugins.molecule_skiff import (
    PASSED,
    RENAMED,
    molecule_skiff,
    python_of,
)

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / "skiff_containers" / "molecule_driver" / "schema" / "driver.json"
MODULE = ROOT / "collection" / "plugins" / "modules" / "container.py"


def planned(*platforms: dict[str, Any], folder: str = "/nowhere") -> dict[str, Any]:
    hostvars = {platform["name"]: {"molecule_skiff_scenario": "ab12"} for platform in platforms}
    return molecule_skiff(platforms, hostvars, folder, "/ephemeral")


def container(platform: dict[str, Any], *others: dict[str, Any]) -> Any:
    return planned({"name": "one", "image": "debian", **platform}, *others)["containers"][0]


def test_a_plain_instance_sleeps_and_reaps() -> None:
    assert container({}) == {
        "name": "one-ab12",
        "image": "debian",
        "hostname": "one",
        "command": ["sleep", "infinity"],
        "init": True,
        "labels": {"owner": "molecule", "molecule.scenario": "ab12"},
        "state": "started",
    }


def test_a_command_of_its_own() -> None:
    own = container({"command": "nginx -g 'daemon off;'"})
    assert own["command"] == "nginx -g 'daemon off;'"
    assert "init" not in own
    assert "command" not in container({"override_command": False})


def test_systemd_gets_what_it_wants() -> None:
    options = container({"systemd": True, "tmpfs": ["/cache"], "env": {"A": "1"}, "privileged": True})
    assert options["command"] == ["/sbin/init"]
    assert options["stop_signal"] == "SIGRTMIN+3"
    assert options["tmpfs"] == ["/run", "/run/lock", "/tmp", "/cache"]
    assert options["env"] == {"container": "skiff", "A": "1"}
    assert planned({"name": "one", "image": "debian", "systemd": True})["with_systemd"] == ["one-ab12"]


def test_networks_belong_to_the_scenario() -> None:
    plan = planned(
        {
            "name": "one",
            "image": "debian",
            "docker_networks": [{"name": "front", "ipam_config": [{"subnet": "10.3.1.0/24"}]}],
            "networks": [{"name": "front", "aliases": ["web"], "ipv4_address": "10.3.1.7"}],
        },
        {"name": "two", "image": "debian", "networks": [{"name": "front"}, {"name": "back"}]},
    )
    labels = {"owner": "molecule", "molecule.scenario": "ab12"}
    assert plan["networks"] == [
        {"name": "front-ab12", "ipam_config": [{"subnet": "10.3.1.0/24"}], "labels": labels},
        {"name": "back-ab12", "labels": labels},
    ]
    assert plan["containers"][0]["networks"] == [
        {"name": "front-ab12", "aliases": ["one", "web"], "ipv4_address": "10.3.1.7"}
    ]
    assert [network["name"] for network in plan["containers"][1]["networks"]] == ["front-ab12", "back-ab12"]


def test_other_instances_are_found_by_their_names_in_molecule_yml() -> None:
    other = {"name": "two", "image": "debian"}
    sharing = {
        "network_mode": "container:two",
        "pid_mode": "container:stranger",
        "volumes_from": ["two:ro"],
        "links": ["two:db"],
    }
    options = container(sharing, other)
    assert options["network_mode"] == "container:two-ab12"
    assert options["pid_mode"] == "container:stranger"
    assert options["volumes_from"] == ["two-ab12:ro"]
    assert options["links"] == ["two-ab12:db"]


def test_groups_are_ansibles() -> None:
    options = container({"groups": ["web"], "groups_add": ["video"]})
    assert options["groups"] == ["video"]


def test_an_image_is_brought_once() -> None:
    recipe = {"suite": "bookworm"}
    plan = planned(*({"name": name, "image": "base", "bootstrap": recipe} for name in ("one", "two")))
    assert plan["images"] == [{"name": "base", "source": "bootstrap", "bootstrap": recipe}]
    loaded = planned({"name": "one", "image": "base", "load_path": "/srv/base.tar"})
    assert loaded["images"] == [{"name": "base", "source": "load", "load_path": "/srv/base.tar"}]


@pytest.mark.parametrize("given", [{}, {"dockerfile": "Dockerfile.j2"}])
def test_a_template_is_filled_in_and_built(tmp_path: Path, given: dict[str, str]) -> None:
    (tmp_path / "Dockerfile.j2").write_text("FROM {{ item.image }}\n")
    platform = {"name": "One", "image": "debian", "buildargs": {"LEVEL": 3}, **given}
    plan = planned(platform, folder=str(tmp_path))
    assert plan["templates"][0]["image"] == "debian"
    assert plan["templates"][0]["molecule_skiff_template"] == str(tmp_path / "Dockerfile.j2")
    assert plan["builds"] == [
        {
            "name": "molecule_local/one-ab12",
            "path": str(tmp_path),
            "dockerfile": "/ephemeral/Dockerfile_One",
            "args": {"LEVEL": "3"},
            "network": "host",
            "labels": {"owner": "molecule"},
        }
    ]
    assert plan["containers"][0]["image"] == "molecule_local/one-ab12"


def test_a_dockerfile_is_built_as_it_is() -> None:
    plan = planned({"name": "one", "dockerfile": "../Dockerfile"})
    assert plan["templates"] == []
    assert plan["builds"][0]["dockerfile"] == "/nowhere/../Dockerfile"


def test_a_finished_image_is_not_built(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile.j2").write_text("FROM {{ item.image }}\n")
    plan = planned({"name": "one", "image": "debian", "pre_build_image": True}, folder=str(tmp_path))
    assert plan["builds"] == []
    assert plan["containers"][0]["image"] == "debian"


def test_python_is_known_where_debian_has_it(tmp_path: Path) -> None:
    debian = {"name": "one", "image": "base", "bootstrap": {"suite": "bookworm"}}
    assert python_of(debian, str(tmp_path)) == "/usr/bin/python3"
    assert python_of({"name": "one", "image": "base", "load_path": "/srv/base.tar"}, str(tmp_path)) is None
    (tmp_path / "Dockerfile.j2").write_text("FROM {{ item.image }}\n")
    assert python_of(debian, str(tmp_path)) is None


def test_what_is_removed_is_what_the_scenario_has_made() -> None:
    script = planned({"name": "one", "image": "debian"})["removal"]
    assert script.count("--filter label=molecule.scenario=ab12") == 2
    assert planned()["removal"] == "exit 0"


def test_scripts_on_a_host_where_nothing_was_ever_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKIFF_ROOT", str(tmp_path / "it's here"))
    plan = planned(*({"name": name, "image": name, "load_path": "/srv/base.tar"} for name in ("one", "two")))
    for script, printed in ((plan["removal"], ""), (plan["look_for_images"], "one\ntwo\n")):
        assert subprocess.run(["sh", "-c", script], check=True, text=True, capture_output=True).stdout == printed


def test_the_schema_knows_what_is_passed_and_the_module_takes_it() -> None:
    properties = json.loads(SCHEMA.read_text())["definitions"]["platform"]["properties"]
    assert set(PASSED) <= set(properties)
    assigned = [node for node in ast.parse(MODULE.read_text()).body if isinstance(node, ast.Assign)]
    (options,) = (node for node in assigned if ast.unparse(node.targets[0]) == "OPTIONS")
    assert {RENAMED.get(name, name) for name in PASSED} <= set(ast.literal_eval(options.value))
