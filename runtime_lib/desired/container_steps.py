"""The steps of a container's plan. Each imports its verb when it is applied: an unchanged task needs none of them."""

from __future__ import annotations

from contextlib import suppress

from ..errors import SkiffError
from ..records import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..containers.parts import Attachment
    from ..containers.spec import ContainerSpec
    from ..store import Store


@dataclass(frozen=True)
class Create:
    """Make a container; it is not started."""

    spec: ContainerSpec

    def describe(self) -> str:
        """Return what it does."""
        return f"create container {self.spec.name} from image {self.spec.image}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"created": "Created container", "create_parameters": self.spec.to_json()}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..containers.create import create

        create(store, self.spec)


@dataclass(frozen=True)
class Start:
    """Start a container."""

    name: str

    def describe(self) -> str:
        """Return what it does."""
        return f"start container {self.name}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"started": self.name}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..containers.start import start

        start(store, self.name)


@dataclass(frozen=True)
class Stop:
    """Stop a container: by its stop signal and then SIGKILL, or by `kill_signal` alone.

    `timeout` is in seconds; None is the container's own.
    """

    name: str
    timeout: int | None = None
    kill_signal: str | None = None

    def describe(self) -> str:
        """Return what it does."""
        return f"{'kill' if self.kill_signal else 'stop'} container {self.name}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        if self.kill_signal:
            return {"killed": self.name, "signal": self.kill_signal}
        return {"stopped": self.name, "timeout": self.timeout}

    def apply(self, store: Store) -> None:
        """Do it."""
        if self.kill_signal:
            from ..containers.verbs import kill

            kill(store, self.name, self.kill_signal)
        from ..containers.stop import stop

        stop(store, self.name, timeout=self.timeout)  # after a kill: wait for the end, whatever the signal did


@dataclass(frozen=True)
class Restart:
    """Stop a running container and start it again."""

    name: str
    timeout: int | None = None

    def describe(self) -> str:
        """Return what it does."""
        return f"restart container {self.name}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"restarted": self.name, "timeout": self.timeout}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..containers.verbs import restart

        restart(store, self.name, self.timeout)


@dataclass(frozen=True)
class Pause:
    """Freeze all processes of a container."""

    name: str

    def describe(self) -> str:
        """Return what it does."""
        return f"pause container {self.name}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"set_paused": True}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..containers.verbs import pause

        pause(store, self.name)


@dataclass(frozen=True)
class Unpause:
    """Let the processes of a container go on."""

    name: str

    def describe(self) -> str:
        """Return what it does."""
        return f"unpause container {self.name}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"set_paused": False}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..containers.verbs import unpause

        unpause(store, self.name)


@dataclass(frozen=True)
class Update:
    """Change limits or the restart policy of a container that may go on running meanwhile."""

    name: str
    changes: dict[str, Any]

    def describe(self) -> str:
        """Return what it does."""
        return f"update container {self.name}: {', '.join(sorted(self.changes))}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"updated": self.name, "update_parameters": self.changes}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..containers.update import update

        update(store, self.name, self.changes)


@dataclass(frozen=True)
class Connect:
    """Join a container to a network, and with `first` make that the first of those that it has.

    `before` is how it was connected: so it is again when the new way is impossible.
    """

    name: str
    attachment: Attachment
    first: bool = False
    before: Attachment | None = None

    def describe(self) -> str:
        """Return what it does."""
        return f"connect container {self.name} to network {self.attachment.name}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"added_to_network": self.attachment.name}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..containers.connect import connect

        try:
            connect(store, self.name, self.attachment, self.first)
        except (SkiffError, OSError):
            if self.before:
                with suppress(SkiffError, OSError):  # the reason of the failure is what the user should see
                    connect(store, self.name, self.before, self.first)
            raise


@dataclass(frozen=True)
class Disconnect:
    """Take a container out of a network."""

    name: str
    network: str

    def describe(self) -> str:
        """Return what it does."""
        return f"disconnect container {self.name} from network {self.network}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"removed_from_network": self.network}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..containers.connect import disconnect

        disconnect(store, self.name, self.network)


@dataclass(frozen=True)
class Remove:
    """Delete a container, and its anonymous volumes with `volumes`."""

    name: str
    volumes: bool = False

    def describe(self) -> str:
        """Return what it does."""
        return f"remove container {self.name}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"removed": self.name, "volume_state": not self.volumes, "force": False}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..containers.remove import remove

        remove(store, self.name, force=True, volumes=self.volumes)


@dataclass(frozen=True)
class Replace:
    """Make a container anew. The old one goes only when the new one was made and, if `start`, has started.

    Where the new one cannot be made or started, the old one stands (and runs) as before, and the error is raised.
    """

    name: str
    old_id: str
    spec: ContainerSpec
    start: bool
    stop: Stop
    volumes: bool

    def describe(self) -> str:
        """Return what it does."""
        return f"recreate container {self.name} from image {self.spec.image}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"removed": self.old_id, "created": "Created container", "create_parameters": self.spec.to_json()}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..containers.catalog import find
        from ..containers.replacing import replace as put_in_place

        old = find(store, self.old_id)
        end = replace(self.stop, name=self.old_id)
        put_in_place(store, old, replace(self.spec, name=self.name), lambda: end.apply(store), self.start, self.volumes)
