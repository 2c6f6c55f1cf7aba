"""SSH to a machine: options that cost little under emulation, and one call."""

from __future__ import annotations

import subprocess
import time

from .machine import Machine

OPTIONS = (
    "-F",
    "/dev/null",
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    "-o",
    "LogLevel=ERROR",
    "-o",
    "KexAlgorithms=curve25519-sha256",
    "-o",
    "PreferredAuthentications=publickey",
    "-o",
    "ConnectTimeout=60",
)
_NO_CONNECTION = 255  # exit status of ssh itself


def command(machine: Machine, *words: str) -> list[str]:
    """Return the command that runs words in a machine, or a login without any."""
    return ["ssh", *OPTIONS, "-i", machine.key, "-p", str(machine.port), "root@127.0.0.1", *words]


def run(machine: Machine, script: str, limit: float = 300) -> str:
    """Return what a shell script writes in a machine, waiting at most `limit` seconds until SSH answers.

    Raises RuntimeError with what it complained about.
    """
    until = time.monotonic() + limit
    while True:
        done = subprocess.run(command(machine, "sh"), input=script, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout
        if done.returncode != _NO_CONNECTION or time.monotonic() > until:
            raise RuntimeError(f"{machine.name}: {done.stderr.strip() or f'exit status {done.returncode}'}")
        time.sleep(0.2)
