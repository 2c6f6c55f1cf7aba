"""Ansible tasks: the module `container` against community.docker's `docker_container`, over the local connection."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.bench.engines import IMAGE, Field
from tests.bench.measure import Sample, Series, once, table
from tests.support.skiff import CHECKOUT

PEER = "community.docker.docker_container"
OURS = "skiff.containers.container"
COUNT = 10

Task = dict[str, Any]


def unchanged(field: Field, count: int) -> str:
    """One task on a container that is as it should be; the play's own start is measured apart and taken off."""
    runner = Runner(field)
    tasks = {"docker": runner.one(PEER), "skiff": runner.one(OURS)}
    for task in tasks.values():
        runner.play([task])
    series = {name: Series(name) for name in (*tasks, "ping")}
    for number in range(count + 1):
        for name, task in [*tasks.items(), ("ping", {"ansible.builtin.ping": {}})]:
            sample = runner.per_task(task, repeat=10)
            if number:
                series[name].samples.append(sample)
    runner.clean()
    return table("an unchanged `container` task", series, {"skiff": 0.7})


def ten(field: Field, count: int) -> str:
    """Ten containers: one task with `containers:` against a loop of ten; created, then unchanged."""
    runner = Runner(field)
    loop = {**runner.one(PEER, name="ten{{ item }}"), "loop": list(range(COUNT))}
    listing = {OURS: {"containers": [runner.one(OURS, name=f"ten{number}")[OURS] for number in range(COUNT)]}}
    remove_loop = {PEER: {"name": "ten{{ item }}", "state": "absent", "force_kill": True}, "loop": list(range(COUNT))}
    gone = [{"name": f"ten{number}", "state": "absent", "force_kill": True} for number in range(COUNT)]
    create = {"docker": Series("docker"), "skiff": Series("skiff")}
    again = {"docker": Series("docker"), "skiff": Series("skiff")}
    for number in range(count + 1):
        for name, task, remove in (("docker", loop, remove_loop), ("skiff", listing, {OURS: {"containers": gone}})):
            created, kept = runner.net([task]), runner.net([task])
            runner.play([remove])
            if number:
                create[name].samples.append(created)
                again[name].samples.append(kept)
    return table("ten containers, created", create, {"skiff": 0.2}) + table("ten unchanged", again, {"skiff": 0.2})


class Runner:
    """Runs plays against both engines."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.folder = field.folder / "plays"
        self.folder.mkdir(exist_ok=True)
        collections = self.folder / "collections" / "ansible_collections" / "skiff"
        if not collections.exists():
            collections.mkdir(parents=True)
            (collections / "containers").symlink_to(CHECKOUT)
        self._base = once(lambda: self.play([]))

    def one(self, module: str, name: str = "unchanged") -> Task:
        """Return a task that keeps one container running."""
        options = {
            "name": name,
            "image": IMAGE,
            "command": ["sleep", "100000"],
            "env": {"A": "1"},
            "labels": {"b": "2"},
            "memory": "64M",
            "memory_swap": "128M",
        }
        return {module: options}

    def play(self, tasks: list[Task]) -> None:
        """Run one play; it must succeed."""
        path = self.folder / "play.yml"
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "environment": {key: self.field.host.environment[key] for key in ("SKIFF_ROOT", "SKIFF_RUN")},
            "module_defaults": {PEER: {"docker_host": f"unix://{self.field.dockerd.socket}"}},
            "tasks": tasks,
        }
        path.write_text(yaml.safe_dump([play]))
        subprocess.run(self._command(path), check=True, capture_output=True, env=self._environment())

    def net(self, tasks: list[Task]) -> Sample:
        """Return the sample of a play less that of an empty one."""
        sample = once(lambda: self.play(tasks))
        return Sample(sample.wall - self._base.wall, sample.cpu - self._base.cpu)

    def per_task(self, task: Task, repeat: int) -> Sample:
        """Return the share of one task in a play of `repeat` of them."""
        sample = self.net([task] * repeat)
        return Sample(sample.wall / repeat, sample.cpu / repeat)

    def clean(self) -> None:
        """Remove the containers of `unchanged`."""
        self.play([{PEER: {"name": "unchanged", "state": "absent", "force_kill": True}}])
        self.play([{OURS: {"name": "unchanged", "state": "absent", "force_kill": True}}])

    def _command(self, play: Path) -> list[str]:
        bin_folder = CHECKOUT / ".venv-bench" / "bin"
        interpreter = f"ansible_python_interpreter={bin_folder / 'python'}"  # requests, for the peer
        return [str(bin_folder / "ansible-playbook"), "-i", "localhost,", "-c", "local", "-e", interpreter, str(play)]

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"),
            "ANSIBLE_PIPELINING": "True",
        }
