"""How long volumes with driver options are mounted, on both engines: by the host's table, and by what is left."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

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


def must(engine: Engine, *words: str) -> str:
    done = engine.call(*words)
    assert done.returncode == 0, f"{engine.name} {words}: {done.stderr}"
    return done.stdout


def mounted() -> int:
    """Return how often the host has the volume mounted."""
    return Path("/proc/self/mountinfo").read_text().count(f"/{DATA}/_data ")


def awaited(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def told(engine: Engine, name: str) -> list[str]:
    return must(engine, "logs", f"{TAG}-{name}").split()


def life(engine: Engine, options: tuple[str, ...], tmp_path: Path) -> dict[str, object]:
    """Return after each step how often the volume is mounted, or whether it came to that, and what containers found."""
    one, two = f"{TAG}-one", f"{TAG}-two"
    must(engine, "volume", "create", *options, DATA)
    seen: dict[str, object] = {"made": mounted()}
    must(engine, "create", "--name", one, *VOLUME, IMAGE, "sh", "-c", f"{COUNT}; exec sleep 1000")
    seen["created"] = mounted()
    must(engine, "start", one)
    seen["started"] = mounted()
    awaited(lambda: told(engine, "one") == ["1"])
    must(engine, "run", "-d", "--name", two, *VOLUME, IMAGE, "sh", "-c", f"{COUNT}; exec sleep 1000")
    seen["two run"] = mounted()
    awaited(lambda: told(engine, "two") == ["2"])
    must(engine, "kill", one)
    must(engine, "wait", one)
    seen["one runs"] = mounted()
    must(engine, "pause", two)
    seen["it stands still"] = mounted()
    must(engine, "unpause", two)
    must(engine, "restart", "-t", "0", two)
    seen["it runs again"] = mounted()
    awaited(lambda: len(told(engine, "two")) == 2)
    must(engine, "kill", two)
    seen["nobody runs"] = awaited(lambda: mounted() == 0)
    seen["what they found"] = told(engine, "one") + told(engine, "two")
    seen["another finds"] = must(engine, "run", "--rm", *VOLUME, IMAGE, "ls", "/d").split()
    seen["it ended by itself"] = awaited(lambda: mounted() == 0)
    (tmp_path / "copied").write_text("copied")
    must(engine, "cp", str(tmp_path / "copied"), f"{one}:/d/copied")
    seen["copied to one that does not run"] = awaited(lambda: mounted() == 0)
    seen["and from"] = engine.call("cp", f"{one}:/d/copied", str(tmp_path / "back")).returncode == 0
    seen["mounted since"] = mounted()
    seen["a program that is missing"] = engine.call("run", "--rm", *VOLUME, IMAGE, "missing").returncode
    seen["mounted by it"] = awaited(lambda: mounted() == 0)
    must(engine, "start", one)
    must(engine, "rm", "-f", one, two)
    seen["removed"] = awaited(lambda: mounted() == 0)
    must(engine, "volume", "rm", DATA)
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
    assert ours["nobody runs"]


def busy(engine: Engine, options: tuple[str, ...]) -> list[object]:
    """Return how often it is mounted when a process of the host stands in it at the end, and what comes then."""
    must(engine, "volume", "create", *options, DATA)
    must(engine, "run", "-d", "--name", f"{TAG}-one", *VOLUME, IMAGE, "sleep", "1000")
    place = must(engine, "volume", "inspect", "--format", "{{.Mountpoint}}", DATA).strip()
    with subprocess.Popen(
        ["sh", "-c", "echo >old; read line; cat old && rm old"], cwd=place, stdin=subprocess.PIPE
    ) as inside:
        try:
            awaited(lambda: os.path.exists(f"{place}/old"))
            must(engine, "rm", "-f", f"{TAG}-one")
            seen: list[object] = [awaited(lambda: mounted() == 0)]
            seen.append(must(engine, "run", "--rm", *VOLUME, IMAGE, "ls", "/d").split())
            inside.communicate(b"\n")
            seen += [inside.returncode, mounted()]
        finally:
            inside.kill()
    must(engine, "volume", "rm", DATA)
    return seen


@pytest.mark.parametrize("options", ["ext4"], indirect=True)
def test_a_process_of_the_host_stands_in_it(docker: Engine, skiff: Engine, options: tuple[str, ...]) -> None:
    theirs, ours = (busy(engine, options) for engine in (docker, skiff))
    assert ours == theirs
    assert ours[0]


def again(engine: Engine) -> list[str]:
    """Return what the second run of a container found that its restart policy has started."""
    must(engine, "volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", DATA)
    must(
        engine,
        "run",
        "-d",
        "--name",
        f"{TAG}-one",
        "--restart",
        "on-failure:1",
        *VOLUME,
        IMAGE,
        "sh",
        "-c",
        f"{COUNT}; exit 1",
    )
    awaited(lambda: len(told(engine, "one")) == 2)
    return told(engine, "one")


def test_a_restart_by_policy_keeps_it(docker: Engine, skiff: Engine) -> None:
    """docs/volumes.md: Docker unmounts between the runs, Skiff does not."""
    assert again(docker) == ["1", "1"]
    assert again(skiff) == ["1", "2"]


def filled(engine: Engine, folder: Path) -> list[object]:
    """Return what a folder of the host gets from the image when it is a volume there, and when that is missing."""
    folder.mkdir()
    words = ("-o", "type=none", "-o", f"device={folder}", "-o", "o=bind")
    must(engine, "volume", "create", *words, DATA)
    done = engine.call("create", "--name", f"{TAG}-one", "-v", f"{DATA}:/bin", IMAGE, "true")
    seen: list[object] = [done.returncode, mounted(), folder.stat().st_mode]
    seen.append([(path.name, path.lstat().st_mode, path.lstat().st_uid) for path in sorted(folder.iterdir())])
    must(engine, "rm", f"{TAG}-one")
    must(engine, "create", "--name", f"{TAG}-one", "-v", f"{DATA}:/etc", IMAGE, "true")
    seen.append(len(list(folder.iterdir())))
    must(engine, "rm", f"{TAG}-one")
    shutil.rmtree(folder)
    for target in ("/bin", "/not-in-the-image"):
        done = engine.call("create", "--name", f"{TAG}-one", "-v", f"{DATA}:{target}", IMAGE, "true")
        seen.append(done.returncode)
    must(engine, "rm", f"{TAG}-one")
    must(engine, "volume", "rm", DATA)
    return seen


def test_the_image_fills_it_where_it_is_empty(docker: Engine, skiff: Engine, tmp_path: Path) -> None:
    theirs, ours = (filled(engine, tmp_path / engine.name) for engine in (docker, skiff))
    assert ours == theirs
    assert theirs[-2:] == [1, 0]
