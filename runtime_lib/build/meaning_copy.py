"""What COPY and ADD mean."""

from __future__ import annotations

import posixpath

from ..errors import InvalidSpec
from ..records import replace
from . import expansion, imageconfig
from .steps import CopyStep, Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .instructions import Instruction
    from .scope import Scope

_REMOTE = ("http://", "https://", "ftp://", "git://", "git@", "ssh://")


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
    # Documents in place of files have been taken out of the text already; what is left are paths.
    sources = [path for path, text in zip(paths[:-1], item.arguments) if not (heredocs and text.startswith("<<"))]
    _check_sources(item, sources)
    if len(sources) + len(heredocs) > 1 and not paths[-1].endswith("/"):
        raise InvalidSpec(f"the destination {paths[-1]!r} of several sources must end with /")
    owner = expansion.word(item.flag("chown"), values, scope.escape)
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
        _mode(expansion.word(item.flag("chmod"), values, scope.escape)),
        item.name == "ADD",
    )


def _check_sources(item: Instruction, sources: Sequence[str]) -> None:
    for source in sources:
        if item.name == "ADD" and source.lower().startswith(_REMOTE):
            raise InvalidSpec(
                f"ADD of an address ({source[:60]}) is not supported yet; download it before the build "
                "(ansible.builtin.get_url) and ADD the file"
            )
        if ".." in posixpath.normpath(source.lstrip("/")).split("/"):
            raise InvalidSpec(f"{item.name} {source[:60]!r} leads out of the build context; move the file into it")


def _destination(scope: Scope, path: str) -> str:
    folder = path.endswith("/") or posixpath.basename(path) in (".", "")
    absolute = imageconfig.working_dir(scope.config, path)
    return absolute if not folder or absolute.endswith("/") else f"{absolute}/"


def _mode(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or len(text) > 5 or not set(text) <= set("01234567"):
        raise InvalidSpec(f"--chmod={text[:40]} is no octal number such as 0644; symbolic modes are not supported yet")
    return int(text, 8) & 0o7777
