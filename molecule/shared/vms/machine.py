"""What a machine is: its wishes, its place, and what has been chosen for it. Kept as machine.json while it exists."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import socket
from pathlib import Path
from typing import Any

from . import places, recipe

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")


class Refused(Exception):
    """What a caller wants cannot be; the text says why."""


@dataclasses.dataclass(frozen=True)
class Wish:
    """One machine as its scenario describes it.

    `memory` is in MiB; `address` is the one on the private wire, with its prefix length; `forwards` are TCP ports of
    the guest that the loopback address of the host reaches.
    """

    name: str
    image: str = "base"
    memory: int = 768
    cpus: int = 1
    wire: str = ""
    address: str = ""
    forwards: tuple[int, ...] = ()
    cold: bool = False

    def check(self) -> None:
        """Raise Refused for what cannot be a machine."""
        for word in (self.name, self.wire or "x"):
            if not _NAME.fullmatch(word):
                raise Refused(f"{word!r} is no name: small letters, digits and hyphens are, at most 41")
        if self.image not in recipe.KINDS:
            raise Refused(f"there is no image {self.image!r}; there are {', '.join(recipe.KINDS)}")
        if self.address and not re.fullmatch(r"\d+\.\d+\.\d+\.\d+/\d+", self.address):
            raise Refused(f"address {self.address!r} is not of the form 10.0.0.1/24")
        if self.memory < 256 or self.cpus < 1:
            raise Refused(f"{self.name}: a machine has 256 MiB and one processor at least")


@dataclasses.dataclass(frozen=True)
class Machine(Wish):
    """A wish with what was chosen for it: the ports on the host, the address of its card, its identity."""

    port: int = 0
    host_ports: tuple[int, ...] = ()
    mac: str = ""
    machine_id: str = ""
    key: str = ""

    @property
    def folder(self) -> Path:
        """Where its disk, its sockets and its serial log are."""
        return places.run() / self.name

    @property
    def title(self) -> str:
        """The name that its process carries, by which it is found again."""
        return f"skiff-vms-{places.realm()}-{self.name}"

    def save(self) -> None:
        """Write machine.json."""
        draft = self.folder / "machine.json.new"
        draft.write_text(json.dumps(dataclasses.asdict(self)))
        draft.rename(self.folder / "machine.json")

    def instance(self) -> dict[str, Any]:
        """Return what Molecule's instance_config.yml holds for it, and where its forwarded ports are."""
        return {
            "instance": self.name,
            "address": "127.0.0.1",
            "user": "root",
            "port": self.port,
            "identity_file": self.key,
            "wire_address": self.address.partition("/")[0],
            "forwards": {str(port): host for port, host in zip(self.forwards, self.host_ports)},
            "folder": str(self.folder),
        }


def load(name: str) -> Machine:
    """Return a machine by name. Raises Refused when there is none."""
    try:
        values: dict[str, Any] = json.loads((places.run() / name / "machine.json").read_text())
    except FileNotFoundError:
        raise Refused(f"there is no machine {name}") from None
    tuples: dict[str, Any] = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
    return Machine(**{**values, **tuples})


def wish(values: dict[str, Any]) -> Wish:
    """Return the wish of a Molecule platform; keys that are not ours (groups, children) are Molecule's."""
    ours = {field.name for field in dataclasses.fields(Wish)}
    known = {key: value for key, value in values.items() if key in ours}
    known["forwards"] = tuple(known.get("forwards") or ())
    result = Wish(**known)
    result.check()
    return result


def choose(wanted: Wish, key: str) -> Machine:
    """Return a machine for a wish: free ports, a new card address, a new identity; `key` is the path of its SSH key."""
    ports = free_ports(1 + len(wanted.forwards))
    values: dict[str, Any] = dataclasses.asdict(wanted)
    return Machine(
        **values,
        port=ports[0],
        host_ports=tuple(ports[1:]),
        mac="52:54:00:" + ":".join(f"{byte:02x}" for byte in os.urandom(3)),
        machine_id=os.urandom(16).hex(),
        key=key,
    )


def free_ports(count: int) -> list[int]:
    """Return free TCP ports of the loopback address, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _unused in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
