"""An image of what a container has changed, as `docker commit` makes it."""

from __future__ import annotations

import hashlib
import time
from contextlib import contextmanager

from ..images import catalog as images
from ..images import changes as dockerfile_changes
from ..images import create, layers, platform, reference, times, writer
from ..store import Store
from . import changes as files
from . import events, verbs
from .catalog import Container, find, state
from .inspect import configuration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from ..images.catalog import Image
    from ..images.layers import Layer

_PLATFORM = ("architecture", "os", "variant", "os.version", "os.features")


def commit(
    store: Store,
    ref: str,
    name: str = "",
    *,
    author: str = "",
    message: str = "",
    changes: Sequence[str] = (),
    pause: bool = True,
) -> Image:
    """Return a new image: the container's image, and a layer of what it has changed. Volumes do not belong to it.

    `changes` are Dockerfile instructions; the other defaults are the container's own. A running container is paused
    meanwhile, unless `pause` is false. Raises ContainerNotFound, InvalidSpec before anything is touched, and
    CorruptData when a container that was not paused has written to a file while it was read.
    """
    names = [reference.new_name(name).full] if name else []
    container = find(store, ref)
    base = images.get(store, container.image_id)
    config = dockerfile_changes.defaults(changes, defaults(store, container, base))
    with layers.using(store), _still(store, container, pause):
        layer = _layer(store, container, base)
        document = _document(base, config, layer, {"author": author, "comment": message})
        chain = [*base.layers, *([layer.chain_id] if layer else ())]
        image = create.image(store, document, chain, names)
        called = reference.parse(names[0]).familiar if names else ""
        events.note(store, container, "commit", comment=message, imageID=image.id, imageRef=called)
        return image


def diff_id(store: Store, container: Container) -> str | None:
    """Return the digest of the layer that `commit` would make now, None where it would make none.

    Raises CorruptData, OSError where the container writes to a file while it is read.
    """
    found = files.of(store, container)
    if not found.found:
        return None
    total = hashlib.sha256()
    for piece in writer.pieces(f"{store.layout.container(container.id)}/upper", found.same):
        total.update(piece)
    return f"sha256:{total.hexdigest()}"


def defaults(store: Store, container: Container, base: Image) -> dict[str, Any]:
    """Return the container's own settings, as an image has them."""
    config = configuration(store, container, base)
    return {key: value for key, value in config.items() if value is not None}


@contextmanager
def _still(store: Store, container: Container, wanted: bool) -> Iterator[None]:
    """Pause a container for a block, unless it does not run or is paused already."""
    if not wanted or state(store, container).status != "running":
        yield
        return
    verbs.pause(store, container.id)
    try:
        yield
    finally:
        verbs.unpause(store, container.id)


class _Pieces:
    """An archive that is made while it is read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, _size: int, /) -> bytes:
        return next((piece for piece in self._pieces if piece), b"")


def _layer(store: Store, container: Container, base: Image) -> Layer | None:
    """Return the layer of what has changed, None when nothing has."""
    found = files.of(store, container)
    if not found.found:
        return None
    archive = writer.pieces(f"{store.layout.container(container.id)}/upper", found.same)
    return layers.import_tar(store, _Pieces(archive), base.layers[-1] if base.layers else None)


def _document(base: Image, config: dict[str, Any], layer: Layer | None, words: dict[str, str]) -> dict[str, Any]:
    now = times.rfc3339(time.time_ns())
    given = {key: value for key, value in words.items() if value}
    step: dict[str, Any] = {"created": now, "created_by": " ".join(config.get("Cmd") or ()), **given}
    if layer is None:
        step["empty_layer"] = True
    history = base.config.get("history")
    diff_ids = [*base.config["rootfs"]["diff_ids"], *([layer.diff_id] if layer else ())]
    return {
        "architecture": platform.architecture(),
        "os": "linux",
        **{key: base.config[key] for key in _PLATFORM if key in base.config},
        **({"author": words["author"]} if words["author"] else {}),
        "config": config,
        "created": now,
        "history": [*(history if isinstance(history, list) else ()), step],
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }
