"""The walk over the steps of a Dockerfile that `build` and `fingerprint` share.

Each step is looked up in the cache; the first one that is not there is made, or ends the walk. Only the stages that the
target needs are walked.
"""

from __future__ import annotations

import copy
import os
from contextlib import contextmanager
from functools import partial

from ..containers.tree import image_tree
from ..errors import InvalidSpec, SkiffError
from ..images import create, layers, reference
from ..records import replace
from . import (
    bases,
    cache,
    checks,
    copying,
    dockerfile,
    entitlements,
    epoch,
    fetched,
    imageconfig,
    imports,
    interpret,
    mounting,
    named,
    needed,
    output,
    parallel,
    platforms,
    run,
    stepchecks,
)
from . import state as states
from .arguments import PREDEFINED, SOURCE_DATE_EPOCH, Arguments
from .mounting import Origin
from .sources import Tree
from .spec import DoneStep
from .steps import CopyStep, RunStep, Step, WorkdirStep, sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from ..images.catalog import Image
    from ..store import Store
    from .context import Context
    from .dockerfile import Stage
    from .spec import BuildSpec
    from .state import State


class Missing(Exception):
    """A step is not in the cache, and nothing is to be built: file, line and text of the step."""


class Walk:
    """One walk. With `makes` missing steps are made; without it the first one raises `Missing`.

    Each stage is walked by a copy that has its own `_lines` and `_own_steps`.
    """

    _lines: output.Stage
    _own_steps: list[DoneStep]

    def __init__(self, store: Store, spec: BuildSpec, context: Context, makes: bool) -> None:
        """Parse the Dockerfile. Raises InvalidSpec for what is wrong in any of its stages."""
        self.store = store
        self.spec = spec
        self._log = spec.output  # that of the whole build; the copy for a stage has one of its own
        self.context = context
        self.makes = makes
        self.dockerfile = dockerfile.parse(context.dockerfile, context.name)
        self._steps: dict[int, list[DoneStep]] = {}
        self._bases: dict[tuple[str, str], Image] = {}
        self._starts: dict[int, State] = {}
        self._shared = parallel.Shared(len(self.dockerfile.stages))
        self._target = self.dockerfile.stage(spec.target)
        self._globals = interpret.global_arguments(self.dockerfile, spec.args, spec.platform)
        self._fresh = tuple(self.dockerfile.stage(name) for name in spec.nocache_filter)
        self._epoch = epoch.parse(spec.args.get(SOURCE_DATE_EPOCH, ""))
        self._imports = imports.Imports()
        self._named = named.resolved(store, spec.contexts, makes)
        for index, stage in enumerate(self.dockerfile.stages):
            self._check(index, stage)
        here = partial(bases.configuration, store, self._named)
        more = stepchecks.find(self.dockerfile, spec.args, self._globals, here, context.tree.ignores)
        self.found = checks.find(self.dockerfile, PREDEFINED | set(self._globals), more)

    @property
    def done(self) -> list[DoneStep]:
        """The steps of all stages that were walked, in the order of the file."""
        return [step for index in sorted(self._steps) for step in self._steps[index]]

    def states(self) -> list[State]:
        """Return the ends of all stages that were walked, in the order of the file; the target is the last one."""
        found = self._shared.outcomes
        return [state for _index, state in sorted(found.items()) if not isinstance(state, BaseException)]

    def target(self) -> State:
        """Return the state at the end of the target stage."""
        if self.makes:
            self._imports.read(self.store, self.spec.cache_from, self._log)
        self._needed = needed.stages(self.dockerfile, self._target, self._globals, self._named)
        if not self.makes or len(self._needed) < 2:
            return self._stage(self._target)

        def make(store: Store, index: int) -> State:
            own = copy.copy(self)
            own.store = store
            return own._stage(index)

        return parallel.walk(self.store, self._shared, sorted(self._needed), self._target, make)

    def base(self) -> State:
        """Return what the target stage, which was walked, was FROM."""
        return self._starts[self._target]

    def warn(self) -> None:
        """Tell what the checks have found, and the build arguments that no ARG asks for, as Docker does."""
        for one in self.found:
            self.spec.output(f"[Warning] {one.describe()}\n")
        unused = checks.unused(self.dockerfile, set(self.spec.args) - PREDEFINED - {SOURCE_DATE_EPOCH})
        if unused:
            self.spec.output(f"[Warning] One or more build-args [{' '.join(unused)}] were not consumed\n")

    def _check(self, index: int, stage: Stage) -> None:
        name = interpret.base_name(self.dockerfile, stage, self._globals)
        if dockerfile.find_stage(self.dockerfile.stages[:index], name) is None and name != "scratch":
            reference.parse(name)
        interpret.base_platform(self.dockerfile, stage, self._globals)
        steps = interpret.steps(self.dockerfile, stage, {}, Arguments(self.spec.args, self._globals))
        entitlements.check(steps, self.spec)

    def _stage(self, index: int) -> State:
        return self._shared.stage(index, partial(self._made, index))

    def _made(self, index: int) -> State:
        own = copy.copy(self)
        several = len(self._needed) > 1
        lines = output.Stage(self._log, self.dockerfile.stages, index, several, self.spec.watcher)
        own._lines = lines
        own.spec = replace(self.spec, output=lines.write)
        self._steps[index] = own._own_steps = []
        with lines:
            state = own._walk(index, self.dockerfile.stages[index])
        if self.makes and index != self._target:
            self._keep(state)
        return state

    def _walk(self, index: int, stage: Stage) -> State:
        name = interpret.base_name(self.dockerfile, stage, self._globals)
        platform = interpret.base_platform(self.dockerfile, stage, self._globals) or self.spec.platform
        state = self._starts[index] = self._image(index, name, stage.where, platform)
        steps = interpret.steps(self.dockerfile, stage, state.config, Arguments(self.spec.args, self._globals))
        entitlements.check(steps, self.spec)  # the base image may have left some
        state = replace(state, config=imageconfig.base(state.config))
        self._lines.total = len(steps) + 1
        self._begin(f"FROM {name}")
        if any(isinstance(step, RunStep) for step in steps):
            platforms.check_runs(state.platform)
        base = state.layers
        for step in steps:
            for name in sources(step):
                if not self._folder(name):
                    self._image(index, name, step.where)  # its steps come before this one
            self._begin(step.text)
            try:
                state = self._step(index, state, step)
            except BaseException:
                if self.makes and state.layers != base:
                    self._keep(state)
                raise
        return state

    def _begin(self, text: str) -> None:
        self._shared.check()
        self._own_steps.append(DoneStep(text, True))
        self._lines.begin(len(self._own_steps), text)

    def _keep(self, state: State) -> None:
        """Have an image without a name hold the layers, as a cache: a removal of unused images frees them."""
        create.image(self.store, state.document(), state.layers)

    def _image(self, index: int, name: str, where: str, platform: str = "") -> State:
        """Return the state of what FROM or --from names: an earlier stage, `scratch`, or an image."""
        if self._folder(name):
            raise InvalidSpec(f"{where}: {name} is the folder {self._folder(name)}, and FROM needs an image")
        number = dockerfile.find_stage(self.dockerfile.stages[:index], name)
        if number is not None and name not in self._named:
            return self._stage(number)
        name = self._named.get(name, name)
        if name == "scratch":
            return states.scratch(platform)
        try:
            return states.of_image(self._base(name, platform))
        except bases.Outdated:
            raise Missing(f"{where}: {name} has to be pulled") from None
        except SkiffError as error:
            raise type(error)(f"{where}: {error}") from error

    def _base(self, name: str, platform: str) -> Image:
        """Return an image, the same one each time: another build may move its name meanwhile."""
        with self._shared.key(f"{name} {platform}"):
            if (name, platform) not in self._bases:
                self._bases[name, platform] = (
                    bases.find(self.store, name, platform, self.spec.pull, self._log)
                    if self.makes
                    else bases.look(self.store, name, platform, self.spec.pull)
                )
            return self._bases[name, platform]

    def _step(self, index: int, state: State, step: Step) -> State:
        if isinstance(step, CopyStep):
            with self._tree(index, step) as tree, fetched.parts(self.store, self.spec, step) as more:
                parts = [*copying.find(tree, step), *more]
                mark = copying.mark(parts, step)
                key = cache.key(
                    state.top, "copy", mark, step.destination, step.owner, step.mode, step.unpack, step.link
                )
                created_by = step.history(mark)
                return self._layer(index, state, step, key, copying.copied(self.store, state, step, parts), created_by)
        if isinstance(step, RunStep):
            find = partial(self._origin, index, step.where)
            material = [step.argv, step.recorded, step.user, step.working_dir]
            key = cache.key(state.top, "run", *material, *mounting.marks(step, find))
            making = run.changed(self.store, state, step, self.spec, find)
            return self._layer(index, state, step, key, making, step.created_by)
        if isinstance(step, WorkdirStep):
            key = cache.key(state.top, "workdir", step.path, step.user)
            return self._layer(index, state, step, key, copying.made(self.store, state, step), step.created_by)
        return state.after(step, step.created_by, None, 0, self._epoch)

    def _layer(
        self, index: int, state: State, step: Step, key: str, making: AbstractContextManager[str], created_by: str
    ) -> State:
        """Return the state after a step that changes files; `making` gives the folder with the changes."""
        key = key if self._epoch is None else cache.key(key, self._epoch)
        with self._shared.key(key):
            known = None if self.spec.nocache or index in self._fresh else self._imports.find(self.store, key)
            if known is None:
                known = (self._changes(state, step, making),)
                cache.remember(self.store, key, *known)
                self._own_steps[-1] = DoneStep(step.text, False)
            else:
                self._lines.cached()
        (chain_id,) = known
        layer = layers.find(self.store, chain_id) if chain_id else None
        made = layers.created(self.store, layer) if layer else 0
        return state.after(step, created_by, layer, made, self._epoch).noted(key, layer is not None, made)

    def _changes(self, state: State, step: Step, making: AbstractContextManager[str]) -> str | None:
        """Return the chain id of the layer that a step makes, None when it changes no file."""
        if not self.makes:
            raise Missing(f"{step.where}: {step.text}")
        with self._shared, self._lines.named(), making as upper:
            changed = bool(os.listdir(upper))
            if self._epoch is not None:
                epoch.limit(upper, self._epoch)
            return layers.import_tree(self.store, upper, state.top).chain_id if changed else None

    def _folder(self, name: str) -> str:
        """Return the folder that who builds has given a name, "" for anything else."""
        meant = self._named.get(name, "")
        return meant if meant.startswith("/") else ""

    def _origin(self, index: int, where: str, name: str) -> Origin:
        """Return what a RUN's mount is taken from: the build context, an earlier stage or an image."""
        if not name:
            return Origin("", folder=self.spec.path, tree=self.context.tree)
        folder = self._folder(name)
        if folder:
            return Origin("", folder=folder, tree=self.context.other(folder))
        state = self._image(index, name, where)
        if not state.layers:
            raise InvalidSpec(f"{where}: {name} has no files to mount")
        return Origin(state.top or "", tuple(layers.folders(self.store, state.layers)))

    @contextmanager
    def _tree(self, index: int, step: CopyStep) -> Iterator[Tree]:
        """Give what a COPY reads: the build context, an earlier stage or an image."""
        if not step.source_stage:
            yield self.context.tree
            return
        folder = self._folder(step.source_stage)
        if folder:
            yield self.context.other(folder)
            return
        state = self._image(index, step.source_stage, step.where)
        if not state.layers:
            raise InvalidSpec(f"{step.where}: {step.source_stage} has no files to copy")
        with image_tree(layers.folders(self.store, state.layers)) as root:
            yield Tree(root, owners=not step.owner)
