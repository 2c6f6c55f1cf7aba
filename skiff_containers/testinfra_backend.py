"""Testinfra's commands in an instance: each is one `skiff exec`, where the backend `ansible` runs Ansible for each."""

from __future__ import annotations

import os
import subprocess
from typing import Any

from testinfra.backend.ansible import AnsibleBackend
from testinfra.backend.base import CommandResult

CONNECTION = "skiff.containers.container"
DEFAULT_ROOT = "/var/lib/skiff"
ENGINE_FAILED = 125  # `skiff exec` itself, and not the command


class SkiffBackend(AnsibleBackend):
    """Hosts are those of an Ansible inventory; the ones with another connection are reached by Ansible as ever."""

    NAME = "skiff"

    def run(self, command: str, *args: str, **kwargs: Any) -> CommandResult:
        """Run a shell command and return its exit code, output and errors."""
        variables = self.ansible_runner.get_variables(self.host)
        if variables.get("ansible_connection") != CONNECTION or variables.get("ansible_skiff_host"):
            return super().run(command, *args, **kwargs)
        line = self.get_command(command, *args)
        done = subprocess.run([*_exec(variables), "/bin/sh", "-c", line], stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode == ENGINE_FAILED:
            raise RuntimeError(done.stderr.decode(errors="replace").strip())
        return self.result(done.returncode, self.encode(line), done.stdout, done.stderr)


def _exec(variables: dict[str, Any]) -> list[str]:
    root = variables.get("ansible_skiff_root") or os.environ.get("SKIFF_ROOT", DEFAULT_ROOT)
    user = variables.get("ansible_skiff_user") or variables.get("ansible_user")
    return [
        *(["sudo", "-n"] if variables.get("ansible_skiff_host_become") else []),
        *(f"{root}/bin/skiff", "exec"),
        *(["--user", str(user)] if user else []),
        str(variables.get("ansible_host", variables["inventory_hostname"])),
    ]
