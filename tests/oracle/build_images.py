"""Saved images, read in the same way from both builders: configuration, history, and every path."""

from __future__ import annotations

import json
import re
import stat
import tarfile
from pathlib import Path
from typing import Any

HASH = re.compile(r"(file|dir|multi):[0-9a-f]{64}")
_KINDS = {tarfile.SYMTYPE: stat.S_IFLNK, tarfile.DIRTYPE: stat.S_IFDIR, tarfile.FIFOTYPE: stat.S_IFIFO}
_XATTR = "SCHILY.xattr."

Tree = dict[str, tuple[Any, ...]]


class Saved:
    """An archive of `save` with many images."""

    def __init__(self, path: Path) -> None:
        self._archive = tarfile.open(path)
        self._manifest = {self._id(one["Config"]): one for one in json.loads(self._read("manifest.json"))}
        self._layers: dict[str, list[tuple[str, tuple[Any, ...]]]] = {}

    def close(self) -> None:
        self._archive.close()

    def config(self, image: str) -> dict[str, Any]:
        return json.loads(self._read(self._manifest[image]["Config"]))  # type: ignore[no-any-return]

    def tree(self, image: str) -> Tree:
        """Return {path: (mode, uid, gid, link, content, attributes)} of an image."""
        found: Tree = {}
        for diff_id, path in zip(self.config(image)["rootfs"]["diff_ids"], self._manifest[image]["Layers"]):
            if diff_id not in self._layers:
                self._layers[diff_id] = list(self._entries(path))
            _apply(found, self._layers[diff_id])
        return found

    @staticmethod
    def _id(path: str) -> str:
        return "sha256:" + path.rpartition("/")[2].removesuffix(".json")

    def _member(self, path: str) -> tarfile.TarInfo:
        member = self._archive.getmember(path)
        while member.issym():  # the same layer in an image before
            path = str(Path(path).parent / member.linkname)
            member = self._archive.getmember("/".join(_resolved(path)))
        return member

    def _read(self, path: str) -> bytes:
        file = self._archive.extractfile(self._member(path))
        assert file is not None
        return file.read()

    def _entries(self, path: str) -> Any:
        file = self._archive.extractfile(self._member(path))
        with tarfile.open(fileobj=file) as layer:
            seen: Tree = {}
            for member in layer:
                name = member.name.removeprefix("./").strip("/")
                if not name or name == ".":
                    continue
                if member.islnk():
                    seen[name] = seen[member.linkname.removeprefix("./").strip("/")]
                else:
                    content = layer.extractfile(member).read()[:200] if member.isreg() else b""  # type: ignore[union-attr]
                    seen[name] = _described(member, content)
                yield name, seen[name]


def _resolved(path: str) -> list[str]:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return parts


def _described(member: tarfile.TarInfo, content: bytes) -> tuple[Any, ...]:
    mode = stat.S_IFLNK if member.issym() else member.mode | _KINDS.get(member.type, stat.S_IFREG)
    attributes = {key: value for key, value in member.pax_headers.items() if key.startswith(_XATTR)}
    return oct(mode), member.uid, member.gid, member.linkname if member.issym() else "", content, attributes


def _apply(tree: Tree, entries: list[tuple[str, tuple[Any, ...]]]) -> None:
    for name, entry in entries:
        folder, _unused, base = name.rpartition("/")
        if base == ".wh..wh..opq":
            _remove(tree, f"{folder}/")
        elif base.startswith(".wh."):
            gone = f"{folder}/{base[4:]}".lstrip("/")
            tree.pop(gone, None)
            _remove(tree, f"{gone}/")
        else:
            if not stat.S_ISDIR(int(entry[0], 8)):
                _remove(tree, f"{name}/")
            tree[name] = entry


def _remove(tree: Tree, prefix: str) -> None:
    for name in [name for name in tree if name.startswith(prefix)]:
        del tree[name]


def without_mount_points(tree: Tree) -> Tree:
    """Return a tree without the empty folders that BuildKit leaves where it has mounted something."""
    return {name: entry for name, entry in tree.items() if name not in ("dev", "proc", "sys")}


def parts(document: dict[str, Any], tree: Tree) -> dict[str, Any]:
    """Return what is compared of an image."""
    config = {key: value for key, value in document["config"].items() if value and key not in ("Image", "Hostname")}
    history = [
        (HASH.sub(r"\1", entry.get("created_by", "")), entry.get("empty_layer", False), entry.get("author"))
        for entry in document["history"][1:]
    ]
    about = (document.get("author"), document["architecture"], document["os"])
    return {
        "config": (config, about),
        "history": (history, len(document["rootfs"]["diff_ids"])),
        "tree": tree,
    }
