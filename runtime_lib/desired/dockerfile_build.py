"""The `dockerfile_build` module's work: an image task with a build as its source."""

from __future__ import annotations

from ..errors import InvalidSpec
from . import image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store
    from .plan import Outcome


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Build the image when its inputs have changed (`rebuild: auto`), or when it does not exist (`never`)."""
    outcome = image.perform(store, as_image(options), check)
    outcome.facts.setdefault("stdout", "")
    return outcome


def as_image(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of the image module that mean the same. Raises InvalidSpec for what is not there. Pure."""
    if options.get("secrets"):
        raise InvalidSpec("secrets cannot be given to a build yet; copy what is needed into the context")
    names: list[str] = []
    for output in options.get("outputs") or ():
        if output["type"] != "image" or output.get("push"):
            raise InvalidSpec(f"outputs: {output['type']} cannot be written yet; a build makes an image on this host")
        names += output.get("name") or []
    platforms = options.get("platform") or []
    if len(platforms) > 1:
        raise InvalidSpec("platform: an image here is for one platform; write a task for each, with its own tag")
    if len(names) > 1:
        raise InvalidSpec("outputs: give the image one more name only, and further ones with the image module")
    return {
        "name": options["name"],
        "tag": options["tag"],
        "state": "present",
        "source": "build",
        "force_source": options["rebuild"] != "never",
        "force_absent": False,
        "force_tag": True,
        "repository": names[0] if names else None,
        "build": {**options, "platform": "".join(platforms)},
    }
