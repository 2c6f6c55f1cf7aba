"""The secrets of a build: where their values come from, and the files in memory that a RUN gets to see.

A value is read when a RUN asks for it. It is written to a tmpfs alone, and is in no layer, history, key or log.
"""

from __future__ import annotations

import csv
import os
import stat
from contextlib import contextmanager

from ..errors import HostLacks, InvalidSpec
from ..linux import trees
from . import owner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .mount import RunMount

_LIMIT = 500 * 1024  # bytes, as BuildKit has it
_PREFIX = "skiff-build-"
_MEMORY = ("tmpfs", "ramfs")


class Secret:
    """Where a value comes from: a file of the host, a variable, or the value itself; it is never shown."""

    __slots__ = ("_content", "_kind")

    def __init__(self, kind: str, content: str) -> None:
        """Take `kind` "file" (a path), "env" (a variable's name) or "value"."""
        self._kind = kind
        self._content = content

    def __repr__(self) -> str:
        return f"Secret({self._kind!r}, ...)"

    def read(self, ident: str) -> bytes:
        """Return the value. Raises InvalidSpec when there is none."""
        if self._kind == "value":
            return self._content.encode(errors="surrogateescape")
        if self._kind == "env":
            if self._content not in os.environ:
                raise InvalidSpec(f"secret {ident}: the variable {self._content} is not set; set it, or give a file")
            return os.environb[os.fsencode(self._content)]
        return _file(ident, self._content)


def parse(text: str, environ: Mapping[str, str]) -> tuple[str, Secret]:
    """Return (id, secret) of `id=ID[,src=PATH|,env=NAME]`, as `docker build --secret` has it. Raises InvalidSpec."""
    values = fields(text, "secret")
    ident = values.pop("id", "")
    kind, path, name = values.pop("type", ""), values.pop("src", values.pop("source", "")), values.pop("env", "")
    if not ident or values or kind not in ("", "file", "env") or (path and name):
        raise InvalidSpec(f"--secret {text[:100]!r} is not id=ID,src=PATH or id=ID,env=NAME")
    if kind == "env" and path:
        path, name = "", path
    if name or (not path and kind != "file" and ident in environ):
        return ident, Secret("env", name or ident)
    return ident, Secret("file", os.path.abspath(path or ident))


def fields(text: str, what: str) -> dict[str, str]:
    """Return the KEY=VALUE parts of an option. Raises InvalidSpec."""
    try:
        (parts,) = csv.reader([text], strict=True)
        return {key.strip(): value for key, value in (part.split("=", 1) for part in parts)}
    except (csv.Error, ValueError) as error:
        raise InvalidSpec(f"--{what} {text[:100]!r} is no list of KEY=VALUE with commas in between") from error


def value(known: Mapping[str, Secret], mount: RunMount) -> bytes | None:
    """Return the value that a mount shows; None when nobody has given it. Raises InvalidSpec for a required one."""
    if mount.ident in known:
        return known[mount.ident].read(mount.ident)
    if mount.required:
        raise InvalidSpec(f"the secret {mount.ident} is required; give it with --secret id={mount.ident},src=PATH")
    return None


def write(folder: str, name: str, content: bytes, mount: RunMount) -> str:
    """Write a value to a file of a folder in memory and return its path."""
    path = f"{folder}/{name}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
        os.fchown(descriptor, mount.uid, mount.gid)
        os.fchmod(descriptor, 0o400 if mount.mode is None else mount.mode)
    return path


@contextmanager
def folder(run: str) -> Iterator[str]:
    """Give a folder in memory that only root may enter; it is gone at the end. Raises HostLacks without a tmpfs."""
    place = next((place for place in _places(run) if in_memory(place)), None)
    if place is None:
        raise HostLacks(f"none of {', '.join(_places(run))} is a tmpfs; mount one, so that no secret touches a disk")
    name = f"{_PREFIX}{owner.mark()}-{os.urandom(6).hex()}"
    os.mkdir(f"{place}/{name}", 0o700)
    try:
        yield f"{place}/{name}"
    finally:
        _remove(place, name)


def sweep(run: str) -> None:
    """Remove the folders of builds that were killed."""
    for place in _places(run):
        for name in os.listdir(place) if os.path.isdir(place) else ():
            if name.startswith(_PREFIX) and owner.ended(name[len(_PREFIX) :].partition("-")[0]):
                status = os.lstat(f"{place}/{name}")
                if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
                    _remove(place, name)


def in_memory(path: str) -> bool:
    """Whether a path of the host lies on a tmpfs."""
    try:
        number = os.stat(path).st_dev
    except OSError:
        return False
    wanted = f"{os.major(number)}:{os.minor(number)}"
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            words = line.split()
            if words[2] == wanted:
                return words[words.index("-", 6) + 1] in _MEMORY
    return False


def _places(run: str) -> Sequence[str]:
    return (run, "/dev/shm", "/run")


def _remove(place: str, name: str) -> None:
    parent = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        trees.remove_tree(parent, name)
    finally:
        os.close(parent)


def _file(ident: str, path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InvalidSpec(f"secret {ident}: {path} is no file")
            content = file.read(_LIMIT + 1)
    except OSError as error:
        raise InvalidSpec(f"secret {ident}: cannot read {path}: {error.strerror}") from error
    if len(content) > _LIMIT:
        raise InvalidSpec(f"secret {ident}: {path} is larger than {_LIMIT} bytes; a secret is a key or a password")
    return content
