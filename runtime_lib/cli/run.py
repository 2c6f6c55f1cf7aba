"""`skiff run`, `skiff create` and `skiff attach`."""

from __future__ import annotations

import os
import sys

from ..containers import early
from ..errors import InvalidSpec
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
    if parsed.detach:
        return _detached(_spec(parsed), parsed.cidfile)
    if parsed.cidfile:
        raise InvalidSpec("--cidfile works with create and run -d")
    if parsed.tty and parsed.interactive and not os.isatty(0):
        raise InvalidSpec("the input device is not a TTY; leave out -t, or run this in a terminal")
    spawned = early.monitor(opened.layout())
    try:
        wishes, spec = wishes_of(parsed), _spec(parsed)
        from ..containers.run import run as run_container

        return detachable(lambda: run_container(opened.store(), spec, wishes, spawned))
    except InvalidSpec:
        if spawned is not None:
            spawned.cancel()
        raise


def create(words: list[str]) -> int:
    """Create a container and print its id."""
    parsed = CREATE.parse(words, interspersed=False)
    from ..containers.create import create as create_container

    container = create_container(opened.store(), _spec(parsed))
    _tell(container.id, parsed.cidfile)
    return 0


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


def _spec(parsed: Parsed) -> ContainerSpec:
    from .container_spec import container_spec

    spec = container_spec(parsed)
    if parsed.kernel_memory or parsed.ulimit:
        from .warnings import tell

        tell(parsed, spec)
    return spec


def _detached(spec: ContainerSpec, cidfile: str | None) -> int:
    from ..containers.create import create as create_container
    from ..containers.start import start

    store = opened.store()
    container = create_container(store, spec)
    start(store, container.id)
    _tell(container.id, cidfile)
    return 0


def _tell(container_id: str, cidfile: str | None) -> None:
    if cidfile:
        with open(os.open(cidfile, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644), "w") as file:
            file.write(container_id)
    sys.stdout.write(f"{container_id}\n")
