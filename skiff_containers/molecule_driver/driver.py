"""The driver that Molecule loads by its entry point; see docs/molecule.md.

Containers are made and removed by the playbooks beside this file, in one task each.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from molecule.api import Driver
from molecule.util import sysexit_with_message

from . import sanity
from .playbooks.filter_plugins.molecule_skiff import python_of

if TYPE_CHECKING:
    from molecule.config import Config

DEFAULT_ROOT = "/var/lib/skiff"
# As molecule.yml names drivers of third parties: its schema wants this prefix.
NAME = "molecule-skiff"
LABEL = "owner=molecule"
SHELL = "sh -c 'command -v bash >/dev/null && exec bash -l || exec sh -l'"


class Skiff(Driver):
    """Instances are Skiff containers on this host."""

    title = "Skiff containers, without a container engine."

    def __init__(self, config: Config | None = None) -> None:
        super().__init__(config)  # type: ignore[arg-type]  # Molecule makes drivers without a scenario to list them
        self._name = NAME
        self._passed = False

    @property
    def name(self) -> str:
        """The driver's name in molecule.yml."""
        return self._name

    @name.setter
    def name(self, value: str) -> None:
        self._name = value

    @property
    def login_cmd_template(self) -> str:
        """The command of `molecule login`, with the fields of `login_options`."""
        return f"{{skiff}} exec -it -e COLUMNS={{columns}} -e LINES={{lines}} -e TERM={{term}} {{container}} {SHELL}"

    @property
    def default_safe_files(self) -> list[str]:
        """Files that outlive `destroy`: none."""
        return []

    @property
    def default_ssh_connection_options(self) -> list[str]:
        """Options of SSH: it is not used."""
        return []

    def login_options(self, instance_name: str) -> dict[str, str]:
        """Return the fields of `login_cmd_template` for an instance."""
        return {
            "instance": instance_name,
            "container": self._container(instance_name),
            "skiff": shlex.join(_skiff()),
            "term": os.environ.get("TERM", "xterm"),
        }

    def ansible_connection_options(self, instance_name: str) -> dict[str, Any]:
        """Return the variables of an instance in Molecule's inventory."""
        own: dict[str, Any] = {
            "ansible_connection": "skiff.containers.container",
            "ansible_host": self._container(instance_name),
            "molecule_skiff_scenario": self.scenario_id,
        }
        if os.geteuid() != 0:
            own["ansible_skiff_host_become"] = True
        python = python_of(self._platform(instance_name), self._config.scenario.directory)
        if python:  # Ansible looks for it in each of its runs otherwise
            own["ansible_python_interpreter"] = python
        return {**own, **self.options.get("ansible_connection_options", {})}

    @property
    def testinfra_options(self) -> dict[str, str]:
        """Options of pytest for the verifier testinfra: our own backend, which needs no run of `ansible` a command."""
        return {**super().testinfra_options, "connection": "skiff"}

    @property
    def scenario_id(self) -> str:
        """A short text that no other scenario on this host has, in all its runs the same.

        It is part of the containers' names: two roles that both call their platform `instance` are tested side by side.
        """
        folders = f"{self._config.project_directory}\n{self._config.scenario.ephemeral_directory}"
        return hashlib.sha256(folders.encode()).hexdigest()[:8]

    def sanity_checks(self) -> None:
        """End Molecule with a sentence when containers cannot be made here."""
        if self._passed:
            return
        assert self._config.provisioner is not None
        problem = sanity.problem(
            sanity.this_host(self._config.provisioner.env, self._config.provisioner.config_options),
            self._config.platforms.instances,
        )
        if problem:
            sysexit_with_message(f"{self.name}: {problem}")
        self._passed = True

    def schema_file(self) -> str:
        """Return the path of the JSON schema of molecule.yml's `driver` and `platforms`."""
        return str(Path(__file__).parent / "schema" / "driver.json")

    def reset(self) -> None:
        """Remove all containers, networks and built images of all scenarios on this host."""
        if not os.path.exists(_program()):
            return
        for listing, removal in (
            (["ps", "-aq", "--filter", f"label={LABEL}"], ["rm", "-f", "-v"]),
            (["network", "ls", "-q", "--filter", f"label={LABEL}"], ["network", "rm"]),
            (["images", "-q", "--filter", f"label={LABEL}"], ["rmi", "-f"]),
        ):
            found = subprocess.run([*_skiff(), *listing], check=True, text=True, stdout=subprocess.PIPE).stdout.split()
            if found:
                subprocess.run([*_skiff(), *removal, *found], check=True, stdout=subprocess.DEVNULL)

    def _platform(self, instance_name: str) -> dict[str, Any]:
        return next((dict(one) for one in self._config.platforms.instances if one["name"] == instance_name), {})

    def _container(self, instance_name: str) -> str:
        return f"{instance_name}-{self.scenario_id}"


def _program() -> str:
    return f"{os.environ.get('SKIFF_ROOT', DEFAULT_ROOT)}/bin/skiff"


def _skiff() -> list[str]:
    return [_program()] if os.geteuid() == 0 else ["sudo", _program()]
