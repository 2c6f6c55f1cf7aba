"""`docker cp` in both directions, asked of both engines: where the copy lands, what it is, and what is refused."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import IMAGE, Engine

pytestmark = pytest.mark.root
MAKE = """
rm -rf /c /new* /vol/* /tf/*
mkdir -p /c/d/e; ln -s d /c/dl; ln -s /c/d/e /c/abs; ln -s nope /c/dang; ln -s ../../../../new-up /c/up
echo x >/c/f; ln -s f /c/fl; echo y >/c/d/y; chown 7:8 /c/f /c/d/y
mknod /c/pipe p; mknod /c/null c 1 3; ln /c/f /c/hard
"""
LIST = """
find /c /new* /vol /tf /etc/hosts 2>/dev/null | sort | xargs stat -c '%N %f %u:%g %t,%T'
for file in /c/f /new /vol/new; do [ ! -f $file ] || cat $file; done
"""
INTO = """
file C:/c/d | file C:/c/d/ | file C:/c/newf | file C:/new | file C:/new/ | file C:/nodir/new
file C:/c/f | file C:/c/fl | file C:/c/f/ | file C:/c/dl | file C:/c/dl/ | file C:/c/abs
file C:/c/dang | file C:/c/up | file C:c/relative | file/ C:/c | nofile C:/c | dir C:/c/d
dir/ C:/c/d | dir/. C:/c/d | dir C:/new | dir/. C:/new | dir C:/new/ | dir C:/c/f | dir C:/c/f/x
dir C:/c/dl/ | dlink C:/c | dlink/ C:/c | -L dlink C:/c | flink C:/new | -L flink C:/c/d
-L flink C:/new | pipe C:/new | -a file C:/new | -a dir C:/new | file C:/vol/ | file C:/vol/new
file C:/ro/ | file C:/null | file C:/c/null | file no-such:/x | file C: | file file2 | C:/c C:/d
overfile/f C:/c | overdir/d C:/c | dir C:/ | ./file C:/c/../c/d/../new | sub:colon C:/new
./sub:colon C:/new | dir/./ C:/new
"""
OUT = """
C:/c new | C:/c/ new | C:/c/. new | C:/c/. exist | C:/c exist | C:/c/ exist | C:/c exist/
C:/c/f new | C:/c/f exist | C:/c/f exist/old | C:/c/f new/ | C:/c/f no/new | C:/c/fl new
-L C:/c/fl new | -L C:/c/fl exist | C:/c/dl new | C:/c/dl/ exist | -L C:/c/dl exist | C:/c exist/old
C:/nope new | C:/c/f/ new | C:/c/dang new | -L C:/c/dang new | C:/c/f tolink | C:/c/d todir
C:/c/f dangling | C:/vol new | C:c/f new | C:/../c/d new | -a C:/c/f new | C:/c/d .
C:/c/dl/. exist | C:/etc/hostname new
"""


def probes(text: str) -> list[str]:
    return [probe.strip() for line in text.strip().splitlines() for probe in line.split("|")]


@pytest.fixture(scope="module")
def containers(docker: Engine, skiff: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A running container of each engine, with a volume, a read-only bind and a tmpfs."""
    name = f"oracle-{uuid.uuid4().hex[:8]}"
    bind = tmp_path_factory.mktemp("bind")
    options = ("-h", "same", "-v", "/vol", "-v", f"{bind}:/ro:ro", "--tmpfs", "/tf", "-u", "1000")
    for engine in (docker, skiff):
        done = engine.call("run", "-d", "--name", name, *options, IMAGE, "sleep", "1000")
        assert done.returncode == 0, done.stderr
    yield {engine.name: name for engine in (docker, skiff)}
    for engine in (docker, skiff):
        engine.call("rm", "-f", "-v", name)


def local_tree(folder: Path) -> None:
    script = """
    mkdir -p dir/sub exist overfile overdir; echo file >file; echo inner >dir/inner; ln -s dir dlink; ln -s file flink
    chown 33:44 file dir/inner; chmod 4755 file; mkfifo pipe; echo old >exist/old; mkdir overfile/f; echo f >overdir/d
    echo colon >sub:colon; ln dir/inner dir/hard; ln -s exist/old tolink; ln -s exist todir; ln -s no-such dangling
    touch -d 2020-01-02T03:04:05.6 file dir/sub
    """
    subprocess.run(["sh", "-ec", script], cwd=folder, check=True)


def listing(folder: Path) -> list[str]:
    """Return every path of a folder with what it is."""
    found = []
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        what = os.readlink(path) if path.is_symlink() else path.read_text() if path.is_file() else ""
        shown = status.st_mode if not path.is_symlink() else 0
        found.append(f"{path.relative_to(folder)} {shown:o} {status.st_uid}:{status.st_gid} {status.st_rdev} {what}")
    return found


def words(probe: str, name: str) -> list[str]:
    return [word.replace("C:", f"{name}:", 1) if word.startswith("C:") else word for word in probe.split()]


def test_copies_into_a_container_land_at_the_same_place(
    docker: Engine, skiff: Engine, containers: dict[str, str], tmp_path: Path
) -> None:
    local_tree(tmp_path)
    differences = {}
    for engine in (docker, skiff):
        engine.call("exec", "-u", "0", containers[engine.name], "sh", "-c", MAKE)
    for probe in probes(INTO):
        answers = [_into(engine, containers[engine.name], probe, tmp_path) for engine in (docker, skiff)]
        if answers[0] != answers[1]:
            differences[probe] = answers
    assert not differences


def _into(engine: Engine, name: str, probe: str, folder: Path) -> tuple[int, str]:
    """Copy, and return how that ended and what is in the container then; put its files right for the next copy."""
    done = engine.call("cp", *words(probe, name), cwd=folder)
    assert bool(done.stderr) >= bool(done.returncode)
    told = engine.call("exec", "-u", "0", name, "sh", "-c", f"{LIST}{MAKE}")
    assert told.returncode == 0, told.stderr
    return done.returncode, told.stdout


def test_copies_out_of_a_container_land_at_the_same_place(
    docker: Engine, skiff: Engine, containers: dict[str, str], tmp_path: Path
) -> None:
    differences = {}
    for engine in (docker, skiff):
        engine.call(
            "exec", "-u", "0", containers[engine.name], "sh", "-c", f"{MAKE}\nrm /c/null /c/up; echo v >/vol/v"
        )  # Docker refuses a link that leads out
    for number, probe in enumerate(probes(OUT)):
        answers = []
        for engine in (docker, skiff):
            folder = tmp_path / f"{number}-{engine.name}"
            folder.mkdir()
            local_tree(folder)
            done = engine.call("cp", *words(probe, containers[engine.name]), cwd=folder)
            answers.append((done.returncode, listing(folder)))
        if answers[0] != answers[1]:
            differences[probe] = [
                (code, sorted(set(one) ^ set(two))) for (code, one), (_c, two) in zip(answers, answers[::-1])
            ]
    assert not differences


def test_copies_are_events(docker: Engine, skiff: Engine, containers: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    seen = []
    for engine in (docker, skiff):
        name = containers[engine.name]
        since = str(time.time())
        for words_of_call in (
            (f"{tmp_path}/file", f"{name}:/tmp"),
            (f"{name}:/tmp/file", "-"),
            (f"{name}:/tmp/file", f"{tmp_path}/b"),
        ):
            assert engine.call("cp", *words_of_call).returncode == 0
        told = engine.call(
            "events",
            "--since",
            since,
            "--until",
            str(time.time() + 1),
            "-f",
            f"container={name}",
            "--format",
            "{{.Action}}",
        )
        seen.append(told.stdout.splitlines())
    assert seen[0] == seen[1] == ["extract-to-dir", "archive-path", "archive-path"]
