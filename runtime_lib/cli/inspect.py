"""`skiff inspect`."""

from __future__ import annotations

import sys

from ..errors import InvalidSpec, NotFound
from . import opened, output
from .options import FLAG, TEXT, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..store import Store

_INSPECT = Usage(
    "inspect",
    "[OPTIONS] NAME|ID [NAME|ID...]",
    "Print all that is known of containers, images, networks or volumes",
    (
        Option("format", "f", TEXT, "json, or a Go template such as {{.State.Status}}"),
        Option("size", "s", FLAG, "Also how many bytes the files of a container have"),
        Option("type", "", TEXT, "container, image, network or volume"),
    ),
    1,
)


def inspect(words: list[str]) -> int:
    """Print objects of any kind."""
    parsed = _INSPECT.parse(words)
    kinds = _kinds(bool(parsed.size))
    if parsed.type and parsed.type not in kinds:
        raise InvalidSpec(f"--type: {parsed.type!r}; use {', '.join(kinds)}")
    store = opened.store()
    wanted = [kinds[parsed.type]] if parsed.type else list(kinds.values())
    return show(lambda name: _first(store, name, wanted), parsed.arguments, parsed.format)


def show(lookup: Callable[[str], dict[str, Any]], names: list[str], template: str | None) -> int:
    """Print what the lookup finds for each name; a missing one is told and makes the exit code 1."""
    found, failures = [], []
    for name in names:
        try:
            found.append(lookup(name))
        except NotFound as error:
            failures.append(str(error))
    if template in (None, ""):
        output.write_lines([output.pretty(found)])
    elif template == "json":
        output.write_lines(output.compact(entry) for entry in found)
    else:
        output.write_lines(output.render(str(template), entry) for entry in found)
    sys.stderr.write("".join(f"skiff: {failure}\n" for failure in failures))
    return 1 if failures else 0


def _kinds(sizes: bool) -> dict[str, Callable[[Store, str], dict[str, Any]]]:
    from ..containers import inspect as containers
    from ..images import inspect as images
    from ..networks import catalog as networks
    from ..volumes import catalog as volumes

    return {
        "container": lambda store, name: containers.inspect(store, name, sizes),
        "image": images.inspect,
        "network": networks.inspect,
        "volume": volumes.inspect,
    }


def _first(store: Store, name: str, wanted: list[Callable[[Store, str], dict[str, Any]]]) -> dict[str, Any]:
    for lookup in wanted:
        try:
            return lookup(store, name)
        except NotFound:
            continue
    raise NotFound(f"no such object: {name}")
