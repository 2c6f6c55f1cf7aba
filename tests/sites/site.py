"""A site of `playbooks/`, run on a host of the tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.modules.host import CHECKOUT, Host, Results
from tests.support import leftovers, waiting

BASE = "sites:base"
KEPT = "sites:kept"  # another name of it: teardowns remove the first one
PACKAGES = ["redis-server", "mariadb-server", "nginx-light", "curl", "openjdk-17-jdk-headless", "docker-registry"]
PATIENCE = 300.0  # seconds


class Site:
    """`run()` is `ansible-playbook NAME.yml`, `remove()` its teardown."""

    def __init__(self, host: Host, name: str, variables: dict[str, Any]) -> None:
        self.host = host
        self.name = name
        self.variables = variables

    def run(self, *arguments: str, **changes: Any) -> list[str]:
        """Run the playbook with changed variables; return the names of the tasks that changed something."""
        return self._book(self.name, *arguments, **changes)

    def check(self) -> list[str]:
        """Return the names of the tasks that would change something."""
        return self.run("--check", "--diff")

    def remove(self) -> None:
        """Take the site down, look that nothing of it is left, and that a second time changes nothing."""
        assert self._book(f"{self.name}_teardown")
        left = self.left()
        assert left == {}, left
        assert self._book(f"{self.name}_teardown") == []

    def remove_if_there(self) -> None:
        """Take down what a test has left."""
        if self.left(patience=0.0):
            self._book(f"{self.name}_teardown")

    def left(self, patience: float = 60.0) -> dict[str, Any]:
        """Return what the host has of the site; for so many seconds it is waited for that this is nothing."""
        images = self.skiff("images", "--format", "{{.Repository}}:{{.Tag}}").split()
        networks = self.skiff("network", "ls", "--format", "{{.Name}}").split()
        kernel = leftovers.of(self.host.root, self.host.layout.label, patience, lambda _interface: False)
        left = {
            "containers": self.skiff("ps", "-aq").split(),
            "volumes": self.skiff("volume", "ls", "-q").split(),
            "networks": [name for name in networks if name not in ("bridge", "host", "none")],
            "images": [name for name in images if name != KEPT],
            "processes": kernel.get("processes", []),
            "folders": kernel.get("folders", []),
        }
        return {what: found for what, found in left.items() if found}

    def skiff(self, *words: str) -> str:
        """Run the host's command and return what it prints."""
        return self.host.run(f"{self.host.root}/bin/skiff", *words)

    def _book(self, name: str, *arguments: str, **changes: Any) -> list[str]:
        # Who is root already needs no sudo, which would also forget where the installation is.
        variables = json.dumps({"ansible_become": False, **self.variables, **changes})
        results = self.host.book(CHECKOUT / "playbooks" / f"{name}.yml", "-e", variables, *arguments)
        failed = [result for result in results if result["_ending"] not in ("ok", "skipped")]
        assert not failed, failed
        return changed(results)


def changed(results: Results) -> list[str]:
    """Return the names of the tasks that changed something."""
    return [result["_task"] for result in results if result.get("changed")]


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition holds."""
    waiting.until(condition, PATIENCE, what)
