"""The ids of one id-mapped mount, by the texts that crun and Podman have for it. Pure."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..linux.idspans import is_number, mapped_twice
from ..linux.userns import outside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Maps = tuple[list[dict[str, int]], list[dict[str, int]]]

_ALL = (1 << 32) - 1  # ids; the last number is none
_KEYS = {"uids": "uidMappings", "gids": "gidMappings"}
_FORM = "use uids=FILE-HOST-COUNT;gids=FILE-HOST-COUNT, several of them with # between, @ before those of the container"


def parse(text: str, container: dict[str, Any] | None = None) -> Maps:
    """Return the maps of `uids=0-1000-1#1-2000-9;gids=@0-0-10`: ids in the file system, on the host, and how many.

    With `@` the second number is one of the container, whose maps are `container` (OCI linux.uidMappings and so on);
    without them it stays as it is. Of the kind that is left out every id is itself. Raises InvalidSpec.
    """
    found: dict[str, list[dict[str, int]]] = {}
    for part in text.split(";"):
        key, _equals, ranges = part.partition("=")
        if key not in _KEYS or key in found:
            raise InvalidSpec(f"idmap {text!r}: {_FORM}")
        theirs = None if container is None else container.get(_KEYS[key]) or []
        found[key] = [_range(one, text, theirs) for one in ranges.split("#")]
        for end in ("containerID", "hostID"):
            again = mapped_twice((entry[end], entry["size"]) for entry in found[key])
            if again is not None:
                raise InvalidSpec(f"idmap {text!r}: {again} is named twice")
    same = [{"containerID": 0, "hostID": 0, "size": _ALL}]
    return found.get("uids", same), found.get("gids", same)


def _range(one: str, text: str, theirs: list[dict[str, int]] | None) -> dict[str, int]:
    words = one[one.startswith("@") :].split("-")
    if len(words) != 3 or not all(map(is_number, words)):
        raise InvalidSpec(f"idmap {text!r}: {_FORM}")
    inner, outer, size = map(int, words)
    if not size or inner + size > _ALL or outer + size > _ALL:
        raise InvalidSpec(f"idmap {text!r}: {one} has ids that do not exist; the last one is {_ALL - 1}")
    if one.startswith("@") and theirs is not None:
        first, last = outside(theirs, outer), outside(theirs, outer + size - 1)
        if first < 0 or last - first != size - 1:
            raise InvalidSpec(f"idmap {text!r}: the container has no ids {outer} to {outer + size - 1} in a row")
        outer = first
    return {"containerID": inner, "hostID": outer, "size": size}
