"""The collection as a whole: its payload, a bare host, redirects, defaults, and the released artifact."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from tests.modules.host import CHECKOUT, Host, task, tool


def test_check_mode_leaves_a_bare_host_bare(bare: Host) -> None:
    build = {"name": "site", "path": "/no/such/folder"}
    results = bare.play(
        [
            task("image", name="bb", source="import", load_path="/no/such/file"),
            task("dockerfile_build", **build),
            task("network", name="n"),
            task("volume", name="vol"),
            task("container", name="c", image="site", networks=[{"name": "n"}], volumes=["vol:/v"]),
            task("container", name="gone", state="absent"),
        ],
        "--check",
        "--diff",
    )
    assert [result["_ending"] for result in results] == ["ok"] * 6
    assert results.changed == [True] * 5 + [False]
    assert not os.path.exists(bare.root)


def test_information_leaves_a_bare_host_bare(bare: Host) -> None:
    results = bare.play([task(f"{kind}_info", name="x") for kind in ("container", "image", "network", "volume")])
    assert [result.get("exists", False) for result in results] == [False] * 4
    assert not os.path.exists(bare.root)


def test_the_first_task_installs_the_library_and_the_command(bare: Host) -> None:
    bare.play([task("volume", name="vol"), task("volume", name="other")])
    installed = os.listdir(bare.layout.library)
    assert len(installed) == 1
    sent = bare.play([task("volume", name="vol")], "-vvv").sent
    assert not any("runtime_lib.zip" in line for line in sent), "the library is sent again and again"
    command = Path(bare.root, "bin", "skiff")
    assert installed[0] in command.read_text()
    assert "vol" in bare.run(str(command), "volume", "ls")


def test_the_payload_is_complete(bare: Host) -> None:
    bare.one("volume", name="vol")
    (installed,) = Path(bare.layout.library).iterdir()
    shipped = {path.relative_to(installed / "runtime_lib") for path in installed.rglob("*.py")}
    there = {path.relative_to(CHECKOUT / "runtime_lib") for path in (CHECKOUT / "runtime_lib").rglob("*.py")}
    assert shipped == there


def test_names_of_community_docker_lead_here(bare: Host) -> None:
    results = bare.play(
        [
            task("docker_volume", volume_name="vol"),
            task("docker_volume_info", name="vol"),
            task("docker_network_info", name="n"),
            task("docker_container_info", name="c"),
            task("docker_image_info"),
        ]
    )
    assert results[0]["changed"] is True
    assert results[1]["exists"] is True
    assert results[4]["images"] == []


def test_module_defaults_reach_both_groups(bare: Host) -> None:
    for group, name in (("skiff", "volume"), ("docker", "docker_volume"), ("docker", "volume")):
        defaults: dict[str, Any] = {f"group/skiff.containers.{group}": {"debug": True}}
        (result,) = bare.play([task(name, name=f"{group}-{name}")], module_defaults=defaults)
        assert "actions" in result, (group, name)


def test_the_released_artifact_installs_and_runs(tmp_path: Path) -> None:
    staged = subprocess.run([CHECKOUT / "tools" / "stage"], capture_output=True, text=True, check=True).stdout.strip()
    galaxy = tool("ansible-galaxy")
    build = [galaxy, "collection", "build", "--output-path", str(tmp_path), str(CHECKOUT / staged)]
    subprocess.run(build, check=True, capture_output=True)
    (artifact,) = tmp_path.glob("*.tar.gz")
    target = tmp_path / "collections"
    install = [galaxy, "collection", "install", "--offline", "-p", str(target), str(artifact)]
    subprocess.run(install, check=True, capture_output=True, env={**os.environ, "ANSIBLE_HOME": str(tmp_path / "home")})
    names = {path.name for path in (target / "ansible_collections" / "skiff" / "containers").iterdir()}
    assert not names & {"tests", "build", ".git", "tools", "runtime_lib"}
    host = Host(tmp_path, target)
    try:
        results = host.play([task("volume", name="vol"), task("volume", name="vol")])
        assert results.changed == [True, False]
    finally:
        host.close()
