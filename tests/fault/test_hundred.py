"""A hundred running containers, then none, and nothing of them is left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.support.skiff import Skiff


def test_a_hundred_containers_come_and_go(skiff: Skiff) -> None:
    skiff.run("network", "create", "many")
    names = [f"c{number}" for number in range(100)]

    def start(name: str) -> None:
        port = 21000 + int(name[1:])
        skiff.run(
            *("run", "-d", "--name", name, "--network", "many", "-p", f"127.0.0.1:{port}:80", "-m", "16m"),
            *("-v", f"/data-{name}", "busybox", "sleep", "100000"),
        )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(start, names))
    assert skiff.run("ps", "-q").stdout.count("\n") == 100
    assert skiff.run("exec", "c0", "grep", "-c", r"\bc99\b", "/etc/hosts").stdout == "1\n"
    skiff.run("rm", "-f", "-v", *names)
    skiff.run("network", "rm", "many")
    # The fixture compares processes, mounts, interfaces, cgroups, rules and folders with those before.
