"""The host command on an installation of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from runtime_lib.paths import Layout

CHECKOUT = Path(__file__).parents[2]
NO_NETWORKS = ("host", "none")  # they are always there


class Skiff:
    """`run("ps")` is `skiff ps` on the installation in `root`."""

    def __init__(self, root: Path, library: Path = CHECKOUT) -> None:
        self.root = str(root)
        self.layout = Layout(self.root, f"{self.root}/run")
        self.environment = {"PATH": os.environ["PATH"], "SKIFF_ROOT": self.root}
        self._start = f"import sys; sys.path.insert(0, {str(library)!r}); "

    @classmethod
    def installed(cls, root: Path, library: Path) -> Skiff:
        """Return a host whose first task has been: it runs from its own copy of `library`, an installed one."""
        copy = root / "lib" / library.name
        shutil.copytree(library, copy)
        return cls(root, copy)

    def command(self, *arguments: str, before: str = "") -> list[str]:
        """Return the argument vector of a call; `before` is Python code that comes first."""
        code = f"{self._start}{before}\nfrom runtime_lib.cli.main import console; console()"
        return [os.path.realpath(sys.executable), "-ISB", "-c", code, *arguments]

    def run(
        self, *arguments: str, check: bool = True, before: str = "", **options: object
    ) -> subprocess.CompletedProcess[str]:
        """Run a call and return its output."""
        settings = {"text": True, "capture_output": True, "env": self.environment, "stdin": subprocess.DEVNULL}
        result = subprocess.run(self.command(*arguments, before=before), **{**settings, **options})  # type: ignore[call-overload]
        if check and result.returncode:
            raise AssertionError(f"skiff {' '.join(arguments)} ended with {result.returncode}:\n{result.stderr}")
        return result  # type: ignore[no-any-return]

    def states(self) -> dict[str, str]:
        """Return the state of each container by its name."""
        lines = self.run("ps", "-a", "--format", "{{.Names}} {{.State}}").stdout.splitlines()
        return dict(line.split() for line in lines)

    def remove_everything(self) -> None:
        """Remove all containers with their volumes, then all networks and with them the bridges and rules."""
        ids = self.run("ps", "-aq").stdout.split()
        if ids:
            self.run("rm", "-f", "-v", *ids)
        names = self.run("network", "ls", "--format", "{{.Name}}").stdout.split()
        for name in names:
            if name not in NO_NETWORKS:
                self.run("network", "rm", name)
