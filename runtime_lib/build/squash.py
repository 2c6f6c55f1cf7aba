"""`--squash`: what a stage has put on top of its base becomes one layer, as Docker has it.

The history keeps all of its lines: those of the build as lines without a layer, and one more for the layer.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

from ..containers.tree import image_tree
from ..images import create, layers, merging, times
from ..linux.saferoot import SafeRoot
from ..records import replace
from . import cache, epoch
from .arguments import SOURCE_DATE_EPOCH
from .copying import upper_folder
from .walk import Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..images.layers import Layer
    from ..store import Store
    from .spec import BuildSpec
    from .state import State


def squashed(store: Store, state: State, base: State, spec: BuildSpec, makes: bool) -> State:
    """Return `state` with one layer on top of those of `base`.

    The layers that it is made from stay as an image without a name, for the next build. Raises Missing when the layer
    is not there and not to be made.
    """
    if state.layers == base.layers:
        return state
    moment = epoch.parse(spec.args.get(SOURCE_DATE_EPOCH, ""))
    key = cache.key(base.top, "squash", state.top, *([] if moment is None else [moment]))
    (known,) = cache.find(store, key) or (None,)
    layer = layers.find(store, known) if known else None
    if layer is None:
        if not makes:
            raise Missing("the layers have to be squashed")
        layer = _merged(store, state, base, moment)
        cache.remember(store, key, layer.chain_id)
    if makes:
        create.image(store, state.document(), state.layers)
    return _with(state, base, layer, layers.created(store, layer) if moment is None else moment)


def _with(state: State, base: State, layer: Layer, created: int) -> State:
    """Return the state with this layer in place of its own, and the history of Docker's `--squash`. Pure."""
    known = len(base.history)
    comment = f"merge {state.image_id} to {base.image_id}" if base.layers else f"create new from {state.image_id}"
    created = max(created, state.created)
    return replace(
        state,
        layers=(*base.layers, layer.chain_id),
        diff_ids=(*base.diff_ids, layer.diff_id),
        history=(
            *state.history[:known],
            *({**entry, "empty_layer": True} for entry in state.history[known:]),
            {"created": times.rfc3339(created), "comment": comment},
        ),
        created=created,
        records=(),
    )


def _merged(store: Store, state: State, base: State, moment: int | None) -> Layer:
    """Make the layer."""
    with upper_folder(store, base) as (_unused, work), ExitStack() as stack:
        upper = f"{work}/upper"
        below = stack.enter_context(image_tree(layers.folders(store, base.layers))) if base.layers else None
        own = list(reversed(layers.folders(store, state.layers[len(base.layers) :])))
        merging.merge(own, SafeRoot.at(upper), lambda path: _lies_in(below, path))
        stack.close()
        if moment is not None:
            epoch.limit(upper, moment)
        return layers.import_tree(store, upper, base.top)


def _lies_in(root: SafeRoot | None, path: str) -> bool:
    if root is None:
        return False
    try:
        os.close(root.open(path, os.O_PATH | os.O_NOFOLLOW))
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
