"""`skiff run`, `skiff create` and `skiff attach`."""

from __future__ import annotations

import os
import sys

from ..containers import early
from ..errors import CommandFailed, InvalidSpec, SkiffError
from . import opened
from .container_flags import CREATE, RUN
from .execute import detachable
from .options import FLAG, TEXT, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..containers.attach import Wishes
    from ..containers.spec import ContainerSpec
    from .options import Parsed

_ATTACH = Usage(
    "attach",
    "[OPTIONS] CONTAINER",
    "Attach standard input and output to a running container",
    (
        Option("detach-keys", "", TEXT, "Keys that leave the terminal (default ctrl-p,ctrl-q)"),
        Option("no-stdin", "", FLAG, "Do not attach standard input"),
        Option("sig-proxy", "", FLAG, "Pass signals on to the container (default true)"),
    ),
    1,
    1,
)


def run(words: list[str]) -> int:
    """Run a new container; return its exit code, or 0 with `-d`."""
    parsed = RUN.parse(words, interspersed=False)
    if parsed.detach and parsed.attach:
        raise InvalidSpec("-a and -d exclude each other: a container in the background has nothing attached")
    if parsed.detach:
        return _created(parsed, _spec(parsed), start=True)
    if parsed.tty and parsed.interactive and not os.isatty(0):
        raise InvalidSpec("the input device is not a TTY; leave out -t, or run this in a terminal")
    spawned = early.monitor(opened.layout())
    try:
        spec, wishes = _spec(parsed), _attached(parsed)
        from ..containers.run import run as run_container
        from .pulled import with_image

        with IdFile(parsed.cidfile) as file:

            def created(container_id: str) -> None:
                file.write(container_id)
                if wishes.quiet():
                    sys.stdout.write(f"{container_id}\n")

            waiting = [spawned]  # for the first try: it ends with that

            def once() -> int:
                ready = waiting.pop() if waiting else None
                return detachable(lambda: run_container(store, spec, wishes, ready, created))

            store = opened.store()
            return with_image(store, spec.image, parsed.pull, parsed.platform, once)
    except (SkiffError, OSError):
        if spawned is not None:
            spawned.cancel()
        raise


def create(words: list[str]) -> int:
    """Create a container and print its id. Wrong options are 125, and what the engine refuses is 1, as with Docker."""
    from .container_spec import container_spec

    try:
        parsed = CREATE.parse(words, interspersed=False)
        spec = container_spec(parsed)
    except InvalidSpec as error:
        from .main import ENGINE_FAILED

        raise CommandFailed(str(error), ENGINE_FAILED) from error
    _warn(parsed, spec)
    return _created(parsed, spec, start=False)


def attach(words: list[str]) -> int:
    """Follow a running container until it ends; return its exit code."""
    parsed = _ATTACH.parse(words)
    wishes = wishes_of(parsed, interactive=not parsed.no_stdin)
    from ..containers.attach import attach as attach_to

    def follow() -> int:
        code = attach_to(opened.store(), parsed.arguments[0], wishes)
        return 255 if code is None else code

    return detachable(follow, code=1)


def wishes_of(parsed: Parsed, interactive: bool = True) -> Wishes:
    """Return how the container is to be followed. Raises InvalidSpec for wrong keys."""
    from ..containers.attach import Wishes
    from ..containers.detach_keys import parse

    return Wishes(interactive, parsed.values.get("sig_proxy") is not False, parse(parsed.detach_keys))


def _attached(parsed: Parsed) -> Wishes:
    """Return the same for `run`, where `-a` may name the streams."""
    from .container_spec import attached

    wishes, streams = wishes_of(parsed), attached(parsed.attach)
    wishes.interactive = "stdin" in streams
    wishes.leave_out(*({"stdout", "stderr"} - set(streams)))
    return wishes


def _spec(parsed: Parsed) -> ContainerSpec:
    from .container_spec import container_spec

    spec = container_spec(parsed)
    _warn(parsed, spec)
    return spec


def _warn(parsed: Parsed, spec: ContainerSpec) -> None:
    if parsed.kernel_memory or spec.ulimits or spec.security_opts:
        from .warnings import tell

        tell(parsed, spec)


def _created(parsed: Parsed, spec: ContainerSpec, start: bool) -> int:
    from ..containers.create import create as create_container
    from .pulled import with_image

    store = opened.store()
    with IdFile(parsed.cidfile) as file:
        container = with_image(store, spec.image, parsed.pull, parsed.platform, lambda: create_container(store, spec))
        file.write(container.id)
    if start:
        from ..containers.start import start as start_container

        start_container(store, container.id)
    sys.stdout.write(f"{container.id}\n")
    return 0


class IdFile:
    """The file of `--cidfile`: a new one, deleted when there is no id to write into it."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._file = -1

    def __enter__(self) -> IdFile:
        if self._path:
            try:
                self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            except FileExistsError:
                told = (
                    f"the file {self._path} is there already: is its container still there? Delete it, or name another"
                )
                raise InvalidSpec(told) from None
        return self

    def write(self, container_id: str) -> None:
        """Write the id, if there is a file."""
        if self._file >= 0:
            os.write(self._file, container_id.encode())

    def __exit__(self, *_unused: object) -> None:
        if self._file < 0:
            return
        if self._path and not os.fstat(self._file).st_size:
            os.unlink(self._path)
        os.close(self._file)
