"""RUN: a command in a container of the image so far; what it changes becomes the layer."""

from __future__ import annotations

import codecs
import json
import os
import stat
import time
from contextlib import ExitStack, contextmanager, suppress

from ..containers import create, reconcile, remove
from ..containers.finish import finish_session
from ..containers.launch import Launch
from ..containers.parts import Healthcheck
from ..containers.spec import ContainerSpec
from ..containers.tree import image_tree
from ..errors import CommandFailed, ContainerNotFound, InvalidSpec
from ..images import create as images
from ..images import layers, times
from ..linux.process import Process
from ..linux.saferoot import SafeRoot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..containers.catalog import Container
    from ..images.catalog import Image
    from ..store import Store
    from .spec import BuildSpec
    from .state import State
    from .steps import RunStep

_LABEL = "skiff.build"  # on a build's container: the process that waits for it
_NAME = "build-"
_COMMENT = "unfinished build of process "
_PLACES = ("proc", "sys", "dev", "etc", "etc/resolv.conf", "etc/hostname", "etc/hosts")
_LAST_LINES = 10


@contextmanager
def changed(store: Store, state: State, step: RunStep, spec: BuildSpec) -> Iterator[str]:
    """Run the command and give the folder with its changes; at the end the container is gone.

    Raises CommandFailed when it ends with another code than 0.
    """
    if not state.layers:
        raise InvalidSpec(f"{step.where}: RUN has no program to run in an empty image; COPY one first")
    traces = _Traces(layers.folders(store, state.layers))
    with ExitStack() as stack:
        launch = stack.enter_context(Launch(store))
        image = _image(store, state, step)
        stack.callback(_forget, store, image.id)
        container = create.create(store, _container(image, step, spec))
        stack.callback(_remove, store, container.id)
        _wait(store, container, launch, step, spec.output)
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
    with suppress(ContainerNotFound):
        remove.remove(store, container_id, force=True, volumes=True)


def sweep(store: Store) -> None:
    """Remove the containers and images that killed builds have left."""
    for row in store.query("SELECT id, spec FROM containers WHERE name GLOB ?", (f"{_NAME}*",)):
        owner = json.loads(row["spec"]).get("labels", {}).get(_LABEL)
        if owner and _ended(owner):
            try:
                remove.remove(store, row["id"], force=True, volumes=True)
            except (ContainerNotFound, FileNotFoundError):
                continue  # another build has done it
    for row in store.query("SELECT id, config FROM images WHERE config LIKE ?", (f'%"comment":"{_COMMENT}%',)):
        if _ended(json.loads(row["config"])["comment"][len(_COMMENT) :]):
            _forget(store, row["id"])


def _image(store: Store, state: State, step: RunStep) -> Image:
    """Create the image that the container is made from. Its time makes it differ from those of all other builds."""
    document = state.document()
    document["config"] = {**step.config, "Env": list(step.env), "Entrypoint": None, "Cmd": list(step.argv)}
    document["config"].pop("Healthcheck", None)
    document["comment"] = _COMMENT + _owner()
    document["created"] = times.rfc3339(time.time_ns())
    return images.image(store, document, state.layers)


def _container(image: Image, step: RunStep, spec: BuildSpec) -> ContainerSpec:
    return ContainerSpec(
        name=f"{_NAME}{os.urandom(6).hex()}",
        image=image.id,
        entrypoint=("",),
        command=step.argv,
        labels={_LABEL: _owner()},
        network_mode=spec.network or "bridge",
        etc_hosts=spec.etc_hosts,
        memory=spec.memory,
        memory_swap=spec.memory_swap,
        shm_size=spec.shm_size or None,
        healthcheck=Healthcheck(("NONE",)),
        log_driver="none",
    )


def _wait(store: Store, container: Container, launch: Launch, step: RunStep, output: Callable[[str], None]) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    last = ""
    with store.lock("container", container.id):
        try:
            session = launch.run(container, foreground=True)
        except CommandFailed as error:
            raise CommandFailed(f"{step.where}: {error}", error.exit_code) from error
    with session:
        while True:
            chunks = session.output()
            if chunks is None:
                break
            text = "".join(decoder.decode(data) for _stream, data in chunks)
            output(text)
            last = (last + text)[-4096:]
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


class _Traces:
    """What the runtime leaves in a container's tree although the command has not made it: mount points.

    Docker has them in a layer of its own below the container's; here they are taken out of the upper folder again.
    """

    def __init__(self, folders: list[str]) -> None:
        """Look at the image, whose layers' folders are given."""
        self._before: dict[str, tuple[int, int, int] | None] = {}
        with image_tree(folders) as root:
            for place in _PLACES:
                self._before[place] = _look(root, place)

    def remove(self, upper: str) -> None:
        """Remove the mount points that the image lacks and nobody has filled, and an /etc that is as it was."""
        with SafeRoot.at(upper) as root:
            for place in reversed(_PLACES):
                status = self._before[place]
                if status is None or (place == "etc" and _look(root, place) == status):
                    _remove_empty(root, place)


def _look(root: SafeRoot, place: str) -> tuple[int, int, int] | None:
    """Return (mode, uid, gid) of what lies at a place, None when there is nothing."""
    try:
        descriptor = root.open(f"/{place}", os.O_PATH | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        return status.st_mode, status.st_uid, status.st_gid
    finally:
        os.close(descriptor)


def _remove_empty(root: SafeRoot, place: str) -> None:
    try:
        parent, name = root.parent(f"/{place}")
    except OSError:
        return  # its folder was not made
    try:
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            if not _is_opaque(parent, name):
                os.rmdir(name, dir_fd=parent)
        elif stat.S_ISREG(status.st_mode) and not status.st_size:
            os.unlink(name, dir_fd=parent)
    except OSError:
        return  # it is not there, or the command has put something into it, which is part of the layer
    finally:
        os.close(parent)


def _is_opaque(parent: int, name: str) -> bool:
    """Whether a folder hides what the image has under its name: the command has removed and made it again."""
    try:
        return os.getxattr(f"/proc/self/fd/{parent}/{name}", "trusted.overlay.opaque") == b"y"
    except OSError:
        return False


def _forget(store: Store, image_id: str) -> None:
    with store.transaction() as db:
        db.execute(
            "DELETE FROM images WHERE id = ? AND id NOT IN (SELECT image_id FROM image_names) "
            "AND id NOT IN (SELECT image_id FROM containers)",
            (image_id,),
        )


def _owner() -> str:
    process = Process.of(os.getpid())
    return f"{process.pid}:{process.start_time}"


def _ended(owner: str) -> bool:
    """Whether this is a process of a build, and gone; nothing else is ever removed."""
    pid, _colon, start_time = owner.partition(":")
    if not (pid.isdecimal() and start_time.isdecimal()):
        return False
    return not Process(int(pid), int(start_time)).alive()
