"""The folder that a build reads: its Dockerfile, its `.dockerignore` and what COPY may take."""

from __future__ import annotations

import os

from ..errors import InvalidSpec, NotFound
from ..linux.saferoot import SafeRoot
from . import ignore
from .sources import Tree

_LIMIT = 1 << 20  # bytes of a Dockerfile


class Context:
    """An open build context; a context manager. `name` is the Dockerfile's, for messages; `dockerfile` its text."""

    def __init__(self, path: str, dockerfile: str, text: str | None = None) -> None:
        """Read both files, the Dockerfile only where its `text` is not given.

        Raises NotFound or InvalidSpec for a folder or Dockerfile that cannot be read.
        """
        self._root = _opened(path)
        try:
            self.name = dockerfile
            self.dockerfile = _text(self._dockerfile(path, dockerfile), dockerfile) if text is None else text
            self.tree = Tree(self._root, _ignore(self._root, dockerfile))
        except BaseException:
            self._root.close()
            raise
        self._others: dict[str, Tree] = {}

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *_unused: object) -> None:
        for tree in (self.tree, *self._others.values()):
            tree.root.close()

    def other(self, path: str) -> Tree:
        """Return another folder of the host as a tree, with its own `.dockerignore`. Raises NotFound, InvalidSpec."""
        if path not in self._others:
            root = _opened(path)
            try:
                self._others[path] = Tree(root, _ignore(root, ""))
            except BaseException:
                root.close()
                raise
        return self._others[path]

    def _dockerfile(self, path: str, name: str) -> bytes:
        try:
            if not os.path.isabs(name):
                return self._root.read(name, _LIMIT)
            return _beside(name)  # it need not lie in the context
        except FileNotFoundError as error:
            raise NotFound(f"there is no file {name} in {path}; write one, or name another Dockerfile") from error
        except OSError as error:
            raise InvalidSpec(f"cannot read the Dockerfile {name} of {path}: {error.strerror}") from error


def _opened(path: str) -> SafeRoot:
    try:
        return SafeRoot.at(path)
    except FileNotFoundError as error:
        raise NotFound(f"the build context {path} does not exist on the host; copy it there first") from error
    except OSError as error:
        raise InvalidSpec(f"cannot read the build context {path}: {error.strerror}; name a folder") from error


def _ignore(root: SafeRoot, dockerfile: str) -> ignore.Ignore:
    """Return the rules of `<Dockerfile>.dockerignore`, which lies beside it, else of `.dockerignore`."""
    own = f"{dockerfile}.dockerignore"
    for name in (*([own] if dockerfile else ()), ".dockerignore"):
        try:
            content = _beside(name) if os.path.isabs(name) else root.read(name, _LIMIT)
            return ignore.parse(_text(content, name), name)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise InvalidSpec(f"cannot read {name} of the build context: {error.strerror}") from error
    return ignore.Ignore()


def _beside(path: str) -> bytes:
    """Read a file that the user has named on the host, or that lies beside one."""
    with SafeRoot.at(os.path.dirname(path)) as folder:
        return folder.read(os.path.basename(path), _LIMIT)


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InvalidSpec(f"{name} is no UTF-8 text (byte {error.start}); save it as UTF-8") from error
