"""What `--build-context NAME=...` means: an image of this host, an OCI layout, or a folder."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..images import archive, catalog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..store import Store

_IMAGE, _LAYOUT = "docker-image://", "oci-layout://"


def resolved(store: Store, contexts: Mapping[str, str], makes: bool) -> dict[str, str]:
    """Return {name: path of a folder, or an image's name or id}. With `makes`, layouts are loaded.

    Raises InvalidSpec for what is not supported, and what `archive.load` raises.
    """
    return {name: _resolved(store, name, value, makes) for name, value in contexts.items()}


def _resolved(store: Store, name: str, value: str, makes: bool) -> str:
    if value.startswith("/"):
        return value
    if value.startswith(_IMAGE):
        return value[len(_IMAGE) :]
    if not value.startswith(_LAYOUT):
        raise InvalidSpec(f"build context {name}: {value[:100]!r} is no folder, no {_IMAGE} and no {_LAYOUT}")
    path, wanted = _split(value[len(_LAYOUT) :])
    found = archive.sources(store, path)
    chosen = [image_id for image_id, names in found if not wanted or any(_tag(text) == wanted for text in names)]
    if len(chosen) != 1:
        raise InvalidSpec(f"build context {name}: {path} has {len(chosen)} images of that tag; name one as {path}:TAG")
    if makes and catalog.resolve(store, chosen[0]) is None:
        archive.load(store, path)
    return chosen[0]


def _split(text: str) -> tuple[str, str]:
    path, colon, tag = text.rpartition(":")
    return (path, tag) if colon and "/" not in tag else (text, "")


def _tag(name: str) -> str:
    return name.rpartition(":")[2]
