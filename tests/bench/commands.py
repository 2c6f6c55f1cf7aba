"""The host command: run, exec, load, memory."""

from __future__ import annotations

import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

from tests.bench.engines import IMAGE, Field
from tests.bench.measure import quiet, rounds, table


def run_with_network(field: Field, count: int) -> str:
    """`run --rm IMAGE true` on each engine's default network."""
    series = rounds(
        {
            "docker": quiet(field.docker("run", "--rm", IMAGE, "true")),
            "podman": quiet(field.podman_run("--rm", IMAGE, "true")),
            "skiff": quiet(field.skiff("run", "--rm", IMAGE, "true"), env=field.host.environment),
        },
        count,
    )
    return table("run --rm IMAGE true, default network", series, {"skiff": 0.5})


def run_without_network(field: Field, count: int) -> str:
    """`run --rm --network none IMAGE true`, and runc on a bundle as the floor."""
    bundle = str(field.runc_bundle())
    series = rounds(
        {
            "docker": quiet(field.docker("run", "--rm", "--network", "none", IMAGE, "true")),
            "podman": quiet(field.podman_run("--rm", "--network", "none", IMAGE, "true")),
            "runc": quiet(["runc", "run", "--bundle", bundle, "bench"]),
            "skiff": quiet(field.skiff("run", "--rm", "--network", "none", IMAGE, "true"), env=field.host.environment),
        },
        count,
    )
    return table("run --rm --network none IMAGE true", series, {"skiff": 0.3})


def execute(field: Field, count: int) -> str:
    """`exec CONTAINER true`."""
    start = ["run", "-d", "--name", "exec-bench"]
    subprocess.run(field.docker(*start, IMAGE, "sleep", "100000"), check=True, capture_output=True)
    podman = field.podman_run("-d", "--name", "exec-bench", IMAGE, "sleep", "100000")
    subprocess.run(podman, check=True, capture_output=True)
    field.host.run(*start, IMAGE, "sleep", "100000")
    call = ["exec", "exec-bench", "true"]
    series = rounds(
        {
            "docker": quiet(field.docker(*call)),
            "podman": quiet(field.podman(*call)),
            "skiff": quiet(field.skiff(*call), env=field.host.environment),
        },
        count,
    )
    field.host.run("rm", "-f", "exec-bench")
    subprocess.run(field.docker("rm", "-f", "exec-bench"), check=True, capture_output=True)
    return table("exec CONTAINER true", series, {"skiff": 0.4})


def load(field: Field, count: int) -> str:
    """`load` of an image of one layer: 100 MB in 5,000 files."""
    archive = _large_image(field)
    removal = ["rmi", "-f", "large"]

    def again(command: list[str], remove: list[str], env: dict[str, str] | None = None) -> Callable[[], object]:
        return lambda: (
            subprocess.run(command, check=True, capture_output=True, env=env),
            subprocess.run(remove, check=True, capture_output=True, env=env),
        )

    series = rounds(
        {
            "docker": again(field.docker("load", "-i", archive), field.docker(*removal)),
            "podman": again(field.podman("load", "-i", archive), field.podman(*removal)),
            "skiff": again(field.skiff("load", "-i", archive), field.skiff(*removal), field.host.environment),
        },
        count,
    )
    return table("load (and rmi) of a 100 MB layer of 5,000 files", series, {"skiff": 0.6})


def _large_image(field: Field) -> str:
    target = field.folder / "large.tar"
    tree = field.folder / "large"
    for number in range(5000):
        path = tree / f"d{number % 50}" / f"f{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        # Half of it random: neither all zeroes nor incompressible, as real layers are.
        path.write_bytes(os.urandom(10_000) + b"skiff " * 1_700)
    with tarfile.open(field.folder / "large-rootfs.tar", "w") as archive:
        archive.add(tree, arcname=".")
    subprocess.run(
        field.docker("import", str(field.folder / "large-rootfs.tar"), "large"), check=True, capture_output=True
    )
    subprocess.run(field.docker("save", "-o", str(target), "large"), check=True)
    subprocess.run(field.docker("rmi", "large"), check=True, capture_output=True)
    return str(target)


def memory(field: Field, count: int) -> str:
    """Proportional memory of what stays beside 100 running containers."""
    for number in range(count):
        field.host.run("run", "-d", "--name", f"m{number}", IMAGE, "sleep", "100000")
        field.dockerd.run("run", "-d", "--name", f"m{number}", IMAGE, "sleep", "100000")
    ours = [_pss(pid) for pid in _monitors(field.host.root)]
    theirs = [_pss(pid) for pid in field.dockerd.pids()]
    names = [f"m{number}" for number in range(count)]
    field.host.run("rm", "-f", *names)
    field.dockerd.run("rm", "-f", *names)
    private = max(pair[1] for pair in ours)
    return (
        f"### memory beside {count} containers\n\n"
        "| who | processes | PSS (MB) | most private in one (kB) |\n|---|---|---|---|\n"
        f"| docker | {len(theirs)} | {sum(pair[0] for pair in theirs) / 1024:.0f} | {max(p[1] for p in theirs)} |\n"
        f"| skiff | {len(ours)} | {sum(pair[0] for pair in ours) / 1024:.0f} | {private} (goal 3584) |\n"
    )


def _pss(pid: int) -> tuple[int, int]:
    """Return (PSS, private) in kB."""
    values = dict.fromkeys(("Pss", "Private_Clean", "Private_Dirty"), 0)
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        key, _, rest = line.partition(":")
        if key in values:
            values[key] = int(rest.split()[0])
    return values["Pss"], values["Private_Clean"] + values["Private_Dirty"]


def _monitors(root: str) -> list[int]:
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = Path(f"/proc/{entry}/cmdline").read_bytes()
        except OSError:
            continue
        if b"monitor" in line and root.encode() in line:
            found.append(int(entry))
    return found
