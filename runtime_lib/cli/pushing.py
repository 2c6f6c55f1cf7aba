"""`skiff push`."""

from __future__ import annotations

import sys

from ..images.push import Listener
from . import opened, output
from .options import FLAG, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..images.push import Pushed
    from ..images.reference import Reference

_PUSH = Usage(
    "push",
    "[OPTIONS] NAME[:TAG]",
    "Push an image, or all of a repository, to a registry",
    (
        Option("all-tags", "a", FLAG, "All tags that the repository has here"),
        Option("disable-content-trust", "", FLAG, "Accepted for Docker's sake: nothing is signed"),
        Option("quiet", "q", FLAG, "Print the name only"),
    ),
    1,
    1,
)


def push(words: list[str]) -> int:
    """Push images."""
    from ..images import push as engine
    from ..images import reference

    parsed = _PUSH.parse(words)
    ref = parsed.arguments[0]
    name = reference.parse(ref)
    quiet = bool(parsed.quiet)
    if parsed.all_tags:
        names = engine.tags(opened.store(), ref)
    else:
        names = [name.familiar]
        if not quiet and not name.digest and ":" not in ref.rpartition("/")[2]:
            output.write_lines([f"Using default tag: {name.tag}"])
    if not quiet:
        output.write_lines([f"The push refers to repository [{name.name}]"])
    for each in names:
        engine.push(opened.store(), each, listener=Listener() if quiet else _Telling())
    if quiet:
        output.write_lines([name.name if parsed.all_tags else name.full])
    return 0


class _Telling(Listener):
    """Tells of a push as Docker does."""

    def layer(self, diff_id: str, status: str) -> None:
        """Say what has become of a layer."""
        self._write(f"{diff_id[7:19]}: {status}")

    def end(self, found: Reference, pushed: Pushed) -> None:
        """Say what the name is."""
        self._write(f"{found.tag}: digest: {pushed.digest} size: {pushed.size}")

    @staticmethod
    def _write(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
