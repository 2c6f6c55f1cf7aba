"""Set the clock by ten years while everything that waits is waiting. Runs in the guest; prints what was seen as JSON.

`clock jumps` is the first part, `clock boot` the one after a boot with a clock in the past.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime_lib import library
from runtime_lib.containers import catalog
from runtime_lib.containers.create import create
from runtime_lib.containers.parts import Healthcheck, Mount
from runtime_lib.containers.spec import ContainerSpec
from runtime_lib.containers.start import start
from runtime_lib.images import archive
from runtime_lib.paths import Layout
from runtime_lib.store import Store

PLACE = Path("/root/clock")
BASE = "base:1"
TEN_YEARS = 10 * 365 * 86400  # seconds
STOP = 12  # seconds
CHECK = 2  # seconds
LIMIT = 300.0  # seconds for whatever has to happen under emulation, on a busy machine
NOTE = "read up rest < /proc/uptime; echo $up >> /shared/"  # a time that no clock changes
STUBBORN = "trap '' TERM; while :; do sleep 1; done"
FAILING = f"{NOTE}beats; sleep 1; exit 1"
WRITER = "i=0; while [ ! -e /shared/end ]; do echo $i; i=$((i + 1)); sleep 0.2; done; exit 7"
KEPT = "echo begun; trap 'echo ended; exit 0' TERM; while :; do sleep 0.2; done"


def main() -> None:
    store = Store(Layout.from_environment())
    seen = _boot(store) if sys.argv[1] == "boot" else _jumps(store)
    store.close()
    sys.stdout.write(json.dumps(seen))


def _jumps(store: Store) -> dict[str, Any]:
    true = time.time() - time.monotonic()
    archive.load(store, f"{PLACE}/base.tar")
    library.install(store)
    seen: dict[str, Any] = {word: _round(store, word, jump) for word, jump in (("forward", 1), ("back", -2))}
    time.clock_settime(time.CLOCK_REALTIME, true + time.monotonic())
    _start(store, "kept", KEPT, restart_policy="always")
    _until(lambda: _skiff("logs", "kept") == "begun\n")
    os.sync()
    return {**seen, "clock": time.time()}


def _round(store: Store, word: str, jump: int) -> dict[str, Any]:
    """Have everything wait, set the clock by `jump` times ten years, and see how it goes on."""
    shared = PLACE / word
    shared.mkdir()
    mount = Mount("bind", "/shared", source=str(shared))
    _start(store, f"{word}-failing", FAILING, restart_policy="always", mounts=(mount,))
    check = Healthcheck(("CMD-SHELL", f"{NOTE}checks"), interval=CHECK)
    _start(store, f"{word}-healthy", "sleep 1000", mounts=(mount,), healthcheck=check)
    _start(store, f"{word}-writer", WRITER, mounts=(mount,))
    _start(store, f"{word}-stubborn", STUBBORN)
    copies = _copies(store, word)
    calls = {"wait": ("wait",), "follow": ("logs", "-f"), "since": ("logs", "-f", "--since", "1h")}
    jobs = {key: _Job(shared / key, *words, f"{word}-writer") for key, words in calls.items()}
    _until(lambda: all((shared / key).stat().st_size for key in ("follow", "since")))
    _until(lambda: len(_times(shared / "beats")) > 2 and len(_times(shared / "checks")) > 1)
    jobs["stop"] = _Job(shared / "stop", "stop", "-t", str(STOP), f"{word}-stubborn")
    _until(lambda: catalog.find(store, f"{word}-stubborn").stopped_by_user)
    before = [len(_times(shared / name)) for name in ("beats", "checks")]
    time.clock_settime(time.CLOCK_REALTIME, time.time() + jump * TEN_YEARS)
    seen: dict[str, Any] = {"ps": _ps(), "removed": copies()}
    seen["stop"] = jobs["stop"].end()
    _until(lambda: len(_times(shared / "beats")) > before[0] + 1 and len(_times(shared / "checks")) > before[1] + 1)
    (shared / "end").touch()
    for key in calls:
        jobs[key].end()
        seen[key] = (shared / key).read_text()
    for name in ("beats", "checks"):
        seen[name] = _times(shared / name)
    seen.update(log=_skiff("logs", f"{word}-writer"), tail=_skiff("logs", "--tail", "3", f"{word}-writer"))
    seen.update(later=_ps(), health=_skiff("inspect", "-f", "{{.State.Health.Status}}", f"{word}-healthy"))
    _skiff("rm", "-f", *(f"{word}-{kind}" for kind in ("failing", "healthy", "writer", "stubborn")))
    return seen


def _boot(store: Store) -> dict[str, Any]:
    seen: dict[str, Any] = {"clock": time.time(), "before": _ps()}
    _skiff("restore")
    _until(lambda: _skiff("logs", "kept") == "begun\n" * 2)
    seen["after"] = _ps()
    seen["exec"] = _skiff("exec", "kept", "echo", "inside")
    _skiff("stop", "kept")
    seen.update(log=_skiff("logs", "kept"), tail=_skiff("logs", "--tail", "1", "kept"), stopped=_ps())
    limited = ("run", "--rm", "--network", "none", "-m", "64m", BASE, "true")
    seen["limited"] = subprocess.run(["skiff", *limited], capture_output=True, text=True, check=False).stderr
    _skiff("rm", "kept")
    return {**seen, "left": _skiff("ps", "-aq")}


class _Job:
    """A call of the command in the background, whose output goes to a file."""

    def __init__(self, output: Path, *words: str) -> None:
        self._began = time.monotonic()
        with open(output, "wb") as file:
            self._process = subprocess.Popen(["skiff", *words], stdin=subprocess.DEVNULL, stdout=file)

    def end(self) -> float:
        """Wait for its end; return the seconds that it took."""
        assert self._process.wait(LIMIT) == 0
        return time.monotonic() - self._began


def _start(store: Store, name: str, script: str, **settings: Any) -> None:
    command = ("sh", "-c", script)
    create(store, ContainerSpec(name=name, image=BASE, command=command, network_mode="none", **settings))
    start(store, name)


def _copies(store: Store, word: str) -> Callable[[], list[str]]:
    """Make a copy of the library that is in use and one that is not; return what prunes, and names what is gone."""
    own = library.install(store)
    for name in ("used", "unused"):
        shutil.copytree(own, f"{store.layout.library}/{word}-{name}")
    hold = f"import sys; sys.path.insert(0, {own!r}); from runtime_lib.linux import lease; "
    mark = f"{store.layout.library}/{word}-used/runtime_lib/.complete"
    code = f"{hold}print(lease.hold({mark!r}), flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    holder = subprocess.Popen([sys.executable, "-ISc", code], **pipes)  # type: ignore[call-overload]
    assert holder.stdout.readline() == "True\n"

    def prune() -> list[str]:
        removed = library.prune(store)
        holder.communicate("")
        return removed

    return prune


def _skiff(*words: str) -> str:
    return subprocess.run(["skiff", *words], stdout=subprocess.PIPE, text=True, check=True).stdout


def _ps() -> dict[str, str]:
    lines = _skiff("ps", "-a", "--format", "{{.Names}}\t{{.Status}}").splitlines()
    return dict(line.split("\t") for line in lines)


def _times(path: Path) -> list[float]:
    return [float(line) for line in path.read_text().split()] if path.exists() else []


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, "it has not happened"
        time.sleep(0.1)


if __name__ == "__main__":
    main()
