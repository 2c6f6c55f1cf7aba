"""What a container has of its own: `skiff diff`, `skiff export`, `skiff commit` and `skiff port`."""

from __future__ import annotations

import os

from ..errors import InvalidSpec, NotFound
from . import opened, output
from .options import FLAG, LIST, TEXT, Option, Usage

_COMMIT = Usage(
    "commit",
    "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
    "Make an image of what a container has changed",
    (
        Option("author", "a", TEXT, 'Author, such as "Mary Jones <mary@example.org>"'),
        Option("change", "c", LIST, "Apply a Dockerfile instruction (CMD, ENV, ...)"),
        Option("message", "m", TEXT, "Comment in the image's history"),
        Option("pause", "p", FLAG, "Pause the container meanwhile (default true)"),
    ),
    1,
    2,
)
_DIFF = Usage(
    "diff", "CONTAINER", "List what a container has added (A), changed (C) and deleted (D) in its image", (), 1, 1
)
_EXPORT = Usage(
    "export",
    "[OPTIONS] CONTAINER",
    "Write a container's file system, without its volumes, to a tar archive",
    (Option("output", "o", TEXT, "File to write (default: standard output)"),),
    1,
    1,
)
_PORT = Usage("port", "CONTAINER [PORT[/PROTOCOL]]", "List the ports of the host that lead to a container", (), 1, 2)


def commit(words: list[str]) -> int:
    """Print the new image's id."""
    from ..containers.commit import commit as engine

    parsed = _COMMIT.parse(words)
    ref, *names = parsed.arguments
    image = engine(
        opened.store(),
        ref,
        *names,
        author=parsed.author or "",
        message=parsed.message or "",
        changes=parsed.change,
        pause=parsed.pause is not False,
    )
    output.write_lines([image.id])
    return 0


def diff(words: list[str]) -> int:
    """Print changes as `docker diff` does, sorted by path."""
    from ..containers.changes import changes

    wanted = _DIFF.parse(words).arguments[0]
    output.write_lines(f"{change.kind} {change.path}" for change in changes(opened.store(), wanted))
    return 0


def export(words: list[str]) -> int:
    """Write the archive; a file appears under its name when it is complete."""
    from ..containers.export import export as engine
    from ..images import newfile

    parsed = _EXPORT.parse(words)
    if not parsed.output and os.isatty(1):
        raise InvalidSpec("export writes an archive: name a file with -o, or redirect standard output")
    store = opened.store()
    if not parsed.output:
        engine(store, parsed.arguments[0], 1)
        return 0
    with newfile.replacing(parsed.output) as descriptor:
        engine(store, parsed.arguments[0], descriptor)
    return 0


def port(words: list[str]) -> int:
    """Print published ports as `docker port` does: all, or those of one port of the container."""
    from ..containers.catalog import find
    from ..containers.inspect_network import ports

    ref, *rest = _PORT.parse(words).arguments
    store = opened.store()
    container = find(store, ref)
    lines = {key: [_place(entry) for entry in places or ()] for key, places in ports(store, container).items()}
    if not rest:
        output.write_lines(f"{key} -> {place}" for key, places in lines.items() for place in places)
        return 0
    wanted = _port(rest[0])
    if not lines.get(wanted):
        raise NotFound(f"no port of the host leads to {wanted} of container {container.name}; 'skiff port' lists all")
    output.write_lines(lines[wanted])
    return 0


def _place(entry: dict[str, str]) -> str:
    address = entry["HostIp"]
    return f"[{address}]:{entry['HostPort']}" if ":" in address else f"{address}:{entry['HostPort']}"


def _port(text: str) -> str:
    number, _unused, protocol = text.partition("/")
    if not (number.isascii() and number.isdigit() and int(number[:6]) < 65536):
        raise InvalidSpec(f"port {text[:40]!r}: write a number, or a number and a protocol as in 53/udp")
    return f"{int(number)}/{protocol or 'tcp'}"
