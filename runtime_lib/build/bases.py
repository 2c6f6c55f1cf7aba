"""The images that a Dockerfile names: those of this host, or brought from their registry."""

from __future__ import annotations

from ..errors import ImageNotFound, InvalidSpec, RegistryError
from ..images import catalog
from . import platforms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..images.catalog import Image
    from ..store import Store

POLICIES = ("never", "missing", "always")


class Outdated(Exception):
    """The image has to be pulled first, and nothing is to be changed."""


def find(store: Store, name: str, platform: str, policy: str, output: Callable[[str], None]) -> Image:
    """Return the image; as `policy` says it is pulled always, or when there is none of this platform. Tells of a pull.

    Raises ImageNotFound, InvalidSpec, or RegistryError.
    """
    if policy != "always":
        try:
            return _own(store, name, platform)
        except (ImageNotFound, InvalidSpec) as error:
            if policy == "never":
                raise
            reason = str(error)
    else:
        reason = f"image {name!r} is to be pulled"
    from ..images import pull

    output(f"Pulling {name}\n")
    try:
        return pull.pull(store, name, platform).image
    except RegistryError as error:
        raise type(error)(f"{reason}; that failed: {error}") from error


def look(store: Store, name: str, platform: str, policy: str) -> Image:
    """Return the image that `find` would return, and pull nothing. Raises Outdated when it would be pulled."""
    try:
        found = _own(store, name, platform)
    except (ImageNotFound, InvalidSpec):
        if policy == "never":
            raise
        raise Outdated from None
    if policy == "always":
        from ..images import pull

        if pull.outlook(store, name, platform) != found.id:
            raise Outdated
    return found


def configuration(store: Store, named: Mapping[str, str], name: str) -> dict[str, Any] | None:
    """Return what an image of this host gives its containers; None for what is not here, or is a folder."""
    meant = named.get(name, name)
    image_id = None if meant.startswith("/") else catalog.resolve(store, meant)
    return catalog.get(store, image_id).defaults if image_id else None


def _own(store: Store, name: str, platform: str) -> Image:
    try:
        image = catalog.find(store, name)
    except ImageNotFound as error:
        raise ImageNotFound(
            f"image {name!r} is not on this host; pull, load, import or bootstrap it before the build"
        ) from error
    platforms.check_image(platform, name, image.config)
    return image
