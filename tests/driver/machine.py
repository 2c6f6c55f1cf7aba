"""A machine that tests roles: Molecule with our driver, in namespaces and on an installation of the test's own."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.modules.host import CHECKOUT, Host
from tests.support.skiff import Skiff

ROLE = CHECKOUT / "examples" / "greeter"
PATIENCE = 300  # seconds; a loaded machine is ten times slower than an idle one


class Machine(Host):
    """`molecule("test", project)` runs in a project's folder."""

    def __init__(self, folder: Path, collections: Path, base: Path) -> None:
        super().__init__(folder, collections)
        self.host_command = Skiff(Path(self.root))
        self.skiff("import", str(base), "molecule-base")

    def skiff(self, *arguments: str) -> str:
        """Run the host command and return its output."""
        return self.run(*self.host_command.command(*arguments))

    def copy_of_the_role(self, name: str) -> Path:
        """Return a fresh project with the sample role, which is found by its folder's name."""
        project = self.folder / name / "greeter"
        shutil.copytree(ROLE, project, ignore=shutil.ignore_patterns(".ansible", "__pycache__"))
        return project

    def project(self, name: str, configuration: str, **playbooks: str) -> Path:
        """Return a fresh project with one scenario, `default`."""
        scenario = self.folder / name / "molecule" / "default"
        scenario.mkdir(parents=True)
        (scenario / "molecule.yml").write_text(configuration)
        (scenario / "converge.yml").write_text(playbooks.pop("converge", "- hosts: all\n  gather_facts: false\n"))
        for file, text in playbooks.items():
            (scenario / file).write_text(text)
        return scenario.parents[1]

    def start(self, project: Path, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start Molecule in a project's folder, as the leader of a process group."""
        program = str(Path(sys.executable).parent / "molecule")
        # Who enters a mount namespace is at its root.
        script = ["sh", "-c", 'cd "$0" && exec "$@"', str(project), program, *arguments]
        settings = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **options}
        settings["env"] = {**self._molecule_environment(), **settings.pop("env", {})}
        return subprocess.Popen(self.inside(*script), text=True, start_new_session=True, **settings)

    def molecule(self, project: Path, *arguments: str, code: int = 0, **options: Any) -> str:
        """Run Molecule, which must end with `code`, and return what it prints."""
        process = self.start(project, *arguments, **options)
        printed, _ = process.communicate(timeout=2 * PATIENCE)
        assert process.returncode == code, printed
        assert "Traceback" not in printed, printed
        return printed

    def interrupt(self, process: subprocess.Popen[str], after: str) -> str:
        """Press Ctrl-C when a line with `after` is printed; return everything that was printed."""
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if after in line:
                os.killpg(process.pid, signal.SIGINT)
                break
        printed += process.stdout.read()
        process.wait(PATIENCE)
        assert after in printed, printed
        return printed

    def login(self, project: Path, typed: str) -> str:
        """Type into `molecule login` and return what the terminal shows."""
        leader, follower = pty.openpty()
        process = self.start(project, "login", stdin=follower, stdout=follower, stderr=follower)
        os.close(follower)
        os.write(leader, typed.encode())
        shown = b""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                shown += os.read(leader, 65536)
            except OSError:  # EIO: nobody has the terminal open any more
                break
        os.close(leader)
        assert process.wait(PATIENCE) == 0, shown
        return shown.decode(errors="replace")

    def objects(self) -> list[str]:
        """Return the names of all containers, networks and volumes but those that are always there."""
        names = self.skiff("ps", "-a", "--format", "{{.Names}}").split()
        names += self.skiff("network", "ls", "--format", "{{.Name}}").split()
        names += self.skiff("volume", "ls", "--format", "{{.Name}}").split()
        return sorted(set(names) - {"bridge", "host", "none"})

    def _molecule_environment(self) -> dict[str, str]:
        # Every variable of Ansible and Molecule that whoever runs the tests has set would change what they show.
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE", "MOLECULE", "PY"))}
        return {
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder / "home"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_HOME": str(self.folder / "home" / ".ansible"),
            "ANSIBLE_NOCOLOR": "1",
            "NO_COLOR": "1",
            "COLUMNS": "250",
            "SKIFF_ROOT": self.root,
        }
