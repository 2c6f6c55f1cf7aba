"""What COPY and ADD mean."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..records import replace
from . import expansion, imageconfig, modes, remote
from .steps import CopyStep, Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .instructions import Instruction
    from .scope import Scope


def copy(scope: Scope, item: Instruction) -> Step:
    """Return the step of a COPY or ADD. Raises InvalidSpec."""
    values = scope.values()
    paths = [expansion.word(text, values, scope.escape) for text in item.arguments]
    if len(paths) < 2:
        raise InvalidSpec(f"{item.name} needs at least one source and a destination")
    heredocs = tuple(
        replace(part, content=expansion.document(part.content, values)) if part.expand else part
        for part in item.heredocs
    )
    sources, remotes = _sources(item, paths)
    owner = expansion.word(item.flag("chown"), values, scope.escape)
    mode = expansion.word(item.flag("chmod"), values, scope.escape)
    modes.parse(mode)
    checksum = expansion.word(item.flag("checksum"), values, scope.escape)
    prefix = " ".join([*imageconfig.shell(scope.config), f"#(nop) {item.name}"])
    return CopyStep(
        item.where,
        item.text,
        f"{prefix} --chown={owner}" if owner else f"{prefix} ",
        scope.config,
        scope.author,
        tuple(sources),
        heredocs,
        _destination(scope, paths[-1]),
        paths[-1],
        item.flag("from"),
        owner,
        mode,
        item.name == "ADD" and _unpacks(item),
        bool(item.flag("link")),
        bool(item.flag("parents")),
        tuple(expansion.word(text, values, scope.escape) for text in item.values("exclude")),
        tuple(remote.parse(text, checksum, bool(item.flag("keep-git-dir"))) for text in remotes),
        bool(item.flag("unpack")),
    )


def _unpacks(item: Instruction) -> bool:
    return "unpack" not in dict(item.flags) or bool(item.flag("unpack"))


def _sources(item: Instruction, paths: list[str]) -> tuple[list[str], list[str]]:
    """Return the paths and the addresses among what is copied; the last of `paths` is the destination."""
    # Documents in place of files have been taken out of the text already; what is left are paths.
    named = [path for path, text in zip(paths[:-1], item.arguments) if not (item.heredocs and text.startswith("<<"))]
    remotes = [text for text in named if remote.is_remote(text)]
    sources = [text for text in named if text not in remotes]
    _check_sources(item, sources, remotes)
    return sources, remotes


def _check_sources(item: Instruction, sources: Sequence[str], remotes: Sequence[str]) -> None:
    if remotes and (item.name == "COPY" or item.flag("from")):
        raise InvalidSpec(f"COPY takes no address ({remote.shown(remotes[0])}); ADD does")
    if item.flag("checksum") and (len(remotes) != 1 or sources):
        raise InvalidSpec("--checksum belongs to one address or repository, and to nothing else")


def _destination(scope: Scope, path: str) -> str:
    folder = path.endswith("/") or path in (".", "")
    absolute = imageconfig.working_dir(scope.config, path)
    return absolute if not folder or absolute.endswith("/") else f"{absolute}/"
