"""The places where an image's name may be had: mirrors and the registry itself, as the host's settings say."""

from __future__ import annotations

from ..errors import CorruptData, RegistryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from ..registry.client import Repository
    from ..registry.settings import Settings
    from .reference import Reference

    Result = TypeVar("Result")


def ask(
    name: Reference, work: Callable[[Repository], Result], settings: Settings | None = None, push: bool = False
) -> Result:
    """Return what `work` returns for the first place where it does not fail; this host's settings are the default.

    Raises what it raised for the last place, InvalidSpec for a registry that is blocked.
    """
    from ..registry.client import connect

    found = settings or _of_host()
    *mirrors, last = found.rules.places(name.domain, name.path, push, bool(name.digest))
    for place in mirrors:
        try:
            with connect(place, found) as repository:
                return work(repository)
        except (RegistryError, CorruptData):
            continue  # a mirror may lack an image, be away or be damaged: that is what the next place is for
    with connect(last, found) as repository:
        return work(repository)


def _of_host() -> Settings:
    from ..registry.settings import of_host

    return of_host()
