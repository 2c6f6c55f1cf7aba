"""Run the benchmarks named on the command line, or all; print Markdown."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from tests.bench import builds, commands, images, logs, many, network, roles, tasks
from tests.bench.engines import Field

BENCHMARKS: dict[str, tuple[Callable[[Field, int], str], int]] = {
    "run": (commands.run_with_network, 15),
    "run-none": (commands.run_without_network, 15),
    "exec": (commands.execute, 20),
    "logs": (logs.throughput, 3),
    "load": (commands.load, 5),
    "pull": (images.pull, 3),
    "push": (images.push, 3),
    "many": (many.commands, 5),
    "build": (builds.ten_steps, 3),
    "build-copy": (builds.many_files, 5),
    "memory": (commands.memory, 100),
    "task": (tasks.unchanged, 5),
    "ten": (tasks.ten, 5),
    "network": (network.network, 3),
    "molecule": (roles.molecule_test, 3),
}


def main() -> int:
    """Print one table a benchmark."""
    parser = argparse.ArgumentParser(prog="tests.bench")
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], default=[], metavar="|".join(BENCHMARKS))
    names = parser.parse_args().names or list(BENCHMARKS)
    if os.geteuid() != 0:
        parser.error("run as root: containers are started")
    with Field() as field:
        for name in names:
            benchmark, count = BENCHMARKS[name]
            sys.stdout.write(benchmark(field, count) + "\n")
            sys.stdout.flush()
    return 0


raise SystemExit(main())
