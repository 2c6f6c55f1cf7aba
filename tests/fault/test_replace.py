"""A container that is made anew: whatever goes wrong, the old one or the new one runs, and nothing else is left."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.kills import Kills
from tests.support.skiff import CHECKOUT, Skiff

PERFORM = """
import json, sys
sys.path.insert(0, {checkout!r})
from runtime_lib.desired.container import perform
from runtime_lib.errors import SkiffError
from runtime_lib.paths import Layout
from runtime_lib.store import Store
try:
    outcome = perform(Store(Layout.from_environment()), json.loads(sys.argv[1]), False)
    raise SystemExit(outcome.failed)
except (SkiffError, OSError) as error:
    raise SystemExit(str(error))
"""


class Module(Skiff):
    """What the module `container` does on a host: `run(options)`, as JSON, converges one container."""

    def command(self, *arguments: str, before: str = "") -> list[str]:
        code = PERFORM.format(checkout=str(CHECKOUT))
        return [os.path.realpath(sys.executable), "-ISB", "-c", code, *arguments]


@pytest.fixture
def module(skiff: Skiff) -> Iterator[Module]:
    yield Module(Path(skiff.root))
    skiff.run("rm", "-f", "-v", "web", check=False)


def options(number: int = 0, **more: Any) -> str:
    wanted: dict[str, Any] = {"name": "web", "image": "busybox", "command": ["busybox", "sleep", "1000"]}
    wanted.update(env={"N": str(number)}, volumes=["/data"], published_ports=["127.0.0.1:18098:80"])
    wanted.update(force_kill=True, keep_volumes=False)
    return json.dumps({**wanted, **more})


def number(skiff: Skiff) -> str:
    return skiff.run("exec", "web", "sh", "-c", "echo $N").stdout.strip()


def test_a_kill_between_any_two_steps(skiff: Skiff, module: Module) -> None:
    module.run(options(0))
    kills = Kills(module, 14, options(1))
    for index, point in enumerate(kills.points, 2):
        before = number(skiff)
        kills.strike(point, options(index))
        if index % 2:  # whoever makes anything next puts it right: the old one is back, or the new one is there
            skiff.run("create", "--name", "other", "--network", "none", "busybox", "true")
            skiff.run("rm", "other")
            assert skiff.states() == {"web": "running"}
            assert number(skiff) in (before, str(index))
        module.run(options(index))
        assert skiff.states() == {"web": "running"}
        assert number(skiff) == str(index)


def test_a_new_one_that_cannot_run_leaves_the_old_one_running(skiff: Skiff, module: Module) -> None:
    module.run(options(0))
    container = skiff.run("inspect", "--format", "{{.Id}}", "web").stdout
    with socket.create_server(("127.0.0.1", 18097)):
        for wrong, text in (
            (options(1, command=["/no/such/program"]), "/no/such/program"),
            (options(1, image="missing", pull="never"), "missing"),
            (options(1, published_ports=["127.0.0.1:18097:80"]), "18097"),
            (options(1, networks=[{"name": "nowhere"}]), "nowhere"),
            (options(1, user="nobody-knows"), "nobody-knows"),
        ):
            failed = module.run(wrong, check=False)
            assert failed.returncode == 1
            assert text in failed.stderr
            assert "Traceback" not in failed.stderr
            assert skiff.states() == {"web": "running"}
            assert skiff.run("inspect", "--format", "{{.Id}}", "web").stdout == container
            assert number(skiff) == "0"


def test_one_that_removes_itself_is_replaced_too(skiff: Skiff, module: Module) -> None:
    module.run(options(0, auto_remove=True))
    module.run(options(1, auto_remove=True))
    assert skiff.states() == {"web": "running"}
    assert number(skiff) == "1"
