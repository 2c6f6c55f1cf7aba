"""`--pull` of `run` and `create`: the image is brought when it is needed. It imports nothing where that is here."""

from __future__ import annotations

import sys

from ..errors import ImageNotFound, InvalidSpec
from ..images import catalog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from ..store import Store

    Result = TypeVar("Result")


def with_image(store: Store, ref: str, policy: str | None, platform: str | None, work: Callable[[], Result]) -> Result:
    """Call `work` with the image there that it needs, as `--pull` says: always, missing (also without one), never."""
    if policy not in (None, "", "always", "missing", "never"):
        raise InvalidSpec(f"--pull {policy}: use always, missing or never")
    if policy == "always":
        bring(store, ref, platform)
    if policy in ("always", "never"):
        return work()
    try:
        if not platform or _fits(store, ref, platform):
            return work()
    except ImageNotFound:
        if catalog.resolve(store, ref):
            raise  # another image: of a mount
    from ..images import reference

    sys.stderr.write(f"Unable to find image '{reference.parse(ref).familiar}' locally\n")
    bring(store, ref, platform)
    return work()


def _fits(store: Store, ref: str, wanted: str) -> bool:
    from ..images.platform import asked_for

    return asked_for(wanted, catalog.find(store, ref).config)


def bring(store: Store, ref: str, platform: str | None) -> None:
    """Pull an image before something else, and tell of it on standard error."""
    from ..images.pull import pull
    from .pulling import Telling

    pull(store, ref, platform or "", listener=Telling(sys.stderr))
