"""The verbs that clear away what is not used: builder, container, image, network, volume and system prune."""

from __future__ import annotations

from ..conditions import from_texts
from . import opened, output
from .options import FLAG, LIST, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..desired.prune_steps import Prune

_FILTERS = "Only what label=, label!= and until= pick"
_FORCE = Option("force", "f", FLAG, "Accepted for Docker's sake: nobody is asked")
_ALL = Option("all", "a", FLAG, "Also those with a name")


def _usage(verb: str, about: str, *more: Option) -> Usage:
    return Usage(verb, "[OPTIONS]", about, (Option("filter", "", LIST, _FILTERS), _FORCE, *more), 0, 0)


_BUILDER = Usage(
    "builder prune",
    "[OPTIONS]",
    "Forget the steps of builds whose layers no image has",
    (
        Option("filter", "", LIST, "Only what until= picks, by its last use"),
        _FORCE,
        Option("all", "a", FLAG, "All steps: the next builds run each of theirs"),
    ),
    0,
    0,
)
_CONTAINERS = _usage("container prune", "Remove the containers that do not run")
_IMAGES = _usage("image prune", "Remove the images without a name that no container uses", _ALL)
_NETWORKS = _usage("network prune", "Remove the networks that no running container is on")
_VOLUMES = _usage("volume prune", "Remove the anonymous volumes that no container has", _ALL)
_SYSTEM = _usage(
    "system prune",
    "Remove what is not used: containers, networks and images",
    Option("all", "a", FLAG, "Also images with a name"),
    Option("volumes", "", FLAG, "Also anonymous volumes"),
)


def builder(words: list[str]) -> int:
    """Forget steps of builds, and remove cache mounts; layers belong to images, and only go with those."""
    parsed = _BUILDER.parse(words)
    return _told(_pruned({"builder_cache": _with(from_texts(parsed.filter), "dangling", "true", not parsed.all)}))


def containers(words: list[str]) -> int:
    """Remove the containers that do not run, as `docker container prune` does."""
    parsed = _CONTAINERS.parse(words)
    return _told(_pruned({"containers": from_texts(parsed.filter)}))


def images(words: list[str]) -> int:
    """Remove unused images."""
    parsed = _IMAGES.parse(words)
    return _told(_pruned({"images": _with(from_texts(parsed.filter), "dangling", "false", parsed.all)}))


def networks(words: list[str]) -> int:
    """Remove unused networks."""
    parsed = _NETWORKS.parse(words)
    return _told(_pruned({"networks": from_texts(parsed.filter)}), spaces=False)


def volumes(words: list[str]) -> int:
    """Remove unused volumes."""
    parsed = _VOLUMES.parse(words)
    return _told(_pruned({"volumes": _with(from_texts(parsed.filter), "all", "true", parsed.all)}))


def system(words: list[str]) -> int:
    """Remove unused things of all kinds."""
    parsed = _SYSTEM.parse(words)
    given = from_texts(parsed.filter)
    asked = {"containers": given, "networks": given, "images": _with(given, "dangling", "false", parsed.all)}
    if given.keys() <= {"until"}:  # files that builds have fetched have no labels
        asked["downloads"] = given
    if parsed.volumes:
        asked["volumes"] = {key: values for key, values in given.items() if key != "until"}
    return _told(_pruned(asked))


def _with(given: dict[str, list[str]], key: str, value: str, wanted: bool | None) -> dict[str, list[str]]:
    return {**given, key: [value]} if wanted else given


def _pruned(asked: dict[str, dict[str, list[str]]]) -> tuple[Prune, ...]:
    from ..desired.prune import plan

    store = opened.store()
    steps = plan(store, asked)
    for step in steps:
        step.apply(store)
    return steps


def _told(steps: tuple[Prune, ...], spaces: bool = True) -> int:
    from ..desired.prune import space

    titles = {kind: f"Deleted {kind.capitalize()}s:" for kind in ("container", "network", "volume", "image")}
    titles.update({"build cache": "Deleted build cache objects:", "cache mount": "Deleted cache mounts:"})
    titles.update({"partial layer": "Deleted partial layers:", "download": "Deleted downloads:"})
    for kind, title in titles.items():
        lines = [line for step in steps if step.kind == kind for line in _lines(step)]
        output.write_lines([title, *lines, ""] if lines else [])
    if spaces:
        output.write_lines([f"Total reclaimed space: {output.size(space(steps), 4)}"])
    return 0


def _lines(step: Prune) -> list[str]:
    if step.kind == "image":
        names = [] if step.name == step.key else step.name.split(", ")
        return [*(f"untagged: {name}" for name in names), f"deleted: {step.key}"]
    return [step.key if step.kind in ("container", "build cache") else step.name]
