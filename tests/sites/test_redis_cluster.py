"""playbooks/redis_cluster.yml: a cluster that goes on without one of its masters."""

from __future__ import annotations

import re
import subprocess

from tests.sites.site import BASE, PACKAGES, Site, until

SITE = "redis_cluster"
FOLDERS = ()
VARIABLES = {"redis_image": BASE, "redis_packages": PACKAGES}
KEYS = 60


def ask(site: Site, node: str, *words: str) -> str:
    return site.skiff("exec", node, "redis-cli", "-c", *words).strip()


def values(site: Site, node: str) -> list[str]:
    """Return the values of all keys, by one client that follows the cluster's redirections."""
    script = f"for i in $(seq {KEYS}); do redis-cli -c get key:$i; done"
    return site.skiff("exec", node, "sh", "-c", script).split()


def copied(site: Site, node: str) -> bool:
    """Whether the replica of a master has everything that the master has."""
    said = ask(site, node, "info", "replication")
    master = re.search(r"master_repl_offset:(\d+)", said)
    return bool(master) and f"offset={master[1]}," in said  # type: ignore[index]


def answers(site: Site, node: str) -> bool:
    try:
        return values(site, node) == [f"value-{number}" for number in range(1, KEYS + 1)]
    except subprocess.CalledProcessError:
        return False


def test_the_site(site: Site) -> None:
    assert "Run the nodes" in site.check()
    assert "Join the nodes into a cluster" in site.run()
    assert site.run() == []
    assert site.check() == []
    ask(site, "redis-1", "ping")
    site.skiff("exec", "redis-1", "sh", "-c", f"for i in $(seq {KEYS}); do redis-cli -c set key:$i value-$i; done")
    assert answers(site, "redis-6")
    assert ask(site, "redis-1", "role").startswith("master")
    until(lambda: copied(site, "redis-1"), "the replica has its master's data")

    site.skiff("kill", "redis-1")
    until(lambda: "cluster_state:ok" in ask(site, "redis-2", "cluster", "info"), "the cluster is whole")
    until(lambda: "master,fail " in ask(site, "redis-2", "cluster", "nodes"), "the loss is seen")
    until(lambda: answers(site, "redis-2"), "every key is there")

    assert site.run() == ["Run the nodes"]
    assert ask(site, "redis-1", "role").startswith("slave")
    assert answers(site, "redis-1")
    site.remove()
