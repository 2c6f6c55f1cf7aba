"""A container in a few words: the shape of the Engine API's `GET /containers/json`, which `ps` prints."""

from __future__ import annotations

import time

from ..images import catalog as images
from ..store import Store
from . import health, namespaces
from .catalog import Container
from .inspect_mounts import mounts
from .status import status_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..images.catalog import Image
    from ..monitor.state import State

_SECOND = 1_000_000_000


class Summaries:
    """Summaries of the containers of a store, at one moment; what they share is asked for once."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = time.time_ns()
        self._images: dict[str, Image] = {}
        self._meant: dict[str, str | None] = {}
        self._ports = self._by_container("SELECT * FROM ports ORDER BY container_port, host_ip, host_port, protocol")
        self._networks = self._by_container(
            "SELECT container_id, networks.id, networks.name FROM endpoints JOIN networks ON networks.id = network_id"
            " ORDER BY networks.name"
        )

    def of(self, container: Container, state: State, sizes: bool = False) -> dict[str, Any]:
        """Return the summary of a container; with `sizes` also how many bytes its own files and all files have."""
        spec = container.spec
        said = self.health(container, state)
        result = {
            "Id": container.id,
            "Names": [f"/{container.name}"],
            "Image": self._image_name(container),
            "ImageID": container.image_id,
            "Command": self.command(container),
            "Created": container.created // _SECOND,
            "Ports": self.ports(container, state),
            "Labels": self.labels(container),
            "State": state.status,
            "Status": status_text(state, self.now, "" if said == "none" else said),
            "HostConfig": {"NetworkMode": spec.network_mode},
            "NetworkSettings": {
                "Networks": {name: {"NetworkID": key} for name, key in self.networks(container).items()}
            },
            "Mounts": mounts(self.store, container),
        }
        if sizes:
            result.update(self.sizes(container))
        return result

    def image(self, container: Container) -> Image:
        """Return the image of a container."""
        if container.image_id not in self._images:
            self._images[container.image_id] = images.known(self.store, container.image_id)
        return self._images[container.image_id]

    def labels(self, container: Container) -> dict[str, str]:
        """Return the labels of a container and of its image."""
        return {**(self.image(container).defaults.get("Labels") or {}), **container.spec.labels}

    def command(self, container: Container) -> str:
        """Return program and arguments as one text; words with blanks stand between quotes, as in Docker."""
        spec, defaults = container.spec, self.image(container).defaults
        words = [*(spec.entrypoint if spec.entrypoint is not None else defaults.get("Entrypoint") or ())]
        inherited = (defaults.get("Cmd") or ()) if spec.entrypoint is None else ()
        words += spec.command if spec.command is not None else inherited
        first, *rest = [word for word in words if word or len(words) == 1] or [""]
        return " ".join([first, *(f"'{word}'" if " " in word else word for word in rest)])

    def networks(self, container: Container) -> dict[str, str]:
        """Return the networks of a container, name to id; of one that does not run, those that it will join."""
        found = {row["name"]: row["id"] for row in self._networks.get(container.id, ())}
        spec = container.spec
        if found or not namespaces.own_network(spec):
            return found or ({"host": ""} if spec.network_mode == "host" else {})
        from . import wiring

        names = [wish.network for wish in wiring.attachments(spec)] or [spec.network_mode]
        return {"bridge" if name == "default" else name: "" for name in names}

    def ports(self, container: Container, state: State) -> list[dict[str, Any]]:
        """Return the ports of a container that runs: those that are published, then those that are only exposed."""
        if not state.running():
            return []
        found: list[dict[str, Any]] = []
        for row in self._ports.get(container.id, ()):
            place = {"IP": row["host_ip"] or "0.0.0.0", "PrivatePort": row["container_port"]}
            found.append({**place, "PublicPort": row["host_port"], "Type": row["protocol"]})
        if not self.networks(container) or container.spec.network_mode in ("host", "none"):
            return found
        published = {(entry["PrivatePort"], entry["Type"]) for entry in found}
        for number, protocol in self.exposed(container):
            if (number, protocol) not in published:
                found.append({"PrivatePort": number, "Type": protocol})
        return found

    def exposed(self, container: Container) -> list[tuple[int, str]]:
        """Return (port, protocol) of what a container and its image expose; ranges are spread out.

        An image may declare anything: what is no port of a protocol is left out.
        """
        declared = self.image(container).defaults.get("ExposedPorts")
        found: dict[tuple[int, str], None] = {}
        for text in [*container.spec.exposed_ports, *(declared if isinstance(declared, dict) else ())]:
            numbers, _slash, protocol = str(text).partition("/")
            first, _dash, last = numbers.partition("-")
            digits = (first + last).isdecimal() and first and max(len(first), len(last)) < 6
            if digits and (protocol or "tcp") in ("tcp", "udp", "sctp"):
                for number in range(int(first), min(int(last or first), 65535) + 1):
                    found[(number, protocol or "tcp")] = None
        return list(found)

    def health(self, container: Container, state: State) -> str:
        """Return "starting", "healthy", "unhealthy", or "none" for a container without a health check."""
        return str((health.seen(self.store, container, state) or {}).get("status", "none"))

    def sizes(self, container: Container) -> dict[str, int]:
        """Return `SizeRw`, the bytes of a container's own files, and `SizeRootFs`, those with the image's."""
        from ..linux.trees import tree_size

        own = tree_size(f"{self.store.layout.container(container.id)}/upper")
        return {"SizeRw": own, "SizeRootFs": own + self.image(container).size}

    def _image_name(self, container: Container) -> str:
        """Return the image's name as it was given, or the id when the name is another image's by now."""
        name = container.spec.image
        if name not in self._meant:
            self._meant[name] = images.resolve(self.store, name)
        return name if self._meant[name] == container.image_id else container.image_id

    def _by_container(self, query: str) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for row in self.store.query(query):
            found.setdefault(row["container_id"], []).append(row)
        return found
