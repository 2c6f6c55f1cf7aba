"""Where the outcome of a build goes beside the store: archives of the image, or its file system."""

from __future__ import annotations

import os
import stat

from ..containers.tree import image_tree
from ..errors import InvalidSpec
from ..images import layers, layoutfolder, newfile, packing
from ..images.save import save
from ..images.selection import Selected
from ..linux.saferoot import SafeRoot
from ..linux.writing import write_all
from ..records import dataclass, replace
from .place import Writer
from .secrets import fields
from .sources import Tree, is_device

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..images.catalog import Image
    from ..store import Store

KINDS = ("image", "docker", "oci", "tar", "local")


@dataclass(frozen=True)
class Output:
    """One of them. `dest` is an absolute path, "-" for standard output, "" for the store.

    `unpacked` makes an OCI layout folder in place of an archive; `names` are more names of the image, and `push` sends
    all of them to their registries.
    """

    kind: str
    dest: str = ""
    names: tuple[str, ...] = ()
    unpacked: bool = False
    push: bool = False

    @property
    def stays(self) -> bool:
        """Whether the image itself is to be in the store, with its names."""
        return self.kind == "image" or (self.kind == "docker" and not self.dest)


def parse(text: str) -> Output:
    """Return the output of `type=KIND,dest=PATH`, of a folder's path, or of `-`. Raises InvalidSpec."""
    if "=" not in text:
        return Output("tar", "-") if text == "-" else Output("local", os.path.abspath(text))
    values = fields(text, "output")
    kind, dest = values.pop("type", ""), values.pop("dest", "")
    names = tuple(name for name in values.pop("name", "").split(",") if name)
    unpacked = values.pop("tar", "true").lower() in ("false", "0")
    push = values.pop("push", "false").lower() in ("true", "1")
    if kind == "registry":
        kind, push = "image", True
    if values:
        raise InvalidSpec(
            f"--output {text[:100]!r}: unknown key {sorted(values)[0]!r}; type, dest, name, tar and push are known"
        )
    return checked(Output(kind, dest if dest in ("", "-") else os.path.abspath(dest), names, unpacked, push))


def checked(output: Output) -> Output:
    """Return an output that makes sense. Raises InvalidSpec."""
    if output.kind not in KINDS:
        raise InvalidSpec(f"output: type {output.kind[:40]!r} is none of {', '.join(KINDS)}")
    if output.kind in ("oci", "tar", "local") and not output.dest:
        raise InvalidSpec(f"output: type {output.kind} needs dest, where it is written")
    if output.kind == "image" and output.dest:
        raise InvalidSpec("output: type image has no dest: it stays in the store")
    if output.dest == "-" and (output.kind == "local" or output.unpacked):
        raise InvalidSpec(f"output: type {output.kind} is a folder, and cannot go to standard output")
    return output


def check(output: Output) -> None:
    """Raise InvalidSpec where an output cannot be written: its folder is missing, or something else is there."""
    if output.dest in ("", "-"):
        return
    if output.kind != "local" and not output.unpacked:
        newfile.check(output.dest)
    elif os.path.exists(output.dest) and not os.path.isdir(output.dest):
        raise InvalidSpec(f"cannot write {output.dest}: it is there, and it is no folder")


def write(store: Store, image: Image, names: Sequence[str], output: Output) -> None:
    """Write one output that is not the store's. A file appears when it is complete. Raises OSError, CorruptData."""
    if output.push:
        from ..images.push import push

        for name in names:
            push(store, name)
    if output.kind in ("docker", "oci") and output.dest:
        selected = [Selected(image, tuple(names))]
        if output.unpacked:
            os.makedirs(output.dest, exist_ok=True)
            layoutfolder.fill(store, selected, output.dest)
        else:
            _file(output.dest, lambda descriptor: save(store, selected, descriptor))
    elif output.kind == "tar":
        _file(output.dest, lambda descriptor: _tar(store, image, descriptor))
    elif output.kind == "local":
        _local(store, image, output.dest)


def _file(path: str, fill: Callable[[int], None]) -> None:
    if path == "-":
        return fill(1)
    with newfile.replacing(path) as descriptor:
        fill(descriptor)
        os.fchmod(descriptor, 0o644)


def _tar(store: Store, image: Image, descriptor: int) -> None:
    with image_tree(layers.folders(store, image.layers)) as root:
        top = root.open("/", os.O_RDONLY | os.O_DIRECTORY)
        try:
            for piece in packing.folder(top, "", ""):
                write_all(descriptor, piece)
        finally:
            os.close(top)


def _local(store: Store, image: Image, path: str) -> None:
    """Copy the file system into a folder of the host.

    It is a stranger's: no link in the folder is followed, and no device, set-user-ID bit or capability comes along.
    """
    os.makedirs(path, exist_ok=True)
    with image_tree(layers.folders(store, image.layers)) as root, SafeRoot.at(path) as target:
        tree = Tree(root)
        source = tree.at("")
        kept = tuple(entry for entry in source.entries if not is_device(entry))
        writer = Writer(target, None, _harmless)
        writer.keeps_times = True
        writer.keeps_capabilities = False
        writer.copy(tree, [replace(source, entries=kept)], "/", False)


def _harmless(mode: int, folder: bool) -> int:
    return mode & (0o1777 if folder else 0o777) & ~(stat.S_ISUID | stat.S_ISGID)
