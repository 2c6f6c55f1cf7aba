"""Images without a registry: from the controller and from another host, of which only the missing layers are sent."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

from tests.modules.host import Host, Results, local, task
from tests.support.archives import config, docker_archive, member, tar

LARGE = 3 << 20
BASE = tar(member("base", os.urandom(LARGE)))
ONE, TWO = (tar(member("version", text)) for text in (b"1", b"2"))
ALONE = {"network_mode": "none", "detach": False, "command": ["cat", "/version"]}


def packed(folder: Path, name: str, *layers: bytes) -> tuple[Path, str]:
    """Return an archive with this image, and the image's name."""
    path = folder / f"{name.replace(':', '-')}.tar"
    path.write_bytes(docker_archive([name], *layers, document=config(*layers)))
    return path, name


def play(first: Host, second: Host, tasks: list[dict[str, Any]]) -> Results:
    """Run tasks on a host called `second`, beside one called `first`, whose images the controller has, too."""
    hosts = {"first": local(first.root), "second": local(second.root), "localhost": local(first.root)}
    return first.beside(hosts, tasks)


def test_a_host_gets_the_layer_that_it_lacks_from_another_host(host: Host, other: Host, tmp_path: Path) -> None:
    for path, name in (packed(tmp_path, "app:1", BASE, ONE), packed(tmp_path, "app:2", BASE, TWO)):
        host.play([task("image", name=name, source="load", load_path=str(path))])
    one, two = ({"name": "app", "tag": tag, "source": "host", "source_host": "first"} for tag in "12")
    results = play(
        host,
        other,
        [
            task("image", **one, check_mode_=True, diff_=True),
            task("image_info"),
            task("image", **one),
            task("image", **one),
            task("image", **two, check_mode_=True),
            task("docker_image", **two, diff_=True),
            task("image", **two, force_source=True),
            task("image_info"),
        ],
    )
    assert results.changed == [True, False, True, False, True, True, False, False]
    first, second = (image["Id"] for image in sorted(results[7]["images"], key=lambda found: found["RepoTags"]))
    layers = {image["Id"]: image["RootFS"]["Layers"] for image in results[7]["images"]}
    assert results[0]["diff"] == {"before": {"exists": False}, "after": {"id": first}}
    assert (results[0]["layers_sent"], results[0]["bytes_sent"]) == (layers[first], 0)
    assert results[1]["images"] == []
    assert results[2]["layers_sent"] == layers[first]
    assert LARGE < results[2]["bytes_sent"] < LARGE + 40_000
    assert results[4]["layers_sent"] == results[5]["layers_sent"] == layers[second][1:]
    assert 0 < results[5]["bytes_sent"] < 40_000
    assert results[5]["image"]["RepoTags"] == ["app:2"]
    assert (results[6]["layers_sent"], results[6]["bytes_sent"]) == ([], 0)
    skiff = f"{other.root}/bin/skiff"
    other.run(skiff, "save", "-o", str(tmp_path / "theirs.tar"), "app:2")
    host.run(f"{host.root}/bin/skiff", "save", "-o", str(tmp_path / "ours.tar"), "app:2")
    assert (tmp_path / "theirs.tar").read_bytes() == (tmp_path / "ours.tar").read_bytes()
    assert not list(Path("/var/tmp").glob("skiff.*"))


def test_the_controller_sends_what_is_missing_of_an_archive(host: Host, other: Host, tmp_path: Path) -> None:
    path, name = packed(host.folder, "app:3", gzip.compress(BASE, 1), ONE)
    (host.folder / "app-3.tar").write_bytes(docker_archive([name], BASE, ONE, document=config(BASE, ONE)))
    whole, _name = packed(tmp_path, "app:4", BASE, ONE, TWO)
    whole.with_suffix(".tar.gz").write_bytes(gzip.compress(whole.read_bytes(), 1))
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(whole.read_bytes()[:700])
    results = play(
        host,
        other,
        [
            task("image", name="app:3", source="controller", load_path=path.name),
            task("image", name="app:4", source="controller", load_path=str(whole.with_suffix(".tar.gz"))),
            task("image", name="app:4", source="controller", load_path="/no/such/file"),
            task("image", name="bb", source="controller"),
            task("container", name="c", image="bb", **{**ALONE, "command": ["true"]}),
            task("image", name="none", source="controller", load_path=path.name, ignore_errors_=True),
            task("image", name="none", source="controller", load_path="none.tar", ignore_errors_=True),
            task("image", name="none", source="controller", load_path=str(damaged), ignore_errors_=True),
            task("image", name="none", source="controller", ignore_errors_=True),
            task("image", name="none", source="host", ignore_errors_=True),
            task("image", name="none", source="host", source_host="third", ignore_errors_=True),
            task("image", name="none", source="host", source_host="first", ignore_errors_=True),
            task("image", name="bb", source="controller", async_=60, poll_=1, ignore_errors_=True),
        ],
    )
    assert results.changed[:5] == [True, True, False, True, True]
    assert len(results[0]["layers_sent"]) == 2
    assert len(results[1]["layers_sent"]) == 1
    assert results[1]["bytes_sent"] < 40_000
    assert results[3]["image"]["RepoTags"] == ["bb:latest"]
    said = ("app:3", "none.tar", f"{damaged}: ", "none", "source_host", "third", "none:latest", "async")
    for result, word in zip(results[5:], said, strict=True):
        assert result["_ending"] == "failed", result
        assert word in result["msg"]
