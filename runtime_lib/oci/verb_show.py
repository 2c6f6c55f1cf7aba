"""What `skiff-oci` prints: `state`, `list`, `ps`, `features`; the shapes are those of runc 1.1."""

from __future__ import annotations

import json
import sys

from ..errors import InvalidSpec
from ..linux import capabilities, namespaces
from . import hooks, options, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_HEAD = ("ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER")
_ARCHITECTURES = (
    "AARCH64", "ARM", "MIPS", "MIPS64", "MIPS64N32", "MIPSEL", "MIPSEL64", "MIPSEL64N32", "PPC", "PPC64", "PPC64LE",
    "S390", "S390X", "X32", "X86", "X86_64",
)  # fmt: skip
_NARROWEST = 12  # columns, the space after them included
_SPACE = 3


def state_of(arguments: argparse.Namespace) -> int:
    """Print the state as JSON."""
    sys.stdout.write(json.dumps(state.find(arguments.root, arguments.id).public(), indent=2))
    return 0


def listing(arguments: argparse.Namespace) -> int:
    """Print all containers."""
    entries = [{**entry.public(), "owner": entry.owner()} for entry in state.listing(arguments.root)]
    if arguments.quiet:
        lines = [entry["id"] for entry in entries]
    elif arguments.format == "json":
        lines = [json.dumps(entries or None, separators=(",", ":"))]
    else:
        lines = table([_HEAD, *(tuple(str(entry[key.lower()]) for key in _HEAD) for entry in entries)])
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Return the lines of a table, in columns."""
    widths = [max(_NARROWEST, _SPACE + max(map(len, column))) for column in zip(*rows)]
    return ["".join([*map(str.ljust, row[:-1], widths), row[-1]]) for row in rows]


def processes(arguments: argparse.Namespace) -> int:
    """Print the processes of a container, as the host has them. Raises InvalidSpec for options that ps(1) refuses."""
    pids = state.find(arguments.root, arguments.id).cgroup().pids()
    if arguments.format == "json":
        sys.stdout.write(json.dumps(pids) + "\n")
        return 0
    import subprocess  # not for every other command

    wanted = arguments.options or ["-ef"]
    done = subprocess.run(["ps", *wanted], capture_output=True, text=True, check=False)
    if done.returncode:
        raise InvalidSpec(f"ps {' '.join(wanted)}: {done.stderr.strip() or 'failed'}")
    sys.stdout.write("".join(f"{line}\n" for line in only(done.stdout.splitlines(), pids)))
    return 0


def only(lines: list[str], pids: list[int]) -> list[str]:
    """Return the head of what ps(1) printed, and the lines of `pids`. Raises InvalidSpec without a column PID."""
    titles = lines[0].split() if lines else []
    if "PID" not in titles:
        raise InvalidSpec("the options of ps must let it print the column PID: add `-o pid`")
    column = titles.index("PID")
    return [lines[0], *(line for line in lines[1:] if int(line.split()[column]) in pids)]


def features(arguments: argparse.Namespace) -> int:
    """Print what this runtime supports (OCI features.md)."""
    from ..linux import seccomp_compiler

    linux: dict[str, Any] = {
        "namespaces": sorted(namespaces.KINDS),
        "capabilities": list(capabilities.NAMES),
        "cgroup": {"v1": True, "v2": True, "systemd": False, "systemdUser": False},
        "seccomp": {
            "enabled": True,
            "actions": sorted(seccomp_compiler.ACTIONS),
            "operators": sorted(seccomp_compiler.OPERATORS),
            "archs": [f"SCMP_ARCH_{name}" for name in _ARCHITECTURES],
        },
        "apparmor": {"enabled": True},
        "selinux": {"enabled": False},
    }
    content = {
        "ociVersionMin": "1.0.0",
        "ociVersionMax": state.VERSION,
        "hooks": list(hooks.KINDS),
        "mountOptions": options.names(),
        "linux": linux,
        "annotations": {},
    }
    sys.stdout.write(json.dumps(content, indent=4) + "\n")
    return 0
