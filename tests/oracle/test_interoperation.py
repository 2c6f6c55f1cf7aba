"""Images of Docker, Podman, buildah, umoci and skopeo in Skiff, and Skiff's in Docker and Podman.

Each image runs: that shows its layers (added, removed and linked files) and its configuration.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.oracle.conftest import IMAGE, Engine
from tests.support import makers
from tests.support.makers import Makers, layer_types
from tests.support.registry import Registry, serving
from tests.support.skiff import Skiff

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(bool(makers.missing()), reason=f"needs {' '.join(makers.missing())}"),
]
NAME = "interoperation:1"
CHANGE = "rm /etc/group && mkdir /srv && echo by $0 >/srv/page && ln /srv/page /srv/link"
SHOW = "cat /srv/page /srv/link; test -e /etc/group || id -un; pwd; echo $MADE"
SETTINGS = {"User": "u1", "WorkingDir": "/srv", "Env": ["PATH=/bin", "MADE=yes"], "Cmd": ["sh", "-c", SHOW]}


def shown(maker: str) -> str:
    """Return what a container of this maker's image prints."""
    return f"by {maker}\nby {maker}\nu1\n/srv\nyes\n"


@pytest.fixture(scope="module")
def tools() -> Iterator[Makers]:
    opened = Makers()
    yield opened
    opened.close()


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """A new one each time: the tools take layers over, however packed, where they know of any in a registry."""
    with serving(tmp_path / "registry") as running:
        yield running


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Skiff]:
    """Skiff with nothing in its store, so that each layer is unpacked."""
    opened = Skiff(tmp_path / "skiff")
    yield opened
    opened.remove_everything()


def loaded(host: Skiff, path: Path) -> str:
    """Load an archive and return what its container prints."""
    name = host.run("load", "-i", str(path)).stdout.split()[-1]
    return host.run("run", "--rm", "--network", "none", name).stdout


def pulled(host: Skiff, name: str) -> str:
    """Pull an image and return what its container prints."""
    host.run("pull", "-q", name)
    return host.run("run", "--rm", "--network", "none", name).stdout


# Docker


@pytest.fixture(scope="module")
def of_docker(docker: Engine) -> Iterator[str]:
    context = f"FROM {IMAGE}\nRUN {CHANGE.replace('$0', 'docker')}\nENV PATH=/bin MADE=yes\nUSER u1\nWORKDIR /srv\n"
    context += f"CMD {json.dumps(SETTINGS['Cmd'])}\n"
    done = docker.call("build", "-q", "--network", "none", "-t", NAME, "-", input=context)
    assert done.returncode == 0, done.stderr
    yield NAME
    docker.call("rmi", "-f", NAME)


@pytest.mark.parametrize("packed", ["plain", "gzip", "zstd"])
def test_docker_saves(docker: Engine, of_docker: str, host: Skiff, tmp_path: Path, packed: str) -> None:
    path = tmp_path / "saved.tar"
    assert docker.call("save", "-o", str(path), of_docker).returncode == 0
    if packed == "gzip":
        path.write_bytes(gzip.compress(path.read_bytes(), 1))
    elif packed == "zstd":
        subprocess.run(["zstd", "-q", "-1", "--rm", path, "-o", tmp_path / "packed"], check=True)
        path = tmp_path / "packed"
    assert loaded(host, path) == shown("docker")


def test_docker_pushes(docker: Engine, of_docker: str, host: Skiff, registry: Registry) -> None:
    name = f"{registry.host}/docker/image:1"
    docker.call("tag", of_docker, name)
    try:
        assert docker.call("push", name).returncode == 0
        assert pulled(host, name) == shown("docker")
    finally:
        docker.call("rmi", name)


# Podman and buildah


@pytest.fixture(scope="module")
def of_podman(tools: Makers, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    # Podman 4.3 loses all but two of the empty blocks at a tar's end when it packs it as zstd:chunked.
    trimmed = tmp_path_factory.mktemp("base") / "base.tar"
    content = archive.read_bytes().rstrip(b"\0")
    trimmed.write_bytes(content + bytes(-len(content) % 512 + 1024))
    tools.podman("import", "-q", str(trimmed), "box")
    tools.create("changed", "box", "sh", "-c", CHANGE, "podman")
    changes = ["USER u1", "WORKDIR /srv", *(f"ENV {entry}" for entry in SETTINGS["Env"])]
    changes.append(f"CMD {json.dumps(SETTINGS['Cmd'])}")
    words = [word for change in changes for word in ("--change", change)]
    tools.podman("commit", "-q", *words, "changed", NAME)
    return NAME


@pytest.mark.parametrize("form", ["docker-archive", "oci-archive", "oci-dir"])
def test_podman_saves(tools: Makers, of_podman: str, host: Skiff, tmp_path: Path, form: str) -> None:
    tools.podman("save", "-q", "--format", form, "-o", str(tmp_path / "saved"), of_podman)
    assert loaded(host, tmp_path / "saved") == shown("podman")


PACKINGS = {
    "gzip": ("tar+gzip", "--compression-format", "gzip"),
    "zstd": ("tar+zstd", "--compression-format", "zstd"),
    "chunked": ("tar+zstd chunked", "--compression-format", "zstd:chunked"),
}


@pytest.mark.parametrize("packed", ["gzip", "chunked"])
def test_podman_pushes(tools: Makers, of_podman: str, host: Skiff, registry: Registry, packed: str) -> None:
    name = f"{registry.host}/podman:1"
    kind, *options = PACKINGS[packed]
    tools.podman("push", "-q", "--tls-verify=false", "--format=oci", *options, of_podman, f"docker://{name}")
    assert layer_types(tools.skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{name}")) == {kind}
    assert pulled(host, name) == shown("podman")


@pytest.fixture(scope="module")
def of_buildah(tools: Makers, of_podman: str) -> str:
    work = tools.buildah("from", "--pull-never", "localhost/box")
    tree = Path(tools.buildah("mount", work))
    (tree / "etc" / "group").unlink()
    (tree / "srv").mkdir()
    (tree / "srv" / "page").write_text("by buildah\n")
    os.link(tree / "srv" / "page", tree / "srv" / "link")
    tools.buildah("umount", work)
    words = [word for entry in SETTINGS["Env"] for word in ("--env", entry)]
    tools.buildah("config", "--user", "u1", "--workingdir", "/srv", *words, work)
    tools.buildah("config", "--cmd", json.dumps(SETTINGS["Cmd"]), work)
    tools.buildah("commit", "-q", work, "of-buildah:1")
    return "of-buildah:1"


@pytest.mark.parametrize(
    ("transport", "packed"), [("oci-archive", "zstd"), ("oci-archive", "chunked"), ("oci", "gzip"), ("docker", "zstd")]
)
def test_buildah_pushes(
    tools: Makers, of_buildah: str, host: Skiff, registry: Registry, tmp_path: Path, transport: str, packed: str
) -> None:
    name = f"{registry.host}/buildah:1"
    kind, *options = PACKINGS[packed]
    target = f"docker://{name}" if transport == "docker" else f"{transport}:{tmp_path}/pushed:1"
    tools.buildah("push", "-q", "--tls-verify=false", "--format=oci", *options, of_buildah, target)
    assert layer_types(tools.skopeo("inspect", "--raw", "--tls-verify=false", target)) == {kind}
    printed = pulled(host, name) if transport == "docker" else loaded(host, tmp_path / "pushed")
    assert printed == shown("buildah")


def test_buildah_writes_an_archive_of_docker(tools: Makers, of_buildah: str, host: Skiff, tmp_path: Path) -> None:
    tools.buildah("push", "-q", of_buildah, f"docker-archive:{tmp_path}/pushed:{NAME}")
    assert loaded(host, tmp_path / "pushed") == shown("buildah")


# umoci and skopeo


@pytest.fixture(scope="module")
def of_umoci(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("umoci")
    layout, bundle = folder / "layout", folder / "bundle"
    image = ("--image", f"{layout}:one")
    Makers.umoci("init", "--layout", str(layout))
    Makers.umoci("new", *image)
    Makers.umoci("unpack", *image, str(bundle))
    subprocess.run(["tar", "-C", bundle / "rootfs", "-xf", archive], check=True)
    Makers.umoci("repack", "--refresh-bundle", *image, str(bundle))
    tree = bundle / "rootfs"
    (tree / "etc" / "group").unlink()
    (tree / "srv").mkdir()
    (tree / "srv" / "page").write_text("by umoci\n")
    os.link(tree / "srv" / "page", tree / "srv" / "link")
    Makers.umoci("repack", *image, str(bundle))
    words = [word for entry in SETTINGS["Env"] for word in ("--config.env", entry)]
    words += [word for entry in SETTINGS["Cmd"] for word in ("--config.cmd", entry)]
    Makers.umoci("config", *image, "--config.user", "u1", "--config.workingdir", "/srv", *words)
    return layout


def test_umoci_writes_a_layout(of_umoci: Path, host: Skiff) -> None:
    assert loaded(host, of_umoci) == shown("umoci")


COPIES = {
    "docker-archive": ("docker-archive:{folder}/copied:interoperation:2",),
    "oci-archive": ("oci-archive:{folder}/copied:2",),
    "OCI in a registry": ("--format=oci", "--dest-tls-verify=false", "docker://{host}/skopeo/oci:2"),
    "Docker's in a registry": ("--format=v2s2", "--dest-tls-verify=false", "docker://{host}/skopeo/docker:2"),
}


@pytest.mark.parametrize("way", COPIES)
def test_skopeo_copies(of_umoci: Path, host: Skiff, registry: Registry, tmp_path: Path, way: str) -> None:
    *options, place = COPIES[way]
    target = place.format(folder=tmp_path, host=registry.host)
    Makers.skopeo("copy", "-q", *options, f"oci:{of_umoci}:one", target)
    name = target.partition("docker://")[2]
    printed = pulled(host, name) if name else loaded(host, tmp_path / "copied")
    assert printed == shown("umoci")


# Skiff's own


@pytest.fixture
def of_skiff(host: Skiff, archive: Path, tmp_path: Path) -> str:
    host.run("import", str(archive), "box")
    (tmp_path / "context").mkdir()
    text = f"FROM box\nRUN {CHANGE.replace('$0', 'skiff')}\nENV PATH=/bin MADE=yes\nUSER u1\nWORKDIR /srv\n"
    (tmp_path / "context" / "Dockerfile").write_text(f"{text}CMD {json.dumps(SETTINGS['Cmd'])}\n")
    host.run("build", "-q", "--network", "none", "-t", NAME, str(tmp_path / "context"))
    return NAME


def test_what_skiff_saves_goes_everywhere(
    docker: Engine, tools: Makers, host: Skiff, of_skiff: str, tmp_path: Path
) -> None:
    path = tmp_path / "ours.tar"
    host.run("save", "-o", str(path), of_skiff)
    docker.call("rmi", "-f", NAME)
    try:
        assert docker.call("load", "-i", str(path)).returncode == 0
        assert docker.call("run", "--rm", "--network", "none", NAME).stdout == shown("skiff")
    finally:
        docker.call("rmi", "-f", NAME)
    for transport in ("docker-archive", "oci-archive"):
        image_id = tools.podman("pull", "-q", f"{transport}:{path}")
        assert tools.run(image_id) + "\n" == shown("skiff")
        tools.podman("rmi", "-f", image_id)
    inspected(f"docker-archive:{path}:{NAME}", f"oci-archive:{path}:1")
    folder = tmp_path / "layout"
    host.run("save", "--format", "oci-dir", "-o", str(folder), of_skiff)
    inspected(f"oci:{folder}:1")
    assert "OK" in makers.run("oci-image-tool", "validate", "--type", "image", str(folder))


def test_what_skiff_pushes_goes_everywhere(
    docker: Engine, tools: Makers, host: Skiff, of_skiff: str, registry: Registry
) -> None:
    name = f"{registry.host}/skiff/image:1"
    host.run("tag", of_skiff, name)
    host.run("push", name)
    try:
        assert docker.call("pull", name).returncode == 0
        assert docker.call("run", "--rm", "--network", "none", name).stdout == shown("skiff")
    finally:
        docker.call("rmi", "-f", name)
    tools.podman("pull", "-q", "--tls-verify=false", name)
    assert tools.run(name) + "\n" == shown("skiff")
    inspected(f"docker://{name}")


def inspected(*places: str) -> None:
    """Have skopeo look at an image: its names, manifest and configuration."""
    for place in places:
        options = ("--tls-verify=false",) if place.startswith("docker:") else ()
        found = json.loads(Makers.skopeo("inspect", *options, place))
        assert (found["Os"], len(found["Layers"])) == ("linux", 2), place
        config = json.loads(Makers.skopeo("inspect", "--config", *options, place))["config"]
        assert {key: config[key] for key in SETTINGS} == SETTINGS, place
