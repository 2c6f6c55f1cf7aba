"""`skiff volume` and its verbs."""

from __future__ import annotations

import os

from ..conditions import from_texts
from ..errors import InvalidSpec
from . import opened, output, prune, volume_files
from .container_spec import pairs
from .inspect import show
from .lifecycle import each
from .options import FLAG, LIST, TEXT, Option, Usage, group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..volumes.model import Volume

_LS = Usage(
    "volume ls",
    "[OPTIONS]",
    "List volumes",
    (
        Option("filter", "f", LIST, "Only those with dangling=, driver=, label=, name="),
        Option("format", "", TEXT, "json, table, or a Go template such as {{.Name}}"),
        Option("quiet", "q", FLAG, "Names only"),
    ),
    0,
    0,
)
_CREATE = Usage(
    "volume create",
    "[OPTIONS] [VOLUME]",
    "Create a volume",
    (
        Option("driver", "d", TEXT, "Driver (default local)"),
        Option("label", "", LIST, "Set labels"),
        Option("name", "", TEXT, "Name of the volume"),
        Option("opt", "o", LIST, "Driver options"),
    ),
    0,
    1,
)
_RM = Usage(
    "volume rm", "VOLUME [VOLUME...]", "Remove volumes", (Option("force", "f", FLAG, "A missing one is no error"),), 1
)
_INSPECT = Usage(
    "volume inspect",
    "[OPTIONS] VOLUME [VOLUME...]",
    "Print all that is known of volumes",
    (Option("format", "f", TEXT, "json, or a Go template"),),
    1,
)
_COLUMNS = (("DRIVER", "Driver"), ("VOLUME NAME", "Name"))


def volume(words: list[str]) -> int:
    """Run one of the verbs."""
    verbs = {
        "create": create,
        "export": volume_files.export,
        "import": volume_files.import_,
        "inspect": inspect,
        "list": listing,
        "ls": listing,
        "prune": prune.volumes,
        "remove": remove,
        "rm": remove,
    }
    return group("volume", "Volumes, which outlive their containers", verbs, words)


def listing(words: list[str]) -> int:
    """List volumes as Docker does."""
    from ..volumes.filters import matching

    parsed = _LS.parse(words)
    entries = [_describe(found) for found in matching(opened.store(), from_texts(parsed.filter))]
    output.rows(entries, _COLUMNS, parsed.format, quiet="Name" if parsed.quiet else "")
    return 0


def create(words: list[str]) -> int:
    """Create a volume and print its name."""
    from ..volumes import catalog
    from ..volumes.spec import VolumeSpec

    parsed = _CREATE.parse(words)
    store = opened.store()
    labels = pairs([text if "=" in text else f"{text}=" for text in parsed.label], "label")
    if parsed.arguments and parsed.name:
        raise InvalidSpec("volume create: give the name once, as an argument or with --name")
    name = parsed.arguments[0] if parsed.arguments else parsed.name
    if not name and not parsed.opt:
        output.write_lines([catalog.create_anonymous(store, labels).name])
        return 0
    spec = VolumeSpec(name or os.urandom(32).hex(), parsed.driver or "local", pairs(parsed.opt, "opt"), labels)
    output.write_lines([catalog.create(store, spec).name])
    return 0


def remove(words: list[str]) -> int:
    """Remove volumes."""
    from ..volumes import catalog

    parsed = _RM.parse(words)
    store = opened.store()
    return each(parsed, lambda name: catalog.remove(store, name, force=bool(parsed.force)))


def inspect(words: list[str]) -> int:
    """Print volumes."""
    from ..volumes import catalog

    parsed = _INSPECT.parse(words)
    store = opened.store()
    return show(lambda name: catalog.inspect(store, name), parsed.arguments, parsed.format)


def _describe(found: Volume) -> dict[str, Any]:
    return {
        "Driver": found.spec.driver,
        "Label": lambda key: found.spec.labels.get(key, ""),
        "Labels": ",".join(f"{key}={value}" for key, value in sorted(found.spec.labels.items())),
        "Links": "N/A",
        "Mountpoint": found.folder,
        "Name": found.name,
        "Scope": "local",
        "Size": "N/A",
    }
