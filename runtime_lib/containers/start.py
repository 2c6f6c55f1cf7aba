"""Start containers."""

from __future__ import annotations

from contextlib import ExitStack

from ..errors import InvalidSpec, WrongState
from ..store import Store
from . import namespaces
from .catalog import Container, find, state
from .finish import ALIVE
from .launch import Launch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def start(store: Store, ref: str) -> Container:
    """Start a container that does not run; one that runs already is left alone. It runs when this returns.

    Raises CommandFailed with `exit_code` 126 or 127 when its program cannot be executed; the container stays, created.
    """
    container = find(store, ref)
    with store.lock("container", container.id):
        if startable(store, container):
            with Launch(store) as launch:
                launch.run(container).close()
    return container


def start_many(store: Store, refs: Sequence[str]) -> list[Container]:
    """Start several containers, those first that others need (namespaces, links); return them in that order.

    The interpreters of all monitors of one rank start up while the networks are made. When one start fails, those
    before it keep running, and none after it is started.
    """
    containers = {container.id: container for container in (find(store, ref) for ref in refs)}
    done = []
    for rank in ranks(store, list(containers.values())):
        _start_rank(store, rank)
        done += rank
    return done


def ranks(store: Store, containers: Sequence[Container]) -> list[list[Container]]:
    """Return the containers in groups: each needs only those of the groups before it. Raises InvalidSpec for a ring."""
    left = {container.id: container for container in containers}
    needs = {key: {find(store, ref).id for ref in namespaces.dependencies(one.spec)} for key, one in left.items()}
    result = []
    while left:
        free = [container for key, container in left.items() if not needs[key] & (left.keys() - {key})]
        if not free:
            names = ", ".join(sorted(container.name for container in left.values()))
            raise InvalidSpec(f"the containers {names} need each other to run first")
        result.append(free)
        for container in free:
            del left[container.id]
    return result


def _start_rank(store: Store, containers: Sequence[Container], at_once: int = 8) -> None:
    for first in range(0, len(containers), at_once):
        with ExitStack() as stack:
            launches = []
            for container in sorted(containers[first : first + at_once], key=lambda container: container.id):
                stack.enter_context(store.lock("container", container.id))
                if startable(store, container):
                    launches.append((stack.enter_context(Launch(store)), container))
            for launch, container in launches:
                launch.run(container).close()


def startable(store: Store, container: Container) -> bool:
    """Whether the container is to be started: False when it runs already. The caller holds its lock.

    Raises WrongState for a paused one, ContainerNotFound for one that somebody has removed meanwhile, NewerData for one
    that this version would start as another container.
    """
    found = find(store, container.id)
    if found.phase != "ready":
        raise WrongState(f"the removal of container {container.name} was interrupted; remove it again")
    status = state(store, container).status
    if status == "paused":
        raise WrongState(f"container {container.name} is paused; unpause it instead of starting it")
    if status in ALIVE:
        return False
    found.check_known()
    return True
