"""The `dockerfile_build` module's work: an image task with a build as its source."""

from __future__ import annotations

import os

from ..build.outputs import Output, checked
from ..errors import InvalidSpec
from ..records import dataclass, replace
from . import image, image_wish
from .plan import Plan, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store
    from .plan import Outcome


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Build the image when its inputs have changed (`rebuild: auto`), or when it does not exist (`never`)."""
    wanted = as_outputs(options)
    outcome = image.perform(store, as_image(options), check)
    outcome.facts.setdefault("stdout", "")
    name = image_wish.full_name(options["name"], options["tag"])
    steps = tuple(Write(name, one) for one in wanted if outcome.changed or not os.path.lexists(one.dest))
    if not steps:
        return outcome
    if not check:
        converge(store, Plan(steps))
    plan = replace(outcome.plan, steps=(*outcome.plan.steps, *steps))
    return replace(outcome, plan=plan, changed=True)


@dataclass(frozen=True)
class Write:
    """Write the image, or its file system, to a path of the host."""

    name: str
    output: Output

    def describe(self) -> str:
        """Return what it does."""
        return f"write image {self.name} as {self.output.kind} to {self.output.dest}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"written": self.name, "type": self.output.kind, "dest": self.output.dest}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..build import outputs
        from ..images import catalog

        outputs.write(store, catalog.find(store, self.name), (self.name,), self.output)


def as_outputs(options: dict[str, Any]) -> list[Output]:
    """Return what is to be written beside the image. Raises InvalidSpec. Pure."""
    found = []
    for each in options.get("outputs") or ():
        if each["type"] == "image" or (each["type"] == "docker" and not each.get("dest")):
            continue
        found.append(checked(Output(each["type"], each.get("dest") or "")))
    return found


def as_image(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of the image module that mean the same. Raises InvalidSpec for what is not there. Pure."""
    names: list[str] = []
    for output in options.get("outputs") or ():
        if output.get("push"):
            raise InvalidSpec("outputs: push is a task of its own: use the module image_push after this one")
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
