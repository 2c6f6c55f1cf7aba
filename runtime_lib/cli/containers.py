"""`skiff ps` and `skiff top`."""

from __future__ import annotations

import time

from ..errors import InvalidSpec
from . import opened, output
from .options import FLAG, LIST, TEXT, WHOLE, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..containers.catalog import Container
    from ..monitor.state import State
    from ..store import Store

_PS = Usage(
    "ps",
    "[OPTIONS]",
    "List containers",
    (
        Option("all", "a", FLAG, "Also those that do not run"),
        Option(
            "filter", "f", LIST, "Only those with status=, name=, id=, label=, ancestor=, exited=, network=, volume="
        ),
        Option("format", "", TEXT, "json, table, or a Go template such as {{.Names}}"),
        Option("last", "n", WHOLE, "The last n containers, running or not"),
        Option("latest", "l", FLAG, "The last container, running or not"),
        Option("no-trunc", "", FLAG, "Do not shorten"),
        Option("quiet", "q", FLAG, "Ids only"),
        Option("size", "s", FLAG, "Accepted for Docker's sake; sizes are not counted"),
    ),
    0,
    0,
)
_TOP = Usage("top", "CONTAINER", "List the processes of a container", (), 1)
_COLUMNS = (
    ("CONTAINER ID", "ID"),
    ("IMAGE", "Image"),
    ("COMMAND", "Command"),
    ("CREATED", "RunningFor"),
    ("STATUS", "Status"),
    ("PORTS", "Ports"),
    ("NAMES", "Names"),
)


def ps(words: list[str]) -> int:
    """List containers as `docker ps` does."""
    from ..containers import catalog

    parsed = _PS.parse(words)
    store = opened.store()
    conditions = [_condition(text) for text in parsed.filter]
    asks_for_ended = any(key in ("status", "exited") for key, _unused in conditions)
    everything = parsed.all or parsed.latest or parsed.last or asks_for_ended
    found = []
    for container in catalog.listing(store):
        state = catalog.state(store, container)
        if (everything or state.status in ("running", "paused", "restarting")) and _matches(
            store, container, state, conditions
        ):
            found.append(describe(store, container, state, bool(parsed.no_trunc)))
    limit = 1 if parsed.latest else parsed.last
    output.rows(found[:limit] if limit else found, _COLUMNS, parsed.format, quiet="ID" if parsed.quiet else "")
    return 0


def top(words: list[str]) -> int:
    """List the processes of a container as `docker top` does."""
    from ..containers.top import top as processes

    wanted = _TOP.parse(words, interspersed=False).arguments[0]
    titles, rows = processes(opened.store(), wanted)
    output.write_lines(output.table(titles, rows))
    return 0


def describe(store: Store, container: Container, state: State, whole: bool) -> dict[str, str]:
    """Return the fields of `docker ps --format json` for one container."""
    from ..containers import health
    from ..containers.status import duration, status_text

    spec, now = container.spec, time.time_ns()
    command = (
        f'"{command_text(store, container)}"' if whole else f'"{output.shorten(command_text(store, container), 20)}"'
    )
    networks = _networks(store, container)
    return {
        "Command": command,
        "CreatedAt": output.local_time(container.created),
        "ID": container.id if whole else container.id[:12],
        "Image": spec.image,
        "Labels": ",".join(f"{key}={value}" for key, value in sorted(spec.labels.items())),
        "LocalVolumes": str(len(_volumes(store, container))),
        "Mounts": ",".join(_volumes(store, container)),
        "Names": container.name,
        "Networks": ",".join(networks),
        "Ports": _ports(store, container) if state.running() else "",
        "RunningFor": f"{duration(now - container.created)} ago",
        "Size": "0B",
        "State": state.status,
        "Status": status_text(state, now, (health.seen(store, container, state) or {}).get("status", "")),
    }


def command_text(store: Store, container: Container) -> str:
    """Return the program and arguments that the container runs, as one text."""
    from ..images import catalog as images

    spec = container.spec
    defaults = images.get(store, container.image_id).defaults
    entrypoint = spec.entrypoint if spec.entrypoint is not None else tuple(defaults.get("Entrypoint") or ())
    command = spec.command
    if command is None:
        command = tuple(defaults.get("Cmd") or ()) if spec.entrypoint is None else ()
    return " ".join([*entrypoint, *command])


def _networks(store: Store, container: Container) -> list[str]:
    from ..networks.model import endpoints

    found = [endpoint.network.name for endpoint in endpoints(store, container.id)]
    return found or [container.spec.network_mode, *(entry.name for entry in container.spec.networks)]


def _volumes(store: Store, container: Container) -> list[str]:
    rows = store.query("SELECT volume FROM volume_users WHERE container_id = ? ORDER BY volume", (container.id,))
    return [row["volume"] for row in rows]


def _ports(store: Store, container: Container) -> str:
    rows = store.query(
        "SELECT * FROM ports WHERE container_id = ? ORDER BY container_port, protocol, host_ip", (container.id,)
    )
    return ", ".join(
        f"{_address(row['host_ip'])}:{row['host_port']}->{row['container_port']}/{row['protocol']}" for row in rows
    )


def _address(host_ip: str) -> str:
    return f"[{host_ip}]" if ":" in host_ip else host_ip or "0.0.0.0"


def _condition(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or key not in _TESTS:
        raise InvalidSpec(f"--filter: {text!r}; use one of {', '.join(sorted(_TESTS))}, then =VALUE")
    return key, value


def _matches(store: Store, container: Container, state: State, conditions: list[tuple[str, str]]) -> bool:
    """As Docker: several values of one key are alternatives (but for labels), several keys all hold."""
    by_key: dict[str, list[str]] = {}
    for key, value in conditions:
        by_key.setdefault(key, []).append(value)
    for key, values in by_key.items():
        results = [_TESTS[key](store, container, state, value) for value in values]
        if not (all(results) if key == "label" else any(results)):
            return False
    return True


def _has_label(_store: Store, container: Container, _state: State, wanted: str) -> bool:
    key, equals, value = wanted.partition("=")
    labels = container.spec.labels
    return key in labels and (not equals or labels[key] == value)


def _is_from(store: Store, container: Container, _state: State, wanted: str) -> bool:
    from ..images.catalog import resolve

    return container.image_id == resolve(store, wanted)


_TESTS: dict[str, Callable[[Store, Container, State, str], bool]] = {
    "status": lambda _store, _container, state, value: state.status == value,
    "name": lambda _store, container, _state, value: value.strip("^$/") in container.name,
    "id": lambda _store, container, _state, value: container.id.startswith(value),
    "label": _has_label,
    "ancestor": _is_from,
    "exited": lambda _store, _container, state, value: state.status == "exited" and str(state.exit_code) == value,
    "network": lambda store, container, _state, value: value in _networks(store, container),
    "volume": lambda store, container, _state, value: value in _volumes(store, container),
}
