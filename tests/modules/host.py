"""A host of its own for playbooks: a network namespace, an installation in a folder, and ansible-playbook."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from runtime_lib.paths import Layout

CHECKOUT = Path(__file__).parents[2]
CLEAN_UP = """
import sys
sys.path.insert(0, {checkout!r})
from runtime_lib.containers import catalog, remove
from runtime_lib.networks import catalog as networks
from runtime_lib.paths import Layout
from runtime_lib.store import Store
store = Store(Layout({root!r}, {run!r}))
for container in catalog.listing(store):
    remove.remove(store, container.id, force=True, volumes=True)
for network in networks.listing(store):
    if network.name not in ("bridge", "host", "none"):
        networks.remove(store, network.name)
"""


def tool(name: str) -> str:
    """Return the path of a program that comes with ansible-core."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name) or name


class Results(list[dict[str, Any]]):
    """What the tasks of a play returned, in order; by name too. `sent` are the lines of -vvv about sent files."""

    sent: list[str]

    def named(self, name: str) -> dict[str, Any]:
        return next(result for result in self if result["_task"] == name)

    @property
    def changed(self) -> list[bool]:
        return [bool(result.get("changed")) for result in self]


class Host:
    """Runs plays on a host that nobody else uses."""

    prefix: tuple[str, ...] | list[str] = ()  # words of a command that runs another one, such as setarch(8)

    def __init__(self, folder: Path, collections: Path) -> None:
        self.folder = folder
        self.collections = collections
        self.root = str(folder / "root")
        self.layout = Layout(self.root, f"{self.root}/run")
        script = "mount --make-rprivate /; ip link set lo up; echo ready; exec sleep infinity"
        self._holder = subprocess.Popen(["unshare", "--net", "--mount", "sh", "-c", script], stdout=subprocess.PIPE)
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"ready\n"

    @property
    def pid(self) -> int:
        """A process in this host's namespaces."""
        return self._holder.pid

    def inside(self, *command: str) -> list[str]:
        """Return the argument vector that runs a command in this host's namespaces."""
        return ["nsenter", "-t", str(self._holder.pid), "-n", "-m", *self.prefix, *command]

    def run(self, *command: str) -> str:
        """Run a command on this host and return what it prints."""
        environment = {**os.environ, "SKIFF_ROOT": self.root}
        return subprocess.run(self.inside(*command), capture_output=True, text=True, check=True, env=environment).stdout

    def play(self, tasks: list[dict[str, Any]], *arguments: str, **play: Any) -> Results:
        """Run tasks and return their results. A task that fails ends the play, unless it says `ignore_errors`."""
        book = self.folder / f"play-{threading.get_ident()}.yml"  # plays may run at once
        environment = {"SKIFF_ROOT": self.root}
        head = {"hosts": "localhost", "gather_facts": False, "environment": environment, "tasks": tasks, **play}
        book.write_text(json.dumps([head]))
        return self.book(book, *arguments)

    def beside(self, hosts: dict[str, dict[str, Any]], tasks: list[dict[str, Any]], *arguments: str) -> Results:
        """Run tasks on `second`, one of several hosts, each with a root of its own (`ansible_skiff_root`)."""
        inventory = self.folder / f"inventory-{threading.get_ident()}.json"
        inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
        environment = {"SKIFF_ROOT": "{{ ansible_skiff_root }}"}
        return self.play(tasks, "-i", str(inventory), *arguments, hosts="second", environment=environment)

    def book(self, book: Path, *arguments: str, outside: bool = False) -> Results:
        """Run a playbook and return the results of its tasks; `outside`: with the network of the test's caller."""
        command = (tool("ansible-playbook"), "-i", "localhost,", "-c", "local", str(book), *arguments)
        done = subprocess.run(
            command if outside else self.inside(*command), capture_output=True, text=True, env=self._environment()
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        assert lines, done.stdout + done.stderr
        results = Results(json.loads(line[7:]) for line in lines)
        results.sent = [line for line in done.stdout.splitlines() if " PUT " in line]
        for result in results:
            result.pop("invocation", None)
            if result.get("failed"):
                sys.stdout.write(f"{result['_task']}: {result.get('msg')}\n")  # pytest shows it when the test fails
            assert "Traceback" not in json.dumps(result), result.get("module_stderr") or result.get("exception")
        return results

    def one(self, module: str, *arguments: str, **options: Any) -> dict[str, Any]:
        """Run one task of the collection and return its result."""
        task = {f"skiff.containers.{module}": options, "ignore_errors": True}
        return self.play([task], *arguments)[0]

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "ANSIBLE_ACTION_PLUGINS": str(Path(__file__).parent / "action"),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_HOME": str(self.folder / "ansible"),
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
            "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
            "ANSIBLE_STDOUT_CALLBACK": "results",
        }

    def close(self) -> None:
        """Remove everything that the plays left."""
        try:
            if os.path.exists(self.layout.database):
                code = CLEAN_UP.format(checkout=str(CHECKOUT), root=self.root, run=self.layout.run)
                self.run("/usr/bin/python3", "-c", code)
        finally:
            self._holder.kill()
            self._holder.communicate()
            for base in Path("/sys/fs/cgroup").glob(f"*/{self.layout.label}"):
                for folder, _folders, _files in os.walk(base, topdown=False):
                    with suppress(OSError):  # a monitor that is just ending removes it itself
                        os.rmdir(folder)


def local(root: str) -> dict[str, Any]:
    """Return the variables of a host that is this machine, with its store at `root`."""
    return {"ansible_connection": "local", "ansible_skiff_root": root}


def web(**options: Any) -> dict[str, Any]:
    """Return options of the container `web`: one without a network, which is all that most tests need."""
    return {"name": "web", "image": "bb", "network_mode": "none", **options}


def task(module: str, **options: Any) -> dict[str, Any]:
    """Return a task of the collection; `when_`-like keys of a task are given by a trailing underscore."""
    keys = {key[:-1]: value for key, value in options.items() if key.endswith("_")}
    own = {key: value for key, value in options.items() if not key.endswith("_")}
    return {f"skiff.containers.{module}": own, **keys}
