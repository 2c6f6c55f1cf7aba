"""The namespaces that a container shares with another one."""

from __future__ import annotations

from ..errors import WrongState
from ..linux.process import Process
from ..store import Store
from .catalog import Container, find, state
from .spec import ContainerSpec

_PREFIX = "container:"
_BRIDGE = ("bridge", "default")


def joined(store: Store, spec: ContainerSpec) -> dict[str, str]:
    """Return {type: file} of the ipc, pid and uts namespaces that `spec` takes from running containers."""
    result = {}
    for kind, mode in (("ipc", spec.ipc_mode), ("pid", spec.pid_mode), ("uts", spec.uts_mode)):
        if mode.startswith(_PREFIX):
            result[kind] = f"/proc/{owner(store, mode).pid}/ns/{kind}"
    return result


def owner(store: Store, mode: str) -> Process:
    """Return the first process of the running container in `container:REF`. Raises WrongState, ContainerNotFound."""
    other = find(store, mode[len(_PREFIX) :])
    found = state(store, other)
    if found.process is None:
        raise WrongState(f"container {other.name} does not run, so its namespaces cannot be joined; start it first")
    return found.process


def own_network(spec: ContainerSpec) -> bool:
    """Whether the container has a network namespace to itself."""
    return spec.network_mode != "host" and not spec.network_mode.startswith(_PREFIX)


def network_owner(store: Store, container: Container) -> str:
    """Return the id of the container whose hosts, hostname and resolv.conf this one has: mostly its own."""
    mode = container.spec.network_mode
    return find(store, mode[len(_PREFIX) :]).id if mode.startswith(_PREFIX) else container.id


def dependencies(spec: ContainerSpec) -> list[str]:
    """Return the containers (names or ids) that must run before this one."""
    modes = (spec.network_mode, spec.ipc_mode, spec.pid_mode, spec.uts_mode)
    refs = [mode[len(_PREFIX) :] for mode in modes if mode.startswith(_PREFIX)]
    return [*refs, *(text.partition(":")[0] for text in _links_to_running(spec))]


def _links_to_running(spec: ContainerSpec) -> list[str]:
    """Return the links on the predefined bridge; on other networks the linked container may come later."""
    first = spec.links if spec.network_mode in _BRIDGE else ()
    return [*first, *(text for entry in spec.networks if entry.name in _BRIDGE for text in entry.links)]
