"""The `image_pull`, `image_push` and `registry_login` modules, with a real registry that wants a password."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.modules.host import Host, Results, task
from tests.support.registry import PASSWORD, USER, serving


def play(host: Host, folder: Path, tasks: list[dict[str, Any]], *arguments: str) -> Results:
    """Run tasks where the registry is: with the network of the tests, and with credentials of their own."""
    environment = {"SKIFF_ROOT": host.root, "DOCKER_CONFIG": str(folder)}
    book = folder / "registry.yml"
    head = {"hosts": "localhost", "gather_facts": False, "environment": environment, "tasks": tasks}
    book.write_text(json.dumps([head]))
    return host.book(book, *arguments, outside=True)


def test_a_container_pulls_its_image(host: Host, archive: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "registry") as registry:
        name = f"{registry.host}/app"
        other = {"name": "app:next", "source": "import", "changes": ["ENV A=1"]}
        web = {"name": "app", "image": name, "command": ["true"], "state": "present", "network_mode": "none"}
        asking = {**web, "pull": "always", "pull_check_mode_behavior": "always"}
        results = play(
            host,
            tmp_path,
            [
                task("image_tag", name="bb", repository=[name]),
                task("image_push", name=name),
                task("image_remove", name=name),
                task("container", **web, pull="never", ignore_errors_=True),
                task("container", **web, check_mode_=True, diff_=True),
                task("container", **web),
                task("container", **web),
                task("container", **web, pull=True),
                task("container", **asking, check_mode_=True),
                task("image", **other, load_path=str(archive)),
                task("image_tag", name="app:next", repository=[name]),
                task("image_push", name=name),
                task("image_tag", name="bb", repository=[name]),
                task("container", **web, pull="always", check_mode_=True),
                task("container", **asking, check_mode_=True, diff_=True),
                task("container", **asking),
                task("container", **asking),
                task("container", name="app", state="absent"),
                task("image_remove", name=name, force=True),
                task("image_remove", name="app:next", force=True),
                task("docker_image", name=name, source="pull", check_mode_=True),
                task("docker_image", name=name, source="pull"),
                task("docker_image", name=name, source="pull", force_source=True),
                task("docker_image", name="bb", repository=f"{name}:more", push=True, source="local", check_mode_=True),
                task("docker_image", name="bb", repository=f"{name}:more", push=True, source="local"),
                task("docker_image", name="bb", repository=f"{name}:more", push=True, source="local"),
                task("docker_image", name=name, tag="more", push=True, source="local"),
                task("image_remove", name=f"{name}:more"),
                task("image_pull", name=f"{name}:more"),
                task("image_remove", name=f"{name}:more"),
                task("image_remove", name=name, force=True),
            ],
        )
    assert [at for at, result in enumerate(results) if result["_ending"] == "failed"] == [3], results[-1]
    assert results[3]["_ending"] == "failed"
    changed = [at for at, value in enumerate(results.changed) if value]
    assert changed == [0, 1, 2, 4, 5, 9, 10, 11, 12, 14, 15, 17, 18, 19, 20, 21, 23, 24, 27, 28, 29, 30]
    assert results[4]["actions"][0] == {"pulled_image": f"{name}:latest", "changed": True}
    assert results[5]["container"]["Config"]["Image"] == name
    assert results[14]["diff"]["after"]["pulled_image"] == results[15]["container"]["Image"]


def test_an_image_is_sent_and_fetched_by_tasks(host: Host, tmp_path: Path) -> None:
    with serving(tmp_path / "registry", password=True) as registry:
        name = f"{registry.host}/team/bb:1"
        login = {"registry": registry.host, "config_path": str(tmp_path / "config.json")}
        account = {"username": USER, "password": PASSWORD}
        results = play(
            host,
            tmp_path,
            [
                task("image_tag", name="bb", repository=[name]),
                task("image_push", name=name, ignore_errors_=True),
                task("registry_login", **login, username=USER, password="wrong", ignore_errors_=True),
                task("registry_login", **login, **account, check_mode_=True, diff_=True),
                task("registry_login", **login, **account),
                task("registry_login", **login, **account),
                task("docker_login", **login, **account, reauth=True),
                task("image_push", name=name, check_mode_=True, diff_=True),
                task("image_push", name=name),
                task("docker_image_push", name=name.removesuffix(":1"), tag="1"),
                task("image_remove", name=name),
                task("image_pull", name=name, check_mode_=True, diff_=True),
                task("image_pull", name=name),
                task("image_pull", name=name),
                task("docker_image_pull", name=name, pull="not_present"),
                task("image_pull", name=f"{registry.host}/team/bb", ignore_errors_=True),
                task("image_pull", name="sha256:" + "a" * 64, ignore_errors_=True),
                task("image_push", name="sha256:" + "a" * 64, ignore_errors_=True),
                task("registry_login", **login, state="absent"),
                task("registry_login", **login, state="absent"),
                task("image_pull", name=name, ignore_errors_=True),
                task("image_remove", name=name),
            ],
        )
    assert results[3]["_ending"] == "ok", results[3]
    endings = [result["_ending"] for result in results]
    assert [at for at, ending in enumerate(endings) if ending == "failed"] == [1, 2, 15, 16, 17, 20]
    changed = [at for at, value in enumerate(results.changed) if value]
    assert changed == [0, 3, 4, 6, 7, 8, 10, 11, 12, 18, 21]
    assert f"skiff login {registry.host}" in results[1]["msg"]
    assert PASSWORD not in json.dumps(list(results))
    assert results[4]["login_results"]["Status"] == "Login Succeeded"
    assert results[7]["diff"]["before"] == {"exists": False}
    assert results[11]["image"] == {}
    image = results[12]["image"]
    assert results[11]["diff"]["after"] == {"id": image["Id"]}
    assert sorted(image["RepoTags"]) == sorted(["bb:latest", name])
    digests = [each for each in image["RepoDigests"] if each.startswith(f"{registry.host}/team/bb@sha256:")]
    assert len(digests) == 1
