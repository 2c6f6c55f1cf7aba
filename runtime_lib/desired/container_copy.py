"""The `container_copy` module's work."""

from __future__ import annotations

import base64
import hashlib
import os

from ..errors import InvalidSpec, NotFound, WrongState
from ..records import dataclass, replace
from .plan import Outcome, Plan, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..containers.catalog import Container
    from ..containers.copy_look import Seen
    from ..linux.saferoot import SafeRoot
    from ..store import Store

    Tree = dict[str, Seen]


@dataclass(frozen=True)
class Wish:
    """What is to be copied where; `owner` is (uid, gid). Without `content`, `path` is a path of the host."""

    container: str
    container_path: str
    path: str
    content: bytes | None
    owner: tuple[int, int] | None
    mode: int | None
    follow: bool
    local_follow: bool
    out: bool

    @property
    def host_path(self) -> str:
        """The path on the host, behind its links where they are to be followed."""
        return os.path.realpath(self.path) if self.local_follow else self.path

    def place(self, root: SafeRoot) -> str:
        """Return the path in the container's tree, behind its links where they are to be followed."""
        from ..containers import copy_tree

        return copy_tree.resolve(root, self.container_path) if self.follow else self.container_path


@dataclass(frozen=True)
class Copy:
    """Make the copy."""

    wish: Wish

    def describe(self) -> str:
        """Return what it does."""
        source, target = _ends(self.wish)
        return f"copy {source} to {target}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        source, target = _ends(self.wish)
        return {"copied": source, "to": target}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..containers import catalog
        from ..containers.view import view

        container = catalog.find(store, self.wish.container)
        with view(store, container, writable=not self.wish.out) as root:
            (_out if self.wish.out else _into)(store, container, root, self.wish)


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Have a file or tree be the same on both sides; with `check`, only say whether it is."""
    from ..containers import catalog

    asked = wish(options)
    container = catalog.find(store, asked.container)
    wanted, present = observe(store, container, asked)
    steps = plan(asked, wanted, present, options["force"])
    if not check:
        converge(store, steps)
    return Outcome({"container_path": asked.container_path}, steps, steps.changed)


def wish(options: dict[str, Any]) -> Wish:
    """Return what the options ask for. Raises InvalidSpec."""
    out = options["direction"] == "out_of"
    if out and options["content"] is not None:
        raise InvalidSpec("content goes into a container; with direction=out_of, give path, where the copy is made")
    for name in ("container_path", "path"):
        if options[name] is not None and (not options[name].startswith("/") or _tidy(options[name]) == "/"):
            raise InvalidSpec(f"{name} {options[name]!r}: give an absolute path below /")
    return Wish(
        options["container"],
        _tidy(options["container_path"]),
        _tidy(options["path"] or "/"),
        _content(options),
        None if options["owner_id"] is None else (options["owner_id"], options["group_id"]),
        mode(options["mode"], options["mode_parse"]),
        options["follow"],
        options["local_follow"],
        out,
    )


def mode(value: Any, parse: str) -> int | None:
    """Return the bits of a mode: a number, or a text that `parse` says how to read. Raises InvalidSpec. Pure."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise InvalidSpec(f"mode {value!r}: write it as an octal number in quotes, such as '0644'")
    if parse == "octal_string_only" and isinstance(value, int):
        raise InvalidSpec(
            f"mode {value}: with mode_parse=octal_string_only it must be a text in quotes, such as '0644'"
        )
    try:
        number = value if isinstance(value, int) else int(value, 10 if parse == "legacy" else 8)
    except ValueError:
        raise InvalidSpec(f"mode {value!r} is no number of the kind that mode_parse={parse} asks for") from None
    if not 0 <= number <= 0o7777:
        raise InvalidSpec(f"mode {value!r} is {number:o} in octal, which is no mode; write for example '0644'")
    return number


def observe(store: Store, container: Container, asked: Wish) -> tuple[Tree, Tree]:
    """Return what there is to be and what there is. Raises NotFound when there is nothing to copy."""
    from ..containers import copy
    from ..containers.copy_look import seen
    from ..containers.view import view
    from ..linux.saferoot import SafeRoot

    with view(store, container, writable=False) as root, SafeRoot.at("/") as host:
        inner = seen(root, asked.place(root))
        outer = {"": _seen_content(asked)} if asked.content is not None else seen(host, asked.host_path)
        source, target = (inner, outer) if asked.out else (outer, inner)
        if not source:
            raise NotFound(f"there is nothing to copy: {_ends(asked)[0]} does not exist")
        own = (os.geteuid(), os.getegid()) if asked.out else copy.user(store, container, root)
    uid, gid = asked.owner or own
    return {path: _changed(one, uid, gid, asked.mode) for path, one in source.items()}, target


def plan(asked: Wish, wanted: Tree, present: Tree, force: bool | None) -> Plan:
    """Return the step that makes the copy, unless it is there. Pure.

    Raises WrongState for a folder in a file's place.
    """
    if present and force is False:
        return Plan()
    differing = [path for path, one in wanted.items() if force or path not in present or not one.same(present[path])]
    if not differing:
        return Plan()
    for path in differing:
        kinds = {wanted[path].kind, present[path].kind} if path in present else set()
        if len(kinds) == 2 and "folder" in kinds:
            place = f"{_ends(asked)[1]}/{path}".rstrip("/")
            raise WrongState(f"{place} is a {present[path].kind}, and a {wanted[path].kind} cannot take its place")
    return Plan((Copy(asked),), _shown(differing, present), _shown(differing, wanted))


def _into(store: Store, container: Container, root: SafeRoot, asked: Wish) -> None:
    import time

    from ..containers import copy, copy_host, copy_paths
    from ..images import packing

    folder, name = copy_paths.split(asked.place(root))
    if asked.content is None:
        pieces = copy_host.source(asked.path, asked.local_follow).archive(name)
    else:
        pieces = packing.content(name, asked.content, asked.mode or 0o644, time.time_ns())
    copy.put(container, root, folder, pieces, asked.owner or copy.user(store, container, root), asked.mode)


def _out(_store: Store, container: Container, root: SafeRoot, asked: Wish) -> None:
    from ..containers import copy, copy_paths
    from ..images.unpack import unpack
    from ..linux.saferoot import SafeRoot

    folder, name = copy_paths.split(asked.host_path)
    if not os.path.isdir(folder):
        raise NotFound(f"there is no folder {folder} on this host; make it first")
    pieces = copy.source_in(container, root, asked.place(root)).archive(name)
    with SafeRoot.at(folder) as target:
        unpack(copy.reader(pieces), target, "", asked.owner or (os.geteuid(), os.getegid()), asked.mode)


def _ends(asked: Wish) -> tuple[str, str]:
    inner = f"{asked.container}:{asked.container_path}"
    outer = asked.path if asked.content is None else "the content"
    return (inner, outer) if asked.out else (outer, inner)


def _tidy(path: str) -> str:
    return "/" + os.path.normpath(path).lstrip("/")


def _content(options: dict[str, Any]) -> bytes | None:
    text: str | None = options["content"]
    if text is None or not options["content_is_b64"]:
        return None if text is None else text.encode(errors="surrogateescape")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise InvalidSpec(f"content is not base64, as content_is_b64 says: {error}") from None


def _seen_content(asked: Wish) -> Seen:
    from ..containers.copy_look import FILE, Seen

    data = asked.content or b""
    shown = data if len(data) <= 1 << 16 else None
    return Seen(FILE, asked.mode or 0o644, 0, 0, hashlib.sha256(data).hexdigest(), shown)


def _changed(one: Seen, uid: int, gid: int, bits: int | None) -> Seen:
    return replace(one, uid=uid, gid=gid, mode=bits if bits is not None and one.kind == "file" else one.mode)


def _shown(paths: list[str], tree: Tree) -> dict[str, Any]:
    """Return files for diff mode: one with its content where that is a short text, several by name."""
    if paths == [""]:
        return _described(tree[""]) if "" in tree else {"exists": False}
    return {path or ".": _described(tree[path]) if path in tree else {"exists": False} for path in paths}


def _described(one: Seen) -> dict[str, Any]:
    result: dict[str, Any] = {"kind": one.kind, "mode": f"{one.mode:04o}", "owner_id": one.uid, "group_id": one.gid}
    try:
        text = one.text.decode() if one.text is not None else None
    except UnicodeDecodeError:
        text = None
    if one.kind == "file":
        result["content" if text is not None else "sha256"] = one.content if text is None else text
    elif one.kind == "link":
        result["target"] = one.content
    return result
