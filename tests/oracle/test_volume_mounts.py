"""How long volumes with driver options are mounted, on both engines: by the host's table, and by what is left."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.waiting import until

from .conftest import IMAGE, Engine

TAG = f"mounts{os.getpid()}"
DATA = f"{TAG}-data"
VOLUME = ("--network", "none", "-v", f"{DATA}:/d")
PATIENCE = 60  # seconds
COUNT = "n=$(cat /d/n 2>/dev/null || echo 0); echo $((n + 1)) >/d/n; cat /d/n"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture(params=["tmpfs", "ext4"])
def options(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """Driver options for memory and for a block device."""
    words = {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}
    loop = ""
    if request.param == "ext4":
        subprocess.run(["mkfs.ext4", "-q", tmp_path / "image", "8m"], check=True)
        command = ["losetup", "--find", "--show", str(tmp_path / "image")]
        loop = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        words = {"type": "ext4", "device": loop}
    yield tuple(word for key, value in words.items() for word in ("-o", f"{key}={value}"))
    if loop:
        subprocess.run(["losetup", "--detach", loop], check=True)


@pytest.fixture(autouse=True)
def clean(docker: Engine, skiff: Engine) -> Iterator[None]:
    yield
    for engine in (docker, skiff):
        containers = engine.call("ps", "-aq", "--filter", f"name={TAG}").stdout.split()
        if containers:
            engine.call("rm", "-f", *containers)
        engine.call("volume", "rm", "-f", DATA)
        assert mounted() == 0


def mounted() -> int:
    """Return how often the host has the volume mounted."""
    return Path("/proc/self/mountinfo").read_text().count(f"/{DATA}/_data ")


def gone() -> int:
    """Wait until the host has the volume mounted no more; return how often it has it then."""
    until(lambda: mounted() == 0, PATIENCE, "unmounted")
    return mounted()


def told(engine: Engine, name: str) -> list[str]:
    return engine.must("logs", f"{TAG}-{name}").split()


def life(engine: Engine, options: tuple[str, ...], tmp_path: Path) -> dict[str, object]:
    """Return after each step how often the volume is mounted, and what containers found."""
    one, two = f"{TAG}-one", f"{TAG}-two"
    engine.must("volume", "create", *options, DATA)
    seen: dict[str, object] = {"made": mounted()}
    engine.must("create", "--name", one, *VOLUME, IMAGE, "sh", "-c", f"{COUNT}; exec sleep 1000")
    seen["created"] = mounted()
    engine.must("start", one)
    seen["started"] = mounted()
    until(lambda: told(engine, "one") == ["1"], PATIENCE)
    engine.must("run", "-d", "--name", two, *VOLUME, IMAGE, "sh", "-c", f"{COUNT}; exec sleep 1000")
    seen["two run"] = mounted()
    until(lambda: told(engine, "two") == ["2"], PATIENCE)
    engine.must("kill", one)
    engine.must("wait", one)
    seen["one runs"] = mounted()
    engine.must("pause", two)
    seen["it stands still"] = mounted()
    engine.must("unpause", two)
    engine.must("restart", "-t", "0", two)
    seen["it runs again"] = mounted()
    until(lambda: len(told(engine, "two")) == 2, PATIENCE)
    engine.must("kill", two)
    seen["nobody runs"] = gone()
    seen["what they found"] = told(engine, "one") + told(engine, "two")
    seen["another finds"] = engine.must("run", "--rm", *VOLUME, IMAGE, "ls", "/d").split()
    seen["it ended by itself"] = gone()
    (tmp_path / "copied").write_text("copied")
    engine.must("cp", str(tmp_path / "copied"), f"{one}:/d/copied")
    seen["copied to one that does not run"] = gone()
    seen["and from"] = engine.call("cp", f"{one}:/d/copied", str(tmp_path / "back")).returncode == 0
    seen["mounted since"] = mounted()
    seen["a program that is missing"] = engine.call("run", "--rm", *VOLUME, IMAGE, "missing").returncode
    seen["mounted by it"] = gone()
    engine.must("start", one)
    engine.must("rm", "-f", one, two)
    seen["removed"] = gone()
    engine.must("volume", "rm", DATA)
    return seen


def test_mounted_while_somebody_uses_it(
    docker: Engine, skiff: Engine, options: tuple[str, ...], tmp_path: Path
) -> None:
    found = []
    for engine in (docker, skiff):
        found.append(life(engine, options, tmp_path))
        (tmp_path / "back").unlink(missing_ok=True)
        if "type=ext4" in options:
            subprocess.run(["mkfs.ext4", "-q", "-F", tmp_path / "image"], check=True)
    theirs, ours = found
    assert ours == theirs
    assert [ours[step] for step in ("made", "created", "started", "two run", "one runs")] == [0, 0, 1, 1, 1]
    assert ours["nobody runs"] == 0


def busy(engine: Engine, options: tuple[str, ...]) -> list[object]:
    """Return how often it is mounted when a process of the host stands in it at the end, and what comes then."""
    engine.must("volume", "create", *options, DATA)
    engine.must("run", "-d", "--name", f"{TAG}-one", *VOLUME, IMAGE, "sleep", "1000")
    place = engine.must("volume", "inspect", "--format", "{{.Mountpoint}}", DATA).strip()
    with subprocess.Popen(
        ["sh", "-c", "echo >old; read line; cat old && rm old"], cwd=place, stdin=subprocess.PIPE
    ) as inside:
        try:
            until(lambda: os.path.exists(f"{place}/old"), PATIENCE)
            engine.must("rm", "-f", f"{TAG}-one")
            seen: list[object] = [gone()]
            seen.append(engine.must("run", "--rm", *VOLUME, IMAGE, "ls", "/d").split())
            inside.communicate(b"\n")
            seen += [inside.returncode, mounted()]
        finally:
            inside.kill()
    engine.must("volume", "rm", DATA)
    return seen


@pytest.mark.parametrize("options", ["ext4"], indirect=True)
def test_a_process_of_the_host_stands_in_it(docker: Engine, skiff: Engine, options: tuple[str, ...]) -> None:
    theirs, ours = (busy(engine, options) for engine in (docker, skiff))
    assert ours == theirs
    assert ours[0] == 0


def again(engine: Engine) -> list[str]:
    """Return what the second run of a container found that its restart policy has started."""
    engine.must("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", DATA)
    again = ("--restart", "on-failure:1")
    engine.must("run", "-d", "--name", f"{TAG}-one", *again, *VOLUME, IMAGE, "sh", "-c", f"{COUNT}; exit 1")
    until(lambda: len(told(engine, "one")) == 2, PATIENCE)
    return told(engine, "one")


def test_a_restart_by_policy_keeps_it(docker: Engine, skiff: Engine) -> None:
    """docs/volumes.md: Docker unmounts between the runs, Skiff does not."""
    assert again(docker) == ["1", "1"]
    assert again(skiff) == ["1", "2"]


def filled(engine: Engine, folder: Path) -> list[object]:
    """Return what a folder of the host gets from the image when it is a volume there, and when that is missing."""
    folder.mkdir()
    words = ("-o", "type=none", "-o", f"device={folder}", "-o", "o=bind")
    engine.must("volume", "create", *words, DATA)
    done = engine.call("create", "--name", f"{TAG}-one", "-v", f"{DATA}:/bin", IMAGE, "true")
    seen: list[object] = [done.returncode, mounted(), folder.stat().st_mode]
    seen.append([(path.name, path.lstat().st_mode, path.lstat().st_uid) for path in sorted(folder.iterdir())])
    engine.must("rm", f"{TAG}-one")
    engine.must("create", "--name", f"{TAG}-one", "-v", f"{DATA}:/etc", IMAGE, "true")
    seen.append(len(list(folder.iterdir())))
    engine.must("rm", f"{TAG}-one")
    shutil.rmtree(folder)
    for target in ("/bin", "/not-in-the-image"):
        done = engine.call("create", "--name", f"{TAG}-one", "-v", f"{DATA}:{target}", IMAGE, "true")
        seen.append(done.returncode)
    engine.must("rm", f"{TAG}-one")
    engine.must("volume", "rm", DATA)
    return seen


def test_the_image_fills_it_where_it_is_empty(docker: Engine, skiff: Engine, tmp_path: Path) -> None:
    theirs, ours = (filled(engine, tmp_path / engine.name) for engine in (docker, skiff))
    assert ours == theirs
    assert theirs[-2:] == [1, 0]
