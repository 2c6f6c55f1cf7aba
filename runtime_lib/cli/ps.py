"""`skiff ps`."""

from __future__ import annotations

from ..conditions import from_texts
from . import opened, output
from .options import FLAG, LIST, TEXT, WHOLE, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_PS = Usage(
    "ps",
    "[OPTIONS]",
    "List containers",
    (
        Option("all", "a", FLAG, "Also those that do not run"),
        Option(
            "filter",
            "f",
            LIST,
            "Only those with ancestor=, before=, exited=, expose=, health=, id=, label=, name=, network=, publish=,"
            " since=, status=, volume=",
        ),
        Option("format", "", TEXT, "json, table, or a Go template such as {{.Names}}"),
        Option("last", "n", WHOLE, "The last n containers, running or not"),
        Option("latest", "l", FLAG, "The last container, running or not"),
        Option("no-trunc", "", FLAG, "Do not shorten"),
        Option("quiet", "q", FLAG, "Ids only"),
        Option("size", "s", FLAG, "Also how much the files of each have"),
    ),
    0,
    0,
)
_COLUMNS = (
    ("CONTAINER ID", "ID"),
    ("IMAGE", "Image"),
    ("COMMAND", "Command"),
    ("CREATED", "RunningFor"),
    ("STATUS", "Status"),
    ("PORTS", "Ports"),
    ("NAMES", "Names"),
)
_SIZE = ("SIZE", "Size")
_COMMAND = 20  # signs of a command that are shown
_MOUNT = 15


def ps(words: list[str]) -> int:
    """List containers as `docker ps` does."""
    from ..containers.filters import matching
    from ..containers.summary import Summaries

    parsed = _PS.parse(words)
    summaries = Summaries(opened.store())
    limit = 1 if parsed.latest else max(parsed.last or 0, 0)
    template = parsed.format or ""
    # Sizes take a walk through all files: only where somebody will see them.
    sizes = bool(parsed.size) or "Size" in template or "json" in template
    found = [
        describe(summaries.of(container, state, sizes), container.created, bool(parsed.no_trunc))
        for container, state in matching(summaries, from_texts(parsed.filter), bool(parsed.all), limit)
    ]
    columns = (*_COLUMNS, _SIZE) if parsed.size else _COLUMNS
    output.rows(found, columns, parsed.format, quiet="ID" if parsed.quiet else "")
    return 0


def describe(summary: dict[str, Any], created: int, whole: bool) -> dict[str, Any]:
    """Return the fields of `docker ps --format json` for a summary; `created` is in nanoseconds since 1970."""
    from time import time_ns

    from ..containers.status import duration

    command = summary["Command"] if whole else output.shorten(summary["Command"], _COMMAND)
    mounts = [entry.get("Name") or entry["Source"] for entry in summary["Mounts"]]
    labels = summary["Labels"]
    return {
        "Command": output.quoted(command),
        "CreatedAt": output.local_time(created),
        "ID": summary["Id"] if whole else summary["Id"][:12],
        "Image": _image(summary, whole),
        "Label": lambda key: labels.get(key, ""),
        "Labels": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        "LocalVolumes": str(len([entry for entry in summary["Mounts"] if entry.get("Driver") == "local"])),
        "Mounts": ",".join(mounts if whole else [output.shorten(mount, _MOUNT) for mount in mounts]),
        "Names": ",".join(name[1:] for name in summary["Names"]),
        "Networks": ",".join(summary["NetworkSettings"]["Networks"]),
        "Ports": ports_text(summary["Ports"]),
        "RunningFor": f"{duration(time_ns() - created)} ago",
        "Size": _size(summary),
        "State": summary["State"],
        "Status": summary["Status"],
    }


def ports_text(ports: Iterable[dict[str, Any]]) -> str:
    """Return ports in Docker's words: `81-82/tcp, 0.0.0.0:80->80/tcp, 127.0.0.1:8080->80/tcp`.

    Neighbours that are the same inside and outside are one range, as in `DisplayablePorts` of Docker's command.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    result: list[str] = []
    others: list[str] = []
    for port in sorted(ports, key=lambda port: (port["PrivatePort"], port.get("IP", ""), port.get("PublicPort", 0))):
        number, address, kind = port["PrivatePort"], port.get("IP", ""), port["Type"]
        if address and port["PublicPort"] != number:
            others.append(f"{address}:{port['PublicPort']}->{number}/{kind}")
            continue
        group = groups.get((address, kind))
        if group and group[1] + 1 == number:
            group[1] = number
            continue
        if group:
            result.append(_range(address, kind, *group))
        groups[(address, kind)] = [number, number]
    result += [_range(*key, *group) for key, group in groups.items()]
    return ", ".join([*result, *others])


def _range(address: str, kind: str, first: int, last: int) -> str:
    numbers = str(first) if first == last else f"{first}-{last}"
    return f"{address}:{numbers}->{numbers}/{kind}" if address else f"{numbers}/{kind}"


def _image(summary: dict[str, Any], whole: bool) -> str:
    name = str(summary["Image"])
    return name[7:19] if name == summary["ImageID"] and not whole else name


def _size(summary: dict[str, Any]) -> str:
    if "SizeRw" not in summary:
        return "0B"
    own, everything = output.size(summary["SizeRw"]), output.size(summary["SizeRootFs"])
    return f"{own} (virtual {everything})" if summary["SizeRootFs"] else own
