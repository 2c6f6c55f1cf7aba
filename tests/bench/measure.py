"""Take turns between the competitors, and compare their medians."""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """One call: wall and CPU seconds (of the call's own process tree, not of daemons)."""

    wall: float
    cpu: float


@dataclass
class Series:
    """All samples of one competitor in one benchmark."""

    name: str
    samples: list[Sample] = field(default_factory=list)

    @property
    def wall(self) -> float:
        """Median wall seconds."""
        return statistics.median(sample.wall for sample in self.samples)

    @property
    def cpu(self) -> float:
        """Median CPU seconds."""
        return statistics.median(sample.cpu for sample in self.samples)


def once(command: Callable[[], object]) -> Sample:
    """Measure one call."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    command()
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Sample(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def rounds(competitors: Mapping[str, Callable[[], object]], count: int) -> dict[str, Series]:
    """Let the competitors take turns `count` times; the first round warms up and does not count."""
    series = {name: Series(name) for name in competitors}
    for number in range(count + 1):
        for name, command in competitors.items():
            sample = once(command)
            if number:
                series[name].samples.append(sample)
    return series


def quiet(
    command: list[str], env: dict[str, str] | None = None, folder: Path | None = None
) -> Callable[[], subprocess.CompletedProcess[bytes]]:
    """Return a call of a program that must succeed, in a folder; what it has printed is shown when it does not."""

    def call() -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, cwd=folder)
        if done.returncode:
            raise AssertionError(f"{command} ended with {done.returncode} in {folder}:\n{done.stdout.decode()}")
        return done

    return call


def table(title: str, series: dict[str, Series], bounds: dict[str, float], against: str = "docker") -> str:
    """Return one benchmark as Markdown: medians, and the ratio to the bound's competitor."""
    lines = [f"### {title}", "", "| who | wall (ms) | CPU of the client (ms) | ratio |", "|---|---|---|---|"]
    base = series[against].wall
    for name, one in series.items():
        bound = f" (goal {bounds[name]})" if name in bounds else ""
        lines.append(f"| {name} | {one.wall * 1000:.0f} | {one.cpu * 1000:.0f} | {one.wall / base:.2f}{bound} |")
    return "\n".join([*lines, ""])
