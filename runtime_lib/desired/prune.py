"""Clear away what nobody uses: the `prune` module's work, and that of the command's verbs of this name."""

from __future__ import annotations

from .. import conditions
from ..build import cachemounts, download
from ..containers import filters as containers
from ..containers.summary import Summaries
from ..images import fetching, layers
from ..images.filters import matching as matching_images
from ..networks.filters import matching as matching_networks
from ..volumes.filters import matching as matching_volumes
from .plan import Outcome, Plan, converge
from .prune_steps import Prune

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..conditions import Conditions
    from ..store import Store

_ENDED = ["created", "exited", "dead"]
_CACHES = ("build cache", "cache mount", "download")
_PRUNABLE = ("label", "label!", "until")


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Remove what is not used, of the kinds that are asked for."""
    asked = {
        kind: conditions.from_option(options[f"{kind}_filters"]) for kind in (*_KINDS, "builder_cache") if options[kind]
    }
    steps = plan(store, asked)
    result = Plan(steps, *_before_and_after(steps))
    if not check:
        converge(store, result)
    return Outcome(_facts(asked, steps), result, bool(steps), _warnings(options))


def plan(store: Store, asked: Mapping[str, Conditions]) -> tuple[Prune, ...]:
    """Return what is to be removed, containers first: then what only they have used is not used any more."""
    steps: list[Prune] = []
    for kind, find in (*_KINDS.items(), ("builder_cache", _caches), ("downloads", _downloads)):
        if kind in asked:
            steps += find(store, asked[kind], frozenset(step.key for step in steps))
    return tuple(steps)


def space(steps: tuple[Prune, ...], kind: str = "") -> int:
    """Return the bytes that steps give back, or those of one kind."""
    return sum(step.size for step in steps if not kind or step.kind == kind)


def _containers(store: Store, given: Conditions, _gone: frozenset[str]) -> list[Prune]:
    conditions.check(given, _PRUNABLE, "containers to prune")
    summaries = Summaries(store)
    return [
        Prune("container", container.id, container.name, summaries.sizes(container)["SizeRw"])
        for container, _state in containers.matching(summaries, {"status": _ENDED})
        if conditions.labelled(summaries.labels(container), given)
        and conditions.created_until(container.created, given)
    ]


def _images(store: Store, given: Conditions, gone: frozenset[str]) -> list[Prune]:
    """Those without a name; with dangling=false all that no container uses."""
    conditions.check(given, (*_PRUNABLE, "dangling"), "images to prune")
    wanted = {key: values for key, values in given.items() if key != "dangling"}
    if conditions.truth(given, "dangling") is not False:
        wanted["dangling"] = ["true"]
    found = []
    for image, _names in matching_images(store, wanted):
        users = store.query(f"SELECT id FROM containers WHERE {layers.USES}", (image.id, image.id))
        if all(row["id"] in gone for row in users):
            found.append(image)
    sizes = layers.freed(store, [(image.id, image.layers) for image in found])
    steps = [Prune("image", image.id, ", ".join(image.names) or image.id, size) for image, size in zip(found, sizes)]
    return steps + _partials(store, given)


def _partials(store: Store, given: Conditions) -> list[Prune]:
    """What pulls that broke off have left; it has no labels."""
    if given.get("label"):
        return []
    found = [one for one in fetching.partials(store) if conditions.created_until(one.used, given)]
    return [Prune("partial layer", one.name, f"sha256:{one.name}", one.size) for one in found]


def _networks(store: Store, given: Conditions, _gone: frozenset[str]) -> list[Prune]:
    conditions.check(given, _PRUNABLE, "networks to prune")
    found = matching_networks(store, {**given, "dangling": ["true"]})
    used = [network for network in found if not network.spec.config_only]
    return [Prune("network", network.id, network.name, 0) for network in used]


def _volumes(store: Store, given: Conditions, gone: frozenset[str]) -> list[Prune]:
    """The anonymous ones; with all=true also those with a name."""
    from ..linux.trees import tree_size

    conditions.check(given, ("all", "label", "label!"), "volumes to prune")
    everything = conditions.truth(given, "all")
    wanted = {key: values for key, values in given.items() if key != "all"}
    rows = store.query("SELECT volume, container_id FROM volume_users")
    used = {row["volume"] for row in rows if row["container_id"] not in gone}
    return [
        Prune("volume", volume.name, volume.name, tree_size(volume.folder))
        for volume in matching_volumes(store, wanted)
        if volume.name not in used and (everything or volume.anonymous)
    ]


def _caches(store: Store, given: Conditions, _gone: frozenset[str]) -> list[Prune]:
    """What a build remembers, the folders of its cache mounts, and the files that ADD has fetched.

    The layers are those of images, and go with them; with dangling=true only steps whose layer no image has.
    """
    conditions.check(given, ("until", "dangling"), "build cache to prune")
    lonely = "WHERE chain_id NOT IN (SELECT chain_id FROM image_layers) " if conditions.truth(given, "dangling") else ""
    rows = store.query(f"SELECT key, used FROM build_cache {lonely}ORDER BY key")
    found = [row["key"] for row in rows if conditions.created_until(row["used"], given)]
    folders = [one for one in cachemounts.listing(store) if conditions.created_until(one.used, given)]
    return [
        *(Prune("build cache", key, key[:12], 0) for key in found),
        *(Prune("cache mount", one.name, one.ident, cachemounts.size(store, one.name)) for one in folders),
        *_downloads(store, given, _gone),
    ]


def _downloads(store: Store, given: Conditions, _gone: frozenset[str]) -> list[Prune]:
    """The files that ADD has fetched, which the next build would ask for again."""
    conditions.check(given, ("until", "dangling"), "downloads to prune")
    found = [one for one in download.listing(store) if conditions.created_until(one.used, given)]
    return [Prune("download", one.name, one.url, one.size) for one in found]


_KINDS: dict[str, Callable[[Store, Conditions, frozenset[str]], list[Prune]]] = {
    "containers": _containers,
    "images": _images,
    "networks": _networks,
    "volumes": _volumes,
}


def _facts(asked: Mapping[str, Conditions], steps: tuple[Prune, ...]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for kind in _KINDS:
        if kind in asked:
            facts[kind] = [step.name if kind == "networks" else step.key for step in steps if step.kind == kind[:-1]]
            if kind != "networks":
                facts[f"{kind}_space_reclaimed"] = space(steps, kind[:-1])
    if "images" in asked:
        facts["images_space_reclaimed"] += space(steps, "partial layer")
    if "builder_cache" in asked:
        facts["builder_cache_caches_deleted"] = [step.key for step in steps if step.kind in _CACHES]
        facts["builder_cache_space_reclaimed"] = sum(space(steps, kind) for kind in _CACHES)
    return facts


def _before_and_after(steps: tuple[Prune, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    before: dict[str, Any] = {}
    for step in steps:
        before.setdefault(step.kind, []).append(step.name)
    return before, {kind: [] for kind in before}


def _warnings(options: dict[str, Any]) -> tuple[str, ...]:
    if options["builder_cache_keep_storage"] is None:
        return ()
    return ("builder_cache_keep_storage has no effect: the build cache has no storage of its own, only images have",)
