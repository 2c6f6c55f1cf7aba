"""Many containers on one host: they come, work, and go without a trace; and what is used up is told."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.fault.test_monitor_killed import monitor_and_init
from tests.support.skiff import Skiff

_ONE_MORE = ("run", "--rm", "--network", "many", "busybox", "true")
BUDGET = 3584  # kB of memory that a monitor has for itself


def test_a_hundred_containers_come_and_go(skiff: Skiff) -> None:
    skiff.run("network", "create", "many")
    names = [f"c{number}" for number in range(100)]

    def start(name: str) -> None:
        port = 21000 + int(name[1:])
        skiff.run(
            *("run", "-d", "--name", name, "--network", "many", "-p", f"127.0.0.1:{port}:80", "-m", "16m"),
            *("-v", f"/data-{name}", "busybox", "sleep", "100000"),
        )

    _work(skiff, *_ONE_MORE)
    few = [_work(skiff, *_ONE_MORE) for _unused in range(3)]
    start("c0")
    alone = [_work(skiff, "exec", "c0", "true") for _unused in range(3)]
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(start, names[1:]))
    assert skiff.run("ps", "-q").stdout.count("\n") == 100
    assert skiff.run("exec", "c0", "grep", "-c", r"\bc99\b", "/etc/hosts").stdout == "1\n"
    beside = [_work(skiff, "exec", "c0", "true") for _unused in range(3)]
    # Entering one asks nothing of the others; what the log of the database holds is read, and that is kept short.
    assert min(beside) <= max(alone) + 300, (alone, beside)
    many = [_work(skiff, *_ONE_MORE) for _unused in range(3)]
    # Nothing of a start may grow with the square of the neighbours, of which there are a hundred times more now.
    assert min(many) <= 2 * max(few), (few, many)
    _connect_all(skiff, names)
    assert max(_private(monitor_and_init(skiff, name)[0]) for name in names) <= BUDGET
    skiff.run("rm", "-f", "-v", *names)
    skiff.run("network", "rm", "many", "crowd")
    # The fixture compares processes, mounts, interfaces, cgroups, rules and folders with those before.


def _connect_all(skiff: Skiff, names: list[str]) -> None:
    """Connect running containers to one more network: each neighbour costs little more than writing its hosts file."""
    skiff.run("network", "create", "crowd")
    first = _work(skiff, "network", "connect", "crowd", names[0])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: skiff.run("network", "connect", "crowd", name), names[1:-1]))
    last = _work(skiff, "network", "connect", "crowd", names[-1])
    assert last <= first + 12 * len(names), (first, last)


def _work(skiff: Skiff, *words: str) -> int:
    """Call the command; return how many system calls everything of it has made."""
    trace = ["strace", "-f", "-c", "-o", "/proc/self/fd/2", *skiff.command(*words)]
    done = subprocess.run(trace, env=skiff.environment, capture_output=True, text=True, timeout=300, check=True)
    total = re.search(r"(\d+)\s+(?:\d+\s+)?total$", done.stderr, re.MULTILINE)
    assert total, done.stderr
    return int(total[1])


def _private(pid: int) -> int:
    """Return the kB of a process that it shares with nobody."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(number) for number in re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+)", text, re.MULTILINE))


def test_a_network_without_a_free_address_says_so(skiff: Skiff) -> None:
    skiff.run("network", "create", "--subnet", "10.124.0.0/29", "few")
    for number in range(5):
        skiff.run("run", "-d", "--name", f"c{number}", "--network", "few", "busybox", "sleep", "1000")
    refused = skiff.run("run", "-d", "--name", "one", "--network", "few", "busybox", "true", check=False)
    assert (refused.returncode, "no address of 10.124.0.0/29 is free" in refused.stderr) == (125, True)
    skiff.run("rm", "-f", "c3")
    skiff.run("start", "one")


def test_a_bridge_without_a_free_port_says_so(skiff: Skiff) -> None:
    skiff.run("network", "create", "--subnet", "10.125.0.0/16", "full")
    skiff.run("run", "-d", "--name", "first", "--network", "full", "busybox", "sleep", "1000")
    command = ["ip", "-br", "link", "show", "type", "bridge"]
    bridge = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]
    others = range(1022)
    _ip("".join(f"link add d{n} group 7 type ifb\nlink set d{n} master {bridge}\n" for n in others))
    refused = skiff.run("run", "-d", "--name", "second", "--network", "full", "busybox", "true", check=False)
    _ip("link del group 7\n")
    assert (refused.returncode, "a bridge has at most 1023 ports" in refused.stderr) == (125, True)
    skiff.run("start", "second")


def _ip(batch: str) -> None:
    subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True)
