"""Links: names by which one container alone finds another one, kept up to date in its /etc/hosts like its neighbours.

On a network whose neighbours find each other anyway a link is one more name, and its container may come later. On the
predefined bridge it is the only name, and its container runs there already. Both as with Docker.
"""

from __future__ import annotations

from ..errors import InvalidSpec, WrongState
from . import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from ..store import Store
    from .model import Endpoint, Network


def parse(text: str) -> tuple[str, str]:
    """Return (container, name) of `CONTAINER[:NAME]`. Raises InvalidSpec."""
    ref, colon, alias = text.partition(":")
    if not ref or (colon and not alias):
        raise InvalidSpec(f"links: {text!r} is not CONTAINER or CONTAINER:NAME")
    return names.check_name(ref, "links: container"), names.check_name(alias or ref, "links: name")


def reserve(
    db: sqlite3.Connection, container_id: str, network: Network, texts: Iterable[str], present: Sequence[Endpoint]
) -> None:
    """Note the links of a container on a network; `present` are the endpoints of that network.

    They are gone with the container's endpoint. Raises WrongState for a container that is not on the predefined bridge.
    """
    for ref, alias in map(parse, texts):
        target = ref if network.has_names else _running(ref, network, present).container_id
        query = "INSERT OR IGNORE INTO links (container_id, network_id, target, alias) VALUES (?, ?, ?, ?)"
        db.execute(query, (container_id, network.id, target, alias))


def lines(store: Store, every: Sequence[Endpoint]) -> dict[tuple[str, str], bytes]:
    """Return (container id, network id) -> the lines of its hosts file, b"" where none of its links lead anywhere.

    `every` are all endpoints of the store.
    """
    result: dict[tuple[str, str], bytes] = {}
    for row in store.query("SELECT * FROM links ORDER BY rowid"):
        key = (row["container_id"], row["network_id"])
        result.setdefault(key, b"")
        for other in every:
            if other.network.id == row["network_id"] and _means(row["target"], other):
                known = [row["alias"]] if other.network.has_names else [row["alias"], *_short(other)]
                text = " ".join(dict.fromkeys(known))
                result[key] += "".join(f"{address}\t{text}\n" for address in other.addresses).encode()
    return result


def _running(ref: str, network: Network, present: Sequence[Endpoint]) -> Endpoint:
    for endpoint in present:
        if _means(ref, endpoint) or (len(ref) >= 4 and endpoint.container_id.startswith(ref)):
            return endpoint
    raise WrongState(
        f"links: no container {ref} runs on network {network.name}: start it first, or put both on a network of your"
        " own, where they find each other by name"
    )


def _means(target: str, endpoint: Endpoint) -> bool:
    return target in (endpoint.container_id, *endpoint.names)


def _short(other: Endpoint) -> tuple[str, str]:
    return other.container_id[:12], other.names[0]
