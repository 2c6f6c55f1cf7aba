# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers of the inventory's hosts as hosts: each host is asked over the way that tasks take to its containers."""

from __future__ import annotations

DOCUMENTATION = r"""
name: containers
short_description: Containers as hosts
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Makes a host of each running container of P(skiff.containers.container#module) on this machine, or on hosts of the
    inventory. Tasks reach it by P(skiff.containers.container#connection).
  - There is no engine to ask. Each of O(hosts) is asked by the command C(skiff) of its installation, locally or over SSH, with
    the variables that it has in the inventory.
  - The name of the configuration file ends in C(skiff.yml) or C(skiff.yaml).
extends_documentation_fragment:
  - ansible.builtin.constructed
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [skiff.containers.containers]
  hosts:
    description:
      - Names of hosts and groups whose containers are listed. V(localhost) need not be in the inventory.
      - Only what was read before this file is known, so name this file last. In a folder, files are read by their names in order.
      - Hosts that are containers themselves are left out.
      - Their variables C(ansible_connection) (local or ssh), C(ansible_host), C(ansible_port), C(ansible_user),
        C(ansible_ssh_private_key_file), C(ansible_password), C(ansible_ssh_common_args), C(ansible_become) (by C(sudo), without a
        password) and C(ansible_skiff_root) say how they are reached, also from C(group_vars) and C(host_vars).
    type: list
    elements: str
    default: [localhost]
  hostname:
    description:
      - An expression with the name of the new host. Without it, V(skiff_name) on localhost and V(skiff_name ~ '.' ~ skiff_host)
        on other hosts, so that containers of several hosts may have one name.
      - A name that another host of the inventory has already is an error.
    type: str
  all:
    description: Also list containers that do not run.
    type: bool
    default: false
  verbose_output:
    description:
      - Give each host all that C(skiff inspect) says of its container, as variables C(skiff_state), C(skiff_config),
        C(skiff_hostconfig), C(skiff_networksettings) and so on.
      - In O(hostname), O(filters), O(compose), O(groups) and O(keyed_groups) these variables are always there.
    type: bool
    default: false
  filters:
    description:
      - A list of conditions. The first one that is true decides whether the container becomes a host. When there is none, it does.
    type: list
    elements: dict
    default: []
    suboptions:
      include:
        description: A condition for containers that become hosts, as an expression or a boolean.
        type: str
      exclude:
        description: A condition for containers that do not, as an expression or a boolean.
        type: str
  unreachable:
    description: What to do when one of O(hosts) cannot be asked, V(fail) or V(warn) and leave out its containers.
    type: str
    choices: [fail, warn]
    default: fail
notes:
  - What a container says of itself, its labels and environment for instance, is never taken for a template.
seealso:
  - plugin: skiff.containers.container
    plugin_type: connection
"""

EXAMPLES = r"""
# containers.skiff.yml - what runs on this machine
plugin: skiff.containers.containers

---
# zz_containers.skiff.yml - what runs on the hosts of the group docks, in a group for each value of the label tier
plugin: skiff.containers.containers
hosts: [docks]
strict: true
filters:
  - include: skiff_config.Labels.tier is defined
  - exclude: true
keyed_groups:
  - prefix: tier
    key: skiff_config.Labels.tier
compose:
  address: skiff_networksettings.IPAddress
"""

from concurrent.futures import ThreadPoolExecutor

from ansible import constants as C
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.helpers import get_group_vars
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.playbook.play_context import PlayContext
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable
from ansible.utils.unsafe_proxy import wrap_var
from ansible.utils.vars import combine_vars
from ansible.vars.plugins import get_vars_from_inventory_sources
from ansible_collections.skiff.containers.plugins.plugin_utils import host_listing, host_way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CONNECTION = "skiff.containers.container"


class InventoryModule(BaseInventoryPlugin, Constructable):
    """Hosts from containers."""

    NAME = "skiff.containers.containers"

    def verify_file(self, path: str) -> bool:
        """Whether a file is for this plugin, by its name."""
        return bool(super().verify_file(path)) and path.endswith(("skiff.yml", "skiff.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Add the hosts. Raises AnsibleParserError with a sentence."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        ways = {name: self._way(name) for name in self._asked()}
        for name, answer in self._answers(ways):
            for facts in answer:
                self._add(name, ways[name], wrap_var(facts))

    def _asked(self) -> list[str]:
        """Return the names of the hosts whose containers are listed."""
        found: list[str] = []
        for name in self.get_option("hosts"):
            if name in self.inventory.groups:
                hosts = [host.name for host in self.inventory.groups[name].get_hosts()]
            elif name in self.inventory.hosts or name in host_way.LOCALHOST:
                hosts = [name]
            else:
                raise AnsibleParserError(
                    f"hosts: {name} is neither a host nor a group of the inventory as it was read before this file"
                )
            found += [host for host in hosts if host not in found and not self._is_container(host)]
        return found

    def _is_container(self, name: str) -> bool:
        return name in self.inventory.hosts and self._variables(name).get("ansible_connection") == CONNECTION

    def _variables(self, name: str) -> dict[str, Any]:
        """Return what the inventory says of a host, with its group_vars and host_vars."""
        if name not in self.inventory.hosts:
            return {}
        host = self.inventory.hosts[name]
        found: dict[str, Any] = {}
        for said, entities in ((get_group_vars(host.get_groups()), host.get_groups()), (host.get_vars(), [host])):
            files = get_vars_from_inventory_sources(self.loader, self.inventory.processed_sources, entities, "all")
            found = combine_vars(combine_vars(found, said), files)
        return found

    def _way(self, name: str) -> dict[str, Any]:
        """Return the variables by which the connection plugin reaches the containers of a host."""
        said = self._variables(name)
        self.templar.available_variables = said
        known = {key: self.templar.template(said[key]) for key in host_way.READ if key in said}
        try:
            return host_way.variables(name, known, C.DEFAULT_TRANSPORT)
        except ValueError as error:
            raise AnsibleParserError(f"containers of host {name}: {error}") from error

    def _answers(self, ways: dict[str, dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
        """Ask all hosts, side by side, and return what `skiff inspect` says on each."""
        asked = {name: host_listing.Host(way, PlayContext()) for name, way in ways.items()}
        with ThreadPoolExecutor(C.DEFAULT_FORKS) as pool:
            coming = {name: pool.submit(host.containers, self.get_option("all")) for name, host in asked.items()}
        found = []
        for name, future in coming.items():
            try:
                found.append((name, future.result()))
            except AnsibleError as error:
                sentence = f"containers of host {name} cannot be listed: {error}"
                if self.get_option("unreachable") == "fail":
                    raise AnsibleParserError(sentence) from error
                self.display.warning(sentence)
        return found

    def _add(self, source: str, way: dict[str, Any], inspected: dict[str, Any]) -> None:
        own = {
            "skiff_name": inspected["Name"].lstrip("/"),
            "skiff_short_id": inspected["Id"][:12],
            "skiff_host": source,
        }
        facts = {**{f"skiff_{key.lower()}": value for key, value in inspected.items()}, **own}
        if not self._is_wanted(facts):
            return
        name = self._name(facts, source)
        self.inventory.add_host(name)
        reached = {"ansible_connection": CONNECTION, "ansible_host": own["skiff_name"], **way}
        for key, value in {**(facts if self.get_option("verbose_output") else own), **reached}.items():
            self.inventory.set_variable(name, key, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), facts, name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), facts, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), facts, name, strict=strict)

    def _name(self, facts: dict[str, Any], source: str) -> str:
        given = self.get_option("hostname")
        if given:
            name = str(self._evaluated("hostname", given, facts))
        else:
            name = facts["skiff_name"] if source in host_way.LOCALHOST else f"{facts['skiff_name']}.{source}"
        if name in self.inventory.hosts:
            container = f"container {facts['skiff_name']} of host {source}"
            raise AnsibleParserError(
                f"{container}: the inventory has a host {name} already: give it another 'hostname'"
            )
        return name

    def _is_wanted(self, facts: dict[str, Any]) -> bool:
        for entry in self.get_option("filters"):
            if len(entry) != 1 or not set(entry) <= {"include", "exclude"}:
                raise AnsibleParserError(
                    f"filters: an entry is either 'include' or 'exclude' with a condition, not {entry}"
                )
            ((kind, condition),) = entry.items()
            if self._holds(kind, condition, facts):
                return bool(kind == "include")
        return True

    def _holds(self, kind: str, condition: Any, facts: dict[str, Any]) -> bool:
        if isinstance(condition, bool):
            return condition
        try:
            return bool(boolean(self._evaluated(kind, condition, facts)))
        except TypeError as error:
            raise AnsibleParserError(f"filters: {kind}: {condition} is neither true nor false: {error}") from error

    def _evaluated(self, option: str, expression: str, facts: dict[str, Any]) -> Any:
        try:
            return self._compose(expression, facts)
        except AnsibleError as error:
            raise AnsibleParserError(f"{option}: {expression}: container {facts['skiff_name']}: {error}") from error
