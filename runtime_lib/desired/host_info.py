"""The `host_info` module's work."""

from __future__ import annotations

from ..conditions import from_option
from ..containers import filters as containers
from ..containers.disk_usage import disk_usage, table
from ..containers.host import facts
from ..containers.summary import Summaries
from ..images.filters import matching as matching_images
from ..images.inspect import describe
from ..networks import catalog as networks
from ..networks.filters import matching as matching_networks
from ..volumes import catalog as volumes
from ..volumes.filters import matching as matching_volumes
from .plan import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store

_CONTAINER = ("Id", "Image", "Command", "Created", "Status", "Ports", "Names")
_IMAGE = ("Id", "RepoTags", "Created", "Size")
_NETWORK = ("Id", "Driver", "Name", "Scope")
_VOLUME = ("Driver", "Name")


def perform(store: Store, options: dict[str, Any], _check: bool) -> Outcome:
    """Return what there is on the host, of the kinds that are asked for; few words of each, unless all are wanted."""
    verbose = options["verbose_output"]
    found: dict[str, Any] = {"can_talk_to_docker": True, "host_info": facts(store)}
    if options["disk_usage"]:
        found["disk_usage"] = _usage(store, verbose)
    for kind, (look, keys) in _KINDS.items():
        if options[kind]:
            entries = look(store, options)
            found[kind] = entries if verbose else [{key: entry[key] for key in keys} for entry in entries]
    return Outcome(found)


def _usage(store: Store, verbose: bool) -> dict[str, Any]:
    usage = disk_usage(store)
    return (
        usage
        if verbose
        else {"LayersSize": usage["LayersSize"], **{line[0]: line[3] for line in table(store, usage)[1:3]}}
    )


def _containers(store: Store, options: dict[str, Any]) -> list[dict[str, Any]]:
    summaries = Summaries(store)
    given = from_option(options["containers_filters"])
    found = containers.matching(summaries, given, everything=options["containers_all"])
    return [summaries.of(container, state) for container, state in found]


def _images(store: Store, options: dict[str, Any]) -> list[dict[str, Any]]:
    found = matching_images(store, from_option(options["images_filters"]))
    return [{**describe(store, image), "Created": image.created // 1_000_000_000} for image, _names in found]


def _networks(store: Store, options: dict[str, Any]) -> list[dict[str, Any]]:
    found = matching_networks(store, from_option(options["networks_filters"]))
    return [networks.inspect(store, network.id) for network in found]


def _volumes(store: Store, options: dict[str, Any]) -> list[dict[str, Any]]:
    found = matching_volumes(store, from_option(options["volumes_filters"]))
    return [volumes.inspect(store, volume.name) for volume in found]


_KINDS = {
    "containers": (_containers, _CONTAINER),
    "images": (_images, _IMAGE),
    "networks": (_networks, _NETWORK),
    "volumes": (_volumes, _VOLUME),
}
