"""`skiff system df -v`: each image, container and volume, and what it takes of the disk."""

from __future__ import annotations

from time import time_ns

from . import output
from .ps import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SECTIONS = (
    (
        "Images",
        "Images space usage:",
        (
            ("REPOSITORY", "Repository"),
            ("TAG", "Tag"),
            ("IMAGE ID", "ID"),
            ("CREATED", "CreatedSince"),
            ("SIZE", "Size"),
            ("SHARED SIZE", "SharedSize"),
            ("UNIQUE SIZE", "UniqueSize"),
            ("CONTAINERS", "Containers"),
        ),
    ),
    (
        "Containers",
        "Containers space usage:",
        (
            ("CONTAINER ID", "ID"),
            ("IMAGE", "Image"),
            ("COMMAND", "Command"),
            ("LOCAL VOLUMES", "LocalVolumes"),
            ("SIZE", "Size"),
            ("CREATED", "RunningFor"),
            ("STATUS", "Status"),
            ("NAMES", "Names"),
        ),
    ),
    (
        "Volumes",
        "Local Volumes space usage:",
        (("VOLUME NAME", "Name"), ("LINKS", "Links"), ("SIZE", "Size")),
    ),
)


def show(usage: dict[str, Any], caches: int, template: str | None) -> None:
    """Print everything of a disk usage, as tables or as a Go template says; `caches` is the bytes of builds."""
    kinds = {"Images": _image, "Containers": _container, "Volumes": _volume}
    told: dict[str, Any] = {name: [kind(entry) for entry in usage[name]] for name, kind in kinds.items()}
    if template == "json":
        output.write_lines([output.compact(told)])
    elif template and template != "table":
        output.write_lines([output.render(template, told)])
    else:
        _tables(told, caches)


def _tables(told: dict[str, Any], caches: int) -> None:
    lines: list[str] = []
    for name, title, columns in _SECTIONS:
        body = [[entry[key] for _unused, key in columns] for entry in told[name]]
        lines += [title, "", *output.table([head for head, _unused in columns], body), ""]
    output.write_lines([*lines, f"Build cache usage: {output.size(caches)}"])


def _image(entry: dict[str, Any]) -> dict[str, str]:
    from ..containers.status import duration

    name, _colon, tag = (entry["RepoTags"] or ["<none>:<none>"])[0].rpartition(":")
    return {
        "Containers": str(entry["Containers"]),
        "CreatedSince": f"{duration(time_ns() - entry['Created'] * 10**9)} ago",
        "ID": entry["Id"].partition(":")[2][:12],
        "Repository": name,
        "SharedSize": output.size(entry["SharedSize"]),
        "Size": output.size(entry["Size"]),
        "Tag": tag,
        "UniqueSize": output.size(entry["Size"] - entry["SharedSize"]),
    }


def _container(entry: dict[str, Any]) -> dict[str, Any]:
    return {**describe(entry, entry["Created"] * 10**9, False), "Size": output.size(entry["SizeRw"])}


def _volume(entry: dict[str, Any]) -> dict[str, str]:
    return {
        "Driver": entry["Driver"],
        "Links": str(entry["UsageData"]["RefCount"]),
        "Mountpoint": entry["Mountpoint"],
        "Name": entry["Name"],
        "Scope": entry["Scope"],
        "Size": output.size(entry["UsageData"]["Size"]),
    }
