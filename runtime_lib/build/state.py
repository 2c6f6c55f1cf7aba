"""An image that grows step by step: its layers, its history, its configuration. Pure."""

from __future__ import annotations

import json

from ..images import digest, times
from ..records import dataclass, replace
from . import cacherecords, platforms
from .cacherecords import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..images.catalog import Image
    from ..images.layers import Layer
    from .steps import Step

_PLATFORM = ("architecture", "os", "variant", "os.version", "os.features")


@dataclass(frozen=True)
class State:
    """`layers` are chain ids and `diff_ids` digests, both from the lowest to the top one. `created` is nanoseconds.

    `records` are the steps, for caches that leave the host; with `inline` the image itself carries them.
    """

    platform: dict[str, Any]
    layers: tuple[str, ...]
    diff_ids: tuple[str, ...]
    history: tuple[dict[str, Any], ...]
    config: dict[str, Any]
    author: str
    created: int
    records: tuple[Record, ...] = ()
    inline: bool = False

    @property
    def top(self) -> str | None:
        """The chain id that the next layer lies on."""
        return self.layers[-1] if self.layers else None

    def after(self, step: Step, created_by: str, layer: Layer | None, made: int, epoch: int | None = None) -> State:
        """Return the state after a step; `layer` is None when it changed no file, `made` when its layer was made.

        The history's times are those of the layers, so that the same steps from the cache are the same image; with
        `epoch` they are that time.
        """
        created = max(self.created, made) if epoch is None else epoch
        entry: dict[str, Any] = {"created": times.rfc3339(created), "created_by": created_by}
        if step.author:
            entry["author"] = step.author
        if layer is None:
            entry["empty_layer"] = True
        return replace(
            self,
            layers=(*self.layers, layer.chain_id) if layer else self.layers,
            diff_ids=(*self.diff_ids, layer.diff_id) if layer else self.diff_ids,
            history=(*self.history, entry),
            config=step.config,
            author=step.author or self.author,
            created=created,
        )

    @property
    def image_id(self) -> str:
        """The id of this as an image: what `images.create` gives it."""
        return digest.of(json.dumps(self.document(), separators=(",", ":"), ensure_ascii=False).encode())

    def noted(self, key: str, changed: bool, created: int) -> State:
        """Return the state with a record of the step that has led to it."""
        return replace(self, records=(*self.records, Record(key, len(self.layers), changed, created)))

    def document(self) -> dict[str, Any]:
        """Return the OCI image configuration."""
        found: dict[str, Any] = {**self.platform, "config": self.config, "created": times.rfc3339(self.created)}
        if self.author:
            found["author"] = self.author
        found["history"] = list(self.history)
        found["rootfs"] = {"type": "layers", "diff_ids": list(self.diff_ids)}
        if self.inline:
            found[cacherecords.KEY] = cacherecords.write(self.records)
        return found


def scratch(platform: str = "") -> State:
    """Return the state before the first step of a stage FROM scratch; "" is this host's platform."""
    found = platforms.parse(platform) if platform else platforms.host()
    return State({**found.document()}, (), (), (), {}, "", 0)


def of_image(image: Image) -> State:
    """Return the state of a base image."""
    document = image.config
    platform = {key: document[key] for key in _PLATFORM if key in document}
    history = document.get("history")
    return State(
        {**scratch().platform, **platform},
        image.layers,
        tuple(document.get("rootfs", {}).get("diff_ids", ())),
        tuple(history) if isinstance(history, list) else (),
        image.defaults,
        str(document.get("author") or ""),
        times.nanoseconds(document.get("created")),
    )
