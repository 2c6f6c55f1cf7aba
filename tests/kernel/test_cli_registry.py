"""`skiff login`, `logout`, `pull`, `push`, `search` and `run --pull` with a real registry that wants a password."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import rootfs
from tests.support.faultregistry import Answer
from tests.support.faultregistry import serving as faulty
from tests.support.registry import ELSEWHERE, PASSWORD, USER, Registry, serving
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


OLDER = "from runtime_lib.images import gzipping; gzipping._LEVEL, gzipping._DISTINCT = 9, 256"  # compresses otherwise


def test_layers_that_an_older_version_has_compressed_are_not_sent_again(tmp_path: Path) -> None:
    skiff = Skiff(tmp_path / "root")
    archive = rootfs.tar(tmp_path / "rootfs", tmp_path / "bb.tar")
    with serving(tmp_path / "registry") as registry:
        name = f"{registry.host}/team/bb:1"
        skiff.run("import", str(archive), name)
        assert ": Pushed\n" in skiff.run("push", name, before=OLDER).stdout
        stored = registry.blobs()
        assert ": Layer already exists\n" in skiff.run("push", name).stdout
        skiff.run("tag", name, f"{registry.host}/other/bb:1")
        assert ": Mounted from team/bb\n" in skiff.run("push", f"{registry.host}/other/bb:1").stdout
        assert registry.blobs() == stored
    with serving(tmp_path / "another") as registry:
        skiff.run("tag", name, f"{registry.host}/team/bb:1")
        assert ": Pushed\n" in skiff.run("push", f"{registry.host}/team/bb:1").stdout
        assert not registry.blobs() <= stored, "it was compressed as by the older version: the test shows nothing"


class Apart(Skiff):
    """Skiff where the names of hosts and the settings of registries are the test's own."""

    def __init__(self, root: Path, hosts: Path, containers: Path) -> None:
        super().__init__(root)
        script = f'mount --bind {hosts} /etc/hosts && mount --bind {containers} /etc/containers && exec "$@"'
        self._prefix = ["unshare", "--mount", "sh", "-c", script, "sh"]

    def command(self, *arguments: str, before: str = "") -> list[str]:
        return [*self._prefix, *super().command(*arguments, before=before)]


@pytest.mark.skipif(not os.path.isdir("/etc/containers"), reason="needs /etc/containers, which podman brings")
def test_a_registry_with_tls_and_certificates_of_clients(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text(f"127.0.0.1 localhost {ELSEWHERE}\n")
    with serving(tmp_path / "registry", password=True, tls=True, client_ca=True) as registry:
        address = f"{ELSEWHERE}:{registry.port}"
        certificates = tmp_path / "containers" / "certs.d" / address
        certificates.mkdir(parents=True)
        skiff = Apart(tmp_path / "root", tmp_path / "hosts", tmp_path / "containers")
        skiff.environment["DOCKER_CONFIG"] = str(tmp_path / "docker")
        name = f"{address}/team/bb:1"
        archive = rootfs.tar(tmp_path / "rootfs", tmp_path / "bb.tar")
        skiff.run("import", str(archive), name)
        login = ("login", "-u", USER, "--password-stdin", address)
        refused = skiff.run(*login, input=PASSWORD, stdin=None, check=False)
        assert refused.returncode == 1
        assert "its certificate is not trusted" in refused.stderr
        for file in ("ca.crt", "client.cert", "client.key"):
            if file == "client.cert":
                unknown = skiff.run(*login, input=PASSWORD, stdin=None, check=False)
                assert "it wants the certificate of a client" in unknown.stderr, unknown.stderr
            (certificates / file).write_bytes((registry.folder / file).read_bytes())
        wrong = skiff.run(*login, input="no", stdin=None, check=False)
        assert (wrong.returncode, "refuses this name or password" in wrong.stderr) == (1, True), wrong.stderr
        skiff.run(*login, input=PASSWORD, stdin=None)
        skiff.run("push", "-q", name)
        skiff.run("rmi", name)
        assert skiff.run("run", "--rm", "--network", "none", name, "echo", "here").stdout == "here\n"
        skiff.run("rmi", name)
        skiff.remove_everything()


def test_a_search(skiff: Skiff) -> None:
    results = [
        {"name": "web", "description": "x" * 60, "star_count": 5, "is_official": True},
        {"name": "team/web", "star_count": 1},
    ]
    answer = Answer(200, json.dumps({"results": results}).encode(), {"Content-Type": "application/json"})
    view = "{{.Name}} {{.StarCount}} {{.IsOfficial}} {{.Description}}"
    with faulty(lambda _asked: answer) as server:
        words = ("search", "--format", view, f"{server.host}/web")
        shown = f"{server.host}/web 5 [OK] {'x' * 44}…"
        assert skiff.run(*words).stdout.splitlines() == [shown, f"{server.host}/team/web 1  "]
        assert skiff.run(*words, "-f", "stars=2").stdout.splitlines() == [shown]
        assert skiff.run(*words, "-f", "is-official=false").stdout.split()[0] == f"{server.host}/team/web"
        assert skiff.run(*words, "--no-trunc", "--limit", "1").stdout.split()[-1] == "x" * 60


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["login", "-u", "a", "-p", "b", "--password-stdin"], "mutually exclusive"),
        (["login", "--password-stdin"], "Must provide --username"),
        (["login", "-u", "a"], "non TTY"),
        (["login", "a b"], "not the address of a registry"),
        (["search", "-f", "stars=x", "localhost:1/x"], "it must be a number"),
        (["search", "-f", "color=red", "localhost:1/x"], "can be picked by is-automated, is-official, stars"),
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
