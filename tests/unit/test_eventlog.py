"""The log of events: many writers, a bound, and followers that miss nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from time import time_ns

import pytest

from runtime_lib import eventlog
from runtime_lib.containers.event_stream import events
from runtime_lib.errors import InvalidSpec
from runtime_lib.paths import Layout
from runtime_lib.store import Store

ID = "a" * 64


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(Layout(str(tmp_path / "root"), str(tmp_path / "run")))


def add(store: Store, action: str = "start", kind: str = "container", actor: str = ID, **attributes: str) -> None:
    eventlog.append(store.layout.run, kind, (action,), actor, attributes)


def read(store: Store, since: int = 0, **given: str) -> list[str]:
    found = events(store, {key: [value] for key, value in given.items()}, since, time_ns())
    return [str(event["Action"]) for event in found]


def test_an_event_is_as_the_engine_api_has_it(store: Store) -> None:
    add(store, "die", image="img", name="web", exitCode="3")
    (event,) = events(store, {}, 0, time_ns())
    moment = event.pop("timeNano")
    assert event.pop("time") == moment // 1_000_000_000
    assert event == {
        "status": "die",
        "id": ID,
        "from": "img",
        "Type": "container",
        "Action": "die",
        "Actor": {"ID": ID, "Attributes": {"exitCode": "3", "image": "img", "name": "web"}},
        "scope": "local",
    }


def test_conditions(store: Store) -> None:
    add(store, "exec_create: sh", image="img:1", name="web", x="y")
    add(store, "die", image="img:1", name="other")
    add(store, "connect", "network", "n" * 64, name="front", container=ID)
    add(store, "create", "volume", "data", driver="local")
    assert read(store, event="exec_create") == ["exec_create: sh"]
    assert read(store, container="web") == ["exec_create: sh"]
    assert read(store, container="aaa") == ["exec_create: sh", "die", "connect"]
    assert read(store, image="img") == ["exec_create: sh", "die"]
    assert read(store, label="x=y") == ["exec_create: sh"]
    assert read(store, type="volume") == ["create"]
    assert read(store, volume="data") == ["create"]
    assert read(store, network="front") == ["connect"]
    assert read(store, scope="swarm") == []
    assert read(store, since=2**62) == []
    with pytest.raises(InvalidSpec, match="events can be picked by"):
        read(store, nothing="x")


def test_damaged_lines_are_left_out(store: Store) -> None:
    add(store, "one")
    with open(f"{store.layout.run}/{eventlog.NAME}", "ab") as file:
        file.write(b'{"Type": "x"\n[]\n\xff\n{"Type":"a","Action":"b","ID":"c","Attributes":[],"timeNano":1}\n')
    add(store, "two")
    assert read(store) == ["one", "two"]


def test_nothing_to_write_to_is_no_failure(store: Store) -> None:
    eventlog.append(f"{store.layout.run}/missing", "container", ("start",), ID, {})


def test_the_log_has_a_bound(store: Store) -> None:
    padding = "x" * 100_000
    for _number in range(40):
        add(store, padding=padding)
    files = sorted(Path(store.layout.run).glob(f"{eventlog.NAME}*"))
    assert [file.name for file in files] == [eventlog.NAME, f"{eventlog.NAME}.1"]
    assert sum(file.stat().st_size for file in files) < 2 * eventlog.LIMIT + 3 * len(padding)


WRITER = """
import sys
sys.path.insert(0, sys.argv[1])
from runtime_lib import eventlog
for number in range(2000):
    eventlog.append(sys.argv[2], "container", (f"{sys.argv[3]}-{number}",), "a" * 64, {"name": "x" * 20})
"""


def test_a_follower_sees_all_that_many_processes_write(store: Store) -> None:
    """4 * 2000 lines of 150 bytes: the file becomes full once on the way."""
    root = str(Path(__file__).parents[2])
    seen: list[str] = []
    following = events(store, {}, 0)
    add(store, "first")
    assert next(following)["Action"] == "first"
    writers = [
        subprocess.Popen([sys.executable, "-ISc", WRITER, root, store.layout.run, name])
        for name in ("a", "b", "c", "d")
    ]
    for _number in range(8000):
        seen.append(str(next(following)["Action"]))
    assert [writer.wait(60) for writer in writers] == [0] * 4
    assert sorted(seen) == sorted(f"{name}-{number}" for name in "abcd" for number in range(2000))


def test_a_follower_waits_for_what_comes(store: Store) -> None:
    following = events(store, {"event": ["wanted"]}, None)
    seen = threading.Event()

    def write() -> None:  # again and again: only what comes after the follower has begun counts
        while not seen.wait(0.05):
            add(store, "unwanted")
            add(store, "wanted")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert next(following)["Action"] == "wanted"
    finally:
        seen.set()
        writer.join()
    following.close()  # type: ignore[attr-defined]
