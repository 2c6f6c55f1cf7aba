"""Verbs about images on this host: images, rmi, tag, bootstrap."""

from __future__ import annotations

import time

from ..conditions import from_texts
from . import opened, output
from .lifecycle import each
from .options import FLAG, LIST, TEXT, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..images.catalog import Image, Removed

_IMAGES = Usage(
    "images",
    "[OPTIONS] [REPOSITORY[:TAG]]",
    "List images",
    (
        Option("all", "a", FLAG, "Accepted for Docker's sake: there are no hidden images"),
        Option("filter", "f", LIST, "Only those with before=, dangling=, label=, reference=, since=, until="),
        Option("digests", "", FLAG, "Also the digests that images have in registries"),
        Option("format", "", TEXT, "json, table, or a Go template such as {{.ID}}"),
        Option("no-trunc", "", FLAG, "Do not shorten"),
        Option("quiet", "q", FLAG, "Ids only"),
    ),
    0,
    1,
)
_RMI = Usage(
    "rmi",
    "[OPTIONS] IMAGE [IMAGE...]",
    "Remove images",
    (
        Option("force", "f", FLAG, "Also when it has several names, or a stopped container needs it"),
        Option("no-prune", "", FLAG, "Accepted for Docker's sake: layers that nothing needs always go"),
    ),
    1,
)
_TAG = Usage("tag", "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]", "Give an image one more name", (), 2, 2)
_BOOTSTRAP = Usage(
    "bootstrap",
    "[OPTIONS] NAME[:TAG] SUITE [PACKAGE...]",
    "Make a base image from a Debian or Ubuntu mirror with mmdebstrap",
    (
        Option("architecture", "", TEXT, "Architecture (default: the host's)"),
        Option("component", "", LIST, "Components of the archive (default main)"),
        Option("keyring", "", TEXT, "Keyring that signs the archive"),
        Option("mirror", "", TEXT, "URL, or a line of sources.list (default: the host's own sources)"),
        Option("variant", "", TEXT, "Set of packages (default minbase)"),
    ),
    2,
)
_COLUMNS = (
    ("REPOSITORY", "Repository"),
    ("TAG", "Tag"),
    ("IMAGE ID", "ID"),
    ("CREATED", "CreatedSince"),
    ("SIZE", "Size"),
)


def listing(words: list[str]) -> int:
    """List images as `docker images` does: one line for each name."""
    from ..images import origins
    from ..images.filters import matching

    parsed = _IMAGES.parse(words)
    wanted = from_texts([*parsed.filter, *(f"reference={name}" for name in parsed.arguments)])
    store = opened.store()
    entries = []
    for image, names in matching(store, wanted):
        digests = origins.digests(store, image.id) if parsed.digests or parsed.format else []
        entries += describe(image, names, bool(parsed.no_trunc), digests)
    if parsed.quiet:
        entries = list({entry["ID"]: entry for entry in entries}.values())
    columns = (*_COLUMNS[:2], ("DIGEST", "Digest"), *_COLUMNS[2:]) if parsed.digests else _COLUMNS
    output.rows(entries, columns, parsed.format, quiet="ID" if parsed.quiet else "")
    return 0


def rmi(words: list[str]) -> int:
    """Remove images; with force, one that is not there is told of, and is no failure, as for Docker."""
    from ..errors import ImageNotFound
    from ..images import catalog

    parsed = _RMI.parse(words)
    store = opened.store()
    tolerated = (ImageNotFound,) if parsed.force else ()
    return each(parsed, lambda name: _removed(catalog.remove(store, name, bool(parsed.force))), tolerated)


def tag(words: list[str]) -> int:
    """Give an image one more name."""
    from ..images import catalog

    source, target = _TAG.parse(words).arguments
    catalog.tag(opened.store(), source, target)
    return 0


def bootstrap(words: list[str]) -> int:
    """Make a base image."""
    from ..images.bootstrap import Recipe
    from ..images.bootstrap import bootstrap as engine

    parsed = _BOOTSTRAP.parse(words)
    name, suite, *packages = parsed.arguments
    recipe = Recipe(
        name,
        suite,
        tuple(packages),
        parsed.mirror,
        parsed.variant or "minbase",
        tuple(parsed.component) or ("main",),
        parsed.architecture,
        parsed.keyring,
    )
    output.write_lines([engine(opened.store(), recipe).id])
    return 0


def describe(
    image: Image, names: list[tuple[str, str]], whole: bool, digests: Sequence[str] = ()
) -> list[dict[str, str]]:
    """Return the fields of `docker images --format json`, once for each (repository, tag) and each digest of it."""
    from ..containers.status import duration

    now = time.time_ns()
    return [
        {
            "Containers": "N/A",
            "CreatedAt": output.local_time(image.created),
            "CreatedSince": f"{duration(now - image.created)} ago",
            "Digest": digest,
            "ID": image.id if whole else image.id[7:19],
            "Repository": repository,
            "SharedSize": "N/A",
            "Size": output.size(image.size),
            "Tag": tag_name,
            "UniqueSize": "N/A",
            "VirtualSize": output.size(image.size, 4),
        }
        for repository, tag_name in names
        for digest in [each.rpartition("@")[2] for each in digests if each.startswith(f"{repository}@")] or ["<none>"]
    ]


def _removed(removed: Removed) -> str:
    lines = [f"Untagged: {name}" for name in removed.untagged]
    return "\n".join([*lines, f"Deleted: {removed.deleted}"] if removed.deleted else lines)
