"""Build an image from a Dockerfile, or tell what a build would do."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager

from ..images import catalog, create, layers, reference
from ..records import replace
from . import contexts, epoch, exports, imageconfig, outputs, run, squash
from .arguments import SOURCE_DATE_EPOCH
from .context import Context
from .spec import BuildResult, Outlook
from .steps import Step
from .walk import Missing, Walk

_MOST_LOG = 4 << 20  # characters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..store import Store
    from .spec import BuildSpec
    from .state import State


def build(store: Store, spec: BuildSpec) -> BuildResult:
    """Build an image and give it its names.

    Raises InvalidSpec for whatever is wrong with the Dockerfile, ImageNotFound for a base image that is not there,
    CommandFailed for a RUN that fails; then no name has changed, and the steps before it are in the cache.
    """
    log = _Log(spec.output)
    for output in spec.outputs:
        outputs.check(output)
    more = [name for one in spec.outputs for name in one.names]
    names = tuple(dict.fromkeys(reference.parse(name).full for name in [*spec.names, *more]))
    with (
        contexts.opened(store, spec) as spec,
        Context(spec.path, spec.dockerfile, spec.text) as context,
        layers.using(store),
    ):
        walk = Walk(store, replace(spec, output=log.write), context, True)
        try:
            state = _finished(walk, spec)
        finally:
            run.sweep(store)
        # What counts for a build without a name is this very image.
        present = [catalog.resolve(store, name) for name in names or (state.image_id,)]
        stays = not spec.outputs or any(output.stays for output in spec.outputs)
        image = create.image(store, state.document(), state.layers, names if stays else ())
        log.write(f"Successfully built {image.id[7:19]}\n")
        for name in image.names if names and stays else ():
            log.write(f"Successfully tagged {name}\n")
        for place in spec.cache_to:
            exports.write(store, walk.states(), place, log.write)
        for output in spec.outputs:
            outputs.write(store, image, names, output)
        walk.warn()
    return BuildResult(image, tuple(walk.done), log.text(), any(found != image.id for found in present))


def fingerprint(store: Store, spec: BuildSpec) -> Outlook:
    """Tell, without building, whether the names belong to the outcome of exactly these inputs already.

    Raises what `build` raises for wrong input, also ImageNotFound for a missing base image.
    """
    names = [reference.parse(name).full for name in spec.names]
    with _context(store, spec) as (spec, context):
        walk = Walk(store, spec, context, False)
        try:
            state = _finished(walk, spec)
        except Missing as missing:
            return Outlook(None, str(missing), True)
    present = [catalog.resolve(store, name) for name in names or [state.image_id]]
    return Outlook(state.image_id, "", any(found != state.image_id for found in present))


def check(store: Store, spec: BuildSpec) -> list[str]:
    """Return what the build checks find. Raises InvalidSpec for what is wrong; nothing is built, nor pulled."""
    with _context(store, spec) as (spec, context):
        return [one.describe() for one in Walk(store, spec, context, False).found]


@contextmanager
def _context(store: Store, spec: BuildSpec) -> Iterator[tuple[BuildSpec, Context]]:
    """Give the context, which is fetched when it lies elsewhere, and the build with its folder."""
    with ExitStack() as stack:
        local = stack.enter_context(contexts.opened(store, spec))
        yield local, stack.enter_context(Context(local.path, local.dockerfile, local.text))


class _Log:
    """The output of a build: passed on in full, and kept up to a limit, as a command may print for hours."""

    def __init__(self, output: Callable[[str], None]) -> None:
        self._output = output
        self._pieces: list[str] = []
        self._room = _MOST_LOG
        self._lock = threading.Lock()  # stages are built side by side

    def write(self, text: str) -> None:
        with self._lock:
            self._output(text)
            if self._room > 0:
                self._pieces.append(text[: self._room])
                self._room -= len(text)

    def text(self) -> str:
        return "".join([*self._pieces, "" if self._room > 0 else "\n(the rest of the log was not kept)\n"])


def _finished(walk: Walk, spec: BuildSpec) -> State:
    """Return the finished target stage, with the labels that the user gave as its last steps; one layer if asked."""
    state = replace(_labelled(walk.target(), spec), inline=any(one.kind == "inline" for one in spec.cache_to))
    return squash.squashed(walk.store, state, walk.base(), spec, walk.makes) if spec.squash else state


def _labelled(state: State, spec: BuildSpec) -> State:
    moment = epoch.parse(spec.args.get(SOURCE_DATE_EPOCH, ""))
    for name, value in sorted(spec.labels.items()):
        config = imageconfig.with_labels(state.config, {name: value})
        words = " ".join([*imageconfig.shell(config), f"#(nop)  LABEL {name}={value}"])
        state = state.after(Step("", "", words, config, ""), words, None, 0, moment)
    return state
