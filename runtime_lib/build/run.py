"""RUN: a command in a container of the image so far; what it changes becomes the layer."""

from __future__ import annotations

import codecs
import json
import os
import time
from contextlib import ExitStack, contextmanager, suppress

from ..containers import create, reconcile, remove
from ..containers.finish import finish_session
from ..containers.launch import Launch
from ..containers.parts import Healthcheck
from ..containers.spec import ContainerSpec
from ..errors import Busy, CommandFailed, ContainerNotFound, InvalidSpec, WrongState
from ..images import create as images
from ..images import layers, times
from . import mounting, owner, secrets
from .traces import Traces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..containers.catalog import Container
    from ..containers.config_mounts import Additions
    from ..images.catalog import Image
    from ..monitor.client import Session
    from ..store import Store
    from .mounting import Find
    from .spec import BuildSpec
    from .state import State
    from .steps import RunStep

_LABEL = "skiff.build"  # on a build's container: the process that waits for it
_NAME = "build-"
_COMMENT = "unfinished build of process "
_LAST_LINES = 10


@contextmanager
def changed(store: Store, state: State, step: RunStep, spec: BuildSpec, find: Find) -> Iterator[str]:
    """Run the command and give the folder with its changes; at the end the container is gone.

    `find` gives what a mount's `from` names.

    Raises CommandFailed when it ends with another code than 0.
    """
    if not state.layers:
        raise InvalidSpec(f"{step.where}: RUN has no program to run in an empty image; COPY one first")
    traces = Traces(layers.folders(store, state.layers), [mount.target for mount in step.mounts])
    with ExitStack() as stack:
        more = stack.enter_context(mounting.prepared(store, step, spec, find))
        launch = stack.enter_context(Launch(store))
        image = _image(store, state, step)
        stack.callback(forget, store, image.id)
        container = create.create(store, _container(image, step, spec))
        stack.callback(_remove, store, container.id)
        _wait(store, container, launch, step, more, spec.output)
        with _retired(store, container.id):
            upper = f"{store.layout.container(container.id)}/upper"
            traces.remove(upper)
            yield upper


@contextmanager
def _retired(store: Store, container_id: str) -> Iterator[None]:
    """Let the container not count any more, for its files are taken away; at the end it is gone."""
    with store.lock("container", container_id):
        reconcile.retire(store, container_id)
        try:
            yield
        finally:
            reconcile.erase(store, container_id)


def _remove(store: Store, container_id: str) -> None:
    with suppress(ContainerNotFound, FileNotFoundError):
        remove.remove(store, container_id, force=True, volumes=True)


def cancel(store: Store) -> None:
    """Remove the containers of this process's builds, as another of their stages has failed.

    One that starts at this moment is left out: to be called until the threads have ended that wait for them.
    """
    for row in store.query("SELECT id, spec FROM containers WHERE name GLOB ?", (f"{_NAME}*",)):
        if json.loads(row["spec"]).get("labels", {}).get(_LABEL) == owner.mark():
            with suppress(Busy, WrongState):
                _remove(store, row["id"])


def sweep(store: Store) -> None:
    """Remove the containers, images and secrets that killed builds have left."""
    secrets.sweep(store.layout.run)
    for row in store.query("SELECT id, spec FROM containers WHERE name GLOB ?", (f"{_NAME}*",)):
        left = json.loads(row["spec"]).get("labels", {}).get(_LABEL)
        if left and owner.ended(left):
            try:
                remove.remove(store, row["id"], force=True, volumes=True)
            except (ContainerNotFound, FileNotFoundError):
                continue  # another build has done it
    for row in store.query("SELECT id, config FROM images WHERE config LIKE ?", (f'%"comment":"{_COMMENT}%',)):
        if owner.ended(json.loads(row["config"])["comment"][len(_COMMENT) :]):
            forget(store, row["id"])


def _image(store: Store, state: State, step: RunStep) -> Image:
    """Create the image that the container is made from. Its time makes it differ from those of all other builds."""
    document = state.document()
    document["config"] = {**step.config, "Env": list(step.env), "Entrypoint": None, "Cmd": list(step.argv)}
    for name in ("Healthcheck", "Volumes"):  # what a RUN writes into a volume stays in the image, as with BuildKit
        document["config"].pop(name, None)
    document["comment"] = _COMMENT + owner.mark()
    document["created"] = times.rfc3339(time.time_ns())
    return images.image(store, document, state.layers)


def _container(image: Image, step: RunStep, spec: BuildSpec) -> ContainerSpec:
    return ContainerSpec(
        name=f"{_NAME}{os.urandom(6).hex()}",
        image=image.id,
        entrypoint=("",),
        command=step.argv,
        labels={_LABEL: owner.mark()},
        network_mode=step.network or spec.network or "bridge",
        mounts=mounting.temporary(step),
        privileged=step.insecure,
        etc_hosts=spec.etc_hosts,
        memory=spec.memory,
        memory_swap=spec.memory_swap,
        shm_size=spec.shm_size or None,
        healthcheck=Healthcheck(("NONE",)),
        log_driver="none",
        **spec.container,
    )


def _wait(
    store: Store, container: Container, launch: Launch, step: RunStep, more: Additions, output: Callable[[str], None]
) -> None:
    with store.lock("container", container.id):
        try:
            session = launch.run(container, foreground=True, more=more)
        except CommandFailed as error:
            raise CommandFailed(f"{step.where}: {error}", error.exit_code) from error
    with session:
        last = _followed(session, output)
        code = session.exit_code
        if code is not None:
            finish_session(store, container, session)
    if code is None:
        raise CommandFailed(f"{step.where}: the process that watched over RUN was killed", 255)
    if code:
        lines = " | ".join(last.strip().splitlines()[-_LAST_LINES:])
        said = f"; its last output: {lines}" if lines else ""
        command = " ".join(step.argv)
        raise CommandFailed(f"{step.where}: the command '{command[:500]}' ended with code {code}{said}", code)


def _followed(session: Session, output: Callable[[str], None]) -> str:
    """Pass on what a command says until it ends; return the last 4096 characters of it."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    last = ""
    while True:
        chunks = session.output()
        if chunks is None:
            return last
        text = "".join(decoder.decode(data) for _stream, data in chunks)
        output(text)
        last = (last + text)[-4096:]


def forget(store: Store, image_id: str) -> None:
    """Remove an image that has neither names nor containers; its layers go when nothing else has them."""
    with store.transaction() as db:
        db.execute(
            "DELETE FROM images WHERE id = ? AND id NOT IN (SELECT image_id FROM image_names) "
            "AND id NOT IN (SELECT image_id FROM containers)",
            (image_id,),
        )
