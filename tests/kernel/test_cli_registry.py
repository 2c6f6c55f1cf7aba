"""`skiff login`, `logout`, `pull`, `push`, `search` and `run --pull` with a real registry that wants a password."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import rootfs
from tests.support.registry import PASSWORD, USER, Registry, serving
from tests.support.skiff import Skiff

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with serving(tmp_path_factory.mktemp("registry"), password=True) as running:
        yield running


@pytest.fixture
def skiff(tmp_path: Path) -> Iterator[Skiff]:
    host = Skiff(tmp_path / "root")
    host.environment["DOCKER_CONFIG"] = str(tmp_path / "docker")
    yield host
    host.remove_everything()


def test_a_session_with_a_registry(skiff: Skiff, registry: Registry, tmp_path: Path) -> None:
    name = f"{registry.host}/team/bb"
    archive = rootfs.tar(tmp_path / "rootfs", tmp_path / "bb.tar")
    image_id = skiff.run("import", "-c", 'CMD ["echo", "hello"]', str(archive), f"{name}:1").stdout.strip()
    refused = skiff.run("push", f"{name}:1", check=False)
    assert refused.returncode == 1
    assert f"skiff login {registry.host}" in refused.stderr
    wrong = skiff.run("login", "-u", USER, "--password-stdin", registry.host, check=False, input="no", stdin=None)
    assert wrong.returncode == 1
    assert not (tmp_path / "docker").exists()

    done = skiff.run("login", "-u", USER, "--password-stdin", f"http://{registry.host}/v2/", input=PASSWORD, stdin=None)
    assert done.stdout == "Login Succeeded\n"
    assert f"stored unencrypted in {tmp_path}/docker/config.json" in done.stderr
    again = skiff.run("login", registry.host)
    assert again.stdout == "Authenticating with existing credentials...\nLogin Succeeded\n"
    (entry,) = json.loads((tmp_path / "docker" / "config.json").read_text())["auths"]
    assert entry == registry.host

    pushed = skiff.run("push", f"{name}:1").stdout.splitlines()
    assert pushed[0] == f"The push refers to repository [{name}]"
    assert pushed[1].endswith(": Preparing")
    assert pushed[2].endswith(": Pushed")
    digest = pushed[3].split()[2]
    skiff.run("tag", f"{name}:1", f"{name}:2")
    assert skiff.run("push", "-q", "-a", name).stdout == f"{name}\n"
    assert skiff.run("search", "--format", "{{.Name}}", f"{registry.host}/bb").stdout == f"{name}\n"

    skiff.run("rmi", "-f", image_id)
    pulled = skiff.run("pull", f"{name}:1").stdout.splitlines()
    assert pulled[0] == "1: Pulling from team/bb"
    assert [line.partition(": ")[2] for line in pulled[1:4]] == [
        "Pulling fs layer",
        "Download complete",
        "Pull complete",
    ]
    assert pulled[4:] == [
        f"Digest: {digest}",
        f"Status: Downloaded newer image for {name}:1",
        f"{name}:1",
    ]
    assert skiff.run("pull", "-q", f"{name}@{digest}").stdout == f"{name}@{digest}\n"
    assert skiff.run("images", "-q", "--no-trunc", "--digests").stdout.split() == [image_id]
    skiff.run("rmi", f"{name}:1")

    assert skiff.run("run", "--rm", "--pull", "never", f"{name}:1", check=False).returncode == 125
    ran = skiff.run("run", "--rm", f"{name}:1")
    assert ran.stdout == "hello\n"
    assert ran.stderr.splitlines()[:2] == [f"Unable to find image '{name}:1' locally", "1: Pulling from team/bb"]
    created = skiff.run("create", "--pull", "always", f"{name}:1")
    assert created.stderr.splitlines()[-1] == f"Status: Image is up to date for {name}:1"
    missing = skiff.run("run", "--rm", f"{name}:3", check=False)
    assert missing.returncode == 125
    assert "there is no such thing" in missing.stderr

    assert skiff.run("logout", registry.host).stdout == f"Removing login credentials for {registry.host}\n"
    assert skiff.run("pull", f"{name}:1", check=False).returncode == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["login", "-u", "a", "-p", "b", "--password-stdin"], "mutually exclusive"),
        (["login", "--password-stdin"], "Must provide --username"),
        (["login", "-u", "a"], "non TTY"),
        (["login", "a b"], "not the address of a registry"),
        (["search", "busybox"], "search needs a registry"),
        (["search", "--limit", "0", "localhost:1/x"], "from 1 to 100"),
        (["pull", "-a", "x:1"], "tag can't be used with --all-tags/-a"),
        (["push", "x:1"], "no image has the name x:1"),
        (["run", "--pull", "often", "x"], "use always, missing or never"),
    ],
)
def test_mistakes_are_told_in_a_sentence(skiff: Skiff, words: list[str], told: str) -> None:
    done = skiff.run(*words, check=False)
    assert done.returncode in (1, 125)
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
