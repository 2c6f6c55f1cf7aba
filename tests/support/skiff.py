"""The host command on an installation of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from runtime_lib.paths import Layout

CHECKOUT = Path(__file__).parents[2]
START = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r}); from runtime_lib.cli.main import console; console()"


class Skiff:
    """`run("ps")` is `skiff ps` on the installation in `root`."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.layout = Layout(self.root, f"{self.root}/run")
        self.environment = {"PATH": os.environ["PATH"], "SKIFF_ROOT": self.root}

    def command(self, *arguments: str) -> list[str]:
        """Return the argument vector of a call."""
        return [sys.executable, "-c", START, *arguments]

    def run(self, *arguments: str, check: bool = True, **options: object) -> subprocess.CompletedProcess[str]:
        """Run a call and return its output."""
        result = subprocess.run(
            self.command(*arguments), text=True, capture_output=True, env=self.environment, check=False, **options
        )  # type: ignore[call-overload]
        if check and result.returncode:
            raise AssertionError(f"skiff {' '.join(arguments)} ended with {result.returncode}:\n{result.stderr}")
        return result  # type: ignore[no-any-return]

    def remove_everything(self) -> None:
        """Remove all containers, then all networks and volumes."""
        ids = self.run("ps", "-aq").stdout.split()
        if ids:
            self.run("rm", "-f", "-v", *ids)

    def remove_networks(self) -> None:
        """Remove the networks too, and with them bridges and the nftables table."""
        names = self.run("network", "ls", "--format", "{{.Name}}").stdout.split()
        for name in names:
            if name not in ("host", "none"):
                self.run("network", "rm", name, check=False)
        bridge = f"skiff0-{self.layout.instance}"
        subprocess.run(["ip", "link", "delete", bridge], check=False, capture_output=True)
        for table in (self.layout.label, self.layout.label.replace("-", "_")):
            subprocess.run(["nft", "delete", "table", "inet", table], check=False, capture_output=True)
