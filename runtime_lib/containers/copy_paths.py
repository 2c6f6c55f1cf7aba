"""Where `docker cp` puts what: the meaning of a trailing slash or dot, and of what is there already. Pure.

The rules are those of `docker cp`'s reference, "Local paths" and "Container paths", as its client follows them.
"""

from __future__ import annotations

import posixpath

from ..errors import InvalidSpec, WrongState
from ..records import dataclass


@dataclass(frozen=True)
class Target:
    """A destination as it is found; `path` is absolute, behind all links of its last name."""

    path: str
    exists: bool = False
    is_folder: bool = False


def container_and_path(text: str) -> tuple[str, str]:
    """Return (container, path) of an argument; ("", path) for a path of this host: "-", "/a:b", "./a:b"."""
    container, colon, path = text.partition(":")
    if text.startswith("/") or not colon or container.startswith("."):
        return "", text
    return container, path


def absolute(path: str, folder: str = "/") -> str:
    """Return a path below `folder` (unless it is absolute) without `.`, `..` and doubled slashes, but for its end."""
    clean = posixpath.normpath(posixpath.join(folder, path))
    clean = f"/{clean.lstrip('/')}"
    if is_dot(path):
        return f"{clean.rstrip('/')}/."
    return f"{clean.rstrip('/')}/" if path.endswith("/") else clean


def split(path: str) -> tuple[str, str]:
    """Return (folder, last name) of an absolute path; the name of a folder's content is ".", that of the root "/"."""
    clean = posixpath.normpath(path)
    if is_dot(path):
        return clean, "."
    return posixpath.dirname(clean), posixpath.basename(clean) or "/"


def is_dot(path: str) -> bool:
    """Whether a path means a folder's content: it ends in `/.`."""
    return path == "." or path.endswith("/.")


def wants_folder(path: str) -> bool:
    """Whether a path says of itself that it is a folder."""
    return path.endswith("/") or is_dot(path)


def behind_link(path: str, target: str) -> tuple[str, str]:
    """Return (target with the end of `path`, name that the copy has nevertheless or "") for a link that is followed."""
    if is_dot(path) and not is_dot(target):
        target = f"{target}/."
    if path.endswith("/") and not target.endswith("/"):
        target = f"{target}/"
    name, found = split(path)[1], split(target)[1]
    return target, "" if name == found else name


def place(name: str, is_folder: bool, target: Target) -> tuple[str, str]:
    """Return (folder that the copy is made in, its name there) of a source called `name`.

    Raises WrongState for a folder where a file is, InvalidSpec for a file where a folder is asked for and is not.
    """
    if target.exists and target.is_folder:
        return target.path, name
    if target.exists and is_folder:
        raise WrongState(f"a folder cannot be copied to {target.path}: a file is there; remove it, or name a folder")
    if not target.exists and not is_folder and wants_folder(target.path):
        raise InvalidSpec(f"there is no folder {target.path}; make it first, or leave out the slash at the end")
    return split(target.path)
