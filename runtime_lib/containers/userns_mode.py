"""The texts of `userns_mode`, with the options that Podman has for `auto`, and the maps that follow. Pure."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..linux.idspans import is_number, mapped_twice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Span = tuple[int, int]  # the first id, and how many
    Given = tuple[int, int, int]  # the first id in the container, the first on the host, and how many
    Map = list[dict[str, int]]

SIZE = 65536  # every id that ordinary images have
_MOST = 1 << 31
_FORMS = "use host, auto, or auto:size=N,uidmapping=CONTAINER:HOST:SIZE,gidmapping=CONTAINER:HOST:SIZE"


class Auto:
    """`auto`: how many ids of its own the container has, and those of users and groups of the host that it has, too."""

    __slots__ = ("gids", "size", "uids")

    def __init__(self, text: str) -> None:
        """Raises InvalidSpec for another mode, and for what is wrong with this one."""
        mode, colon, options = text.partition(":")
        if mode in ("keep-id", "nomap"):
            raise InvalidSpec(f"userns_mode {mode} is for a user's own Podman; Skiff runs as root: use auto or host")
        if mode != "auto":
            raise InvalidSpec(f"userns_mode {text!r}: {_FORMS}")
        self.size = SIZE
        self.uids: list[Given] = []
        self.gids: list[Given] = []
        for option in options.split(",") if colon else ():
            self._take(option, text)
        if not 1 <= self.size < _MOST:
            raise InvalidSpec(f"userns_mode {text}: the size must be between 1 and {_MOST - 1}")
        for given in (self.uids, self.gids):
            given.sort()
            for end in (0, 1):
                again = mapped_twice((each[end], each[2]) for each in given)
                if again is not None:
                    raise InvalidSpec(f"userns_mode {text}: the id {again} is mapped twice")

    def _take(self, option: str, text: str) -> None:
        key, _equals, value = option.partition("=")
        numbers = value.split(":")
        counts = {"size": 1, "uidmapping": 3, "gidmapping": 3}
        if len(numbers) != counts.get(key) or not all(map(is_number, numbers)):
            raise InvalidSpec(f"userns_mode {text!r}: {_FORMS}")
        if key == "size":
            self.size = int(value)
            return
        inner, outer, count = map(int, numbers)
        if not count or max(inner, outer) + count > _MOST:
            raise InvalidSpec(f"userns_mode {text}: {option} has ids that do not exist")
        (self.uids if key == "uidmapping" else self.gids).append((inner, outer, count))


def composed(first: int, size: int, given: Sequence[Given]) -> Map:
    """Return a map (OCI): what is `given`, and the ids from `first` on for all others below `size`."""
    found: Map = []
    position = 0
    for inner, outer, count in given:
        if position < min(inner, size):
            found.append(_entry(position, first + position, min(inner, size) - position))
        found.append(_entry(inner, outer, count))
        position = inner + count
    if position < size:
        found.append(_entry(position, first + position, size - position))
    return found


def _entry(inner: int, outer: int, count: int) -> dict[str, int]:
    return {"containerID": inner, "hostID": outer, "size": count}
