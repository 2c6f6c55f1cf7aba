"""The steps that write files without a container: COPY, ADD and WORKDIR."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager

from ..containers import users
from ..containers.tree import container_tree
from ..errors import CorruptData, InvalidSpec
from ..images import layers
from ..records import dataclass
from . import ignore, modes
from .place import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..linux.saferoot import SafeRoot
    from ..store import Store
    from .sources import Source, Tree
    from .state import State
    from .steps import CopyStep, Step, WorkdirStep


@dataclass(frozen=True)
class Part:
    """Sources from one tree. `mark` stands for their content where that is known without reading it."""

    tree: Tree
    sources: tuple[Source, ...]
    mark: str = ""
    unpacks: bool = False
    keeps_times: bool = False


def find(tree: Tree, step: CopyStep) -> list[Part]:
    """Return what a COPY names in a tree. Raises InvalidSpec with file and line."""
    try:
        rules = ignore.parse("\n".join(step.exclude), "--exclude") if step.exclude else None
        found = tree.with_parents(step.sources) if step.parents else tree.find(step.sources) if step.sources else []
        sources = [one for one in (source.without(rules) for source in found) if one] if rules else found
    except InvalidSpec as error:
        raise InvalidSpec(f"{step.where}: {error}") from error
    return [] if step.remotes and not sources else [Part(tree, tuple(sources), unpacks=step.unpack)]


def mark(parts: Sequence[Part], step: CopyStep) -> str:
    """Return the digest of a COPY's content as history shows it: file:..., dir:... or multi:..."""
    digests = [part.mark or part.tree.digest(part.sources) for part in parts]
    found = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    for document in step.heredocs:
        found = hashlib.sha256(
            f"{found}{document.name}\0{document.content}".encode(errors="surrogateescape")
        ).hexdigest()
    sources = [source for part in parts for source in part.sources]
    if len(sources) + len(step.heredocs) > 1:
        return f"multi:{found}"
    return f"dir:{found}" if sources and sources[0].is_folder else f"file:{found}"


@contextmanager
def copied(store: Store, state: State, step: CopyStep, parts: Sequence[Part]) -> Iterator[str]:
    """Do a COPY or ADD; give the folder with what it has written."""
    with upper_folder(store, state) as (folders, work):
        with container_tree(folders, work) as root, _located(step):
            keeps = step.source_stage and not step.owner
            writer = Writer(root, None if keeps else _owner(root, step.owner), modes.parse(step.mode))
            _check_destination(writer, step, parts)
            if step.link:
                writer.cut_links(step.destination)
            for part in parts:
                writer.keeps_times = part.keeps_times
                writer.copy(part.tree, part.sources, step.destination, part.unpacks)
            for document in step.heredocs:
                writer.write(step.destination, document.name, document.content.encode(errors="surrogateescape"))
        yield f"{work}/upper"


def _check_destination(writer: Writer, step: CopyStep, parts: Sequence[Part]) -> None:
    """Raise InvalidSpec where several sources would become one file."""
    count = sum(len(part.sources) for part in parts) + len(step.heredocs)
    if count > 1 and not writer.is_into(step.destination):
        raise InvalidSpec(f"the destination {step.written!r} of several sources must end with /, or be a folder")


@contextmanager
def made(store: Store, state: State, step: WorkdirStep) -> Iterator[str]:
    """Make the folder of a WORKDIR where it is missing; give the folder with what has been written."""
    with upper_folder(store, state) as (folders, work):
        with container_tree(folders, work) as root, _located(step):
            Writer(root, (0, 0)).make_folder(step.path, _user_of(root, step.user))
        yield f"{work}/upper"


@contextmanager
def upper_folder(store: Store, state: State) -> Iterator[tuple[list[str], str]]:
    """Give (the layers' folders, a scratch folder with an empty `upper` on top of them)."""
    with layers.scratch(store) as work:
        folders = layers.folders(store, state.layers)
        if not folders:
            folders = [f"{work}/empty"]
            os.mkdir(folders[0])
            os.chmod(folders[0], 0o755)
        for name in ("upper", "work"):
            os.mkdir(f"{work}/{name}")
        # The root of the tree takes mode and owner from here.
        status = os.stat(folders[0])
        os.chown(f"{work}/upper", status.st_uid, status.st_gid)
        os.chmod(f"{work}/upper", status.st_mode & 0o7777)
        yield folders, work


@contextmanager
def _located(step: Step) -> Iterator[None]:
    """Say in every error which line it belongs to."""
    try:
        yield
    except (InvalidSpec, CorruptData) as error:
        raise type(error)(f"{step.where}: {error}") from error
    except OSError as error:
        raise OSError(error.errno, f"{step.where}: {error.strerror}", error.filename) from error


def _user_of(root: SafeRoot, text: str) -> tuple[int, int]:
    """Return (uid, gid) of the image's user; root for one that is not known, which only a RUN complains of."""
    name, _unused, group = text.partition(":")
    try:
        user = users.lookup(root, name)
    except InvalidSpec:
        return 0, 0
    own = int(name) if name.isdigit() else user.gid
    return user.uid, _group(root, group, own) if group else own


def _owner(root: SafeRoot, text: str) -> tuple[int, int]:
    """Return (uid, gid) of `--chown`. Without a group it is that of the user's name or number, else the user's own."""
    if not text:
        return 0, 0
    name, _unused, group = text.partition(":")
    user = _user(root, name)
    return user.uid, _group(root, group or name, None if group else user.gid)


def _user(root: SafeRoot, name: str) -> users.User:
    """Return a user of the image; root is 0 also in one that knows nobody, as BuildKit has it."""
    try:
        return users.lookup(root, name)
    except InvalidSpec:
        if name != "root":
            raise
        return users.lookup(root, "")


def _group(root: SafeRoot, name: str, otherwise: int | None) -> int:
    try:
        return users.lookup(root, f"0:{name}").gid
    except InvalidSpec:
        if name != "root" and otherwise is None:
            raise
        return otherwise or 0
