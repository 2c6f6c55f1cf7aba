"""What the mounts of a RUN are on this host: folders, layers and files in memory, ready for the start.

No path of a stage or of a context is used by name: the runtime resolves each one inside its tree, at the moment of the
mount and by descriptors, so a link leads nowhere else, also when it is swapped meanwhile (CVE-2024-1753,
CVE-2024-23651, CVE-2024-11218).
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager

from ..containers.config_mounts import Additions, ReadyMount
from ..containers.parts import Mount
from ..containers.tree import at_least_two, image_tree
from ..errors import InvalidSpec
from ..images import layers
from ..linux.saferoot import SafeRoot
from ..records import dataclass, replace
from . import agent, cachemounts, hiding, secrets
from .steps import SCRIPTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..store import Store
    from .lines import Heredoc
    from .mount import RunMount
    from .sources import Tree
    from .spec import BuildSpec
    from .steps import RunStep

    Find = Callable[[str], "Origin"]

_LOCKED = ("nosuid", "nodev", "noexec")


@dataclass(frozen=True)
class Origin:
    """What `from` names: the layers' folders of a stage or image (top first), or a folder of the host with its tree.

    `mark` tells it from others in a cache key; a context has none, its content is looked at.
    """

    mark: str
    layers: tuple[str, ...] = ()
    folder: str = ""
    tree: Tree | None = None


def marks(step: RunStep, find: Find) -> list[object]:
    """Return what the mounts, the network and the rights of a RUN add to its key; nothing for a plain one."""
    found: list[object] = []
    for mount in step.mounts:
        mark = ""
        if mount.kind == "bind" or mount.origin:
            origin = find(mount.origin)
            mark = origin.mark or _content(step, mount, origin)
        found.append([*mount.key(), mark])
    if step.script:
        found.append(["script", step.script.name, step.script.content])
    return [*found, step.network, step.insecure] if found or step.network or step.insecure else []


def temporary(step: RunStep) -> tuple[Mount, ...]:
    """Return the tmpfs mounts. As in BuildKit, programs in them can be executed."""
    options = ("exec", "dev")
    return tuple(
        Mount("tmpfs", mount.target, None, mount.read_only, tmpfs_size=mount.size or None, tmpfs_options=options)
        for mount in step.mounts
        if mount.kind == "tmpfs"
    )


@contextmanager
def prepared(store: Store, step: RunStep, spec: BuildSpec, find: Find) -> Iterator[Additions]:
    """Give the mounts and variables of a RUN; caches are locked until the end, and secrets are gone after it.

    Raises InvalidSpec with file and line.
    """
    with ExitStack() as stack:
        ready = _Preparation(store, spec, find, stack)
        for mount in step.mounts:
            try:
                ready.add(mount)
            except InvalidSpec as error:
                raise InvalidSpec(f"{step.where}: {error}") from error
        if step.script:
            ready.script(step.script)
        yield Additions(tuple(ready.mounts), tuple(ready.env))


class _Preparation:
    """The mounts of one RUN while they are made ready; `stack` takes what has to be undone."""

    def __init__(self, store: Store, spec: BuildSpec, find: Find, stack: ExitStack) -> None:
        self.mounts: list[ReadyMount] = []
        self.env: list[str] = []
        self._store = store
        self._spec = spec
        self._find = find
        self._stack = stack
        self._memory = ""

    def add(self, mount: RunMount) -> None:
        if mount.kind == "bind":
            self._bind(mount, self._find(mount.origin))
        elif mount.kind == "cache":
            self._cache(mount)
        elif mount.kind == "secret":
            self._secret(mount)
        elif mount.kind == "ssh":
            self._agent(mount)

    def script(self, document: Heredoc) -> None:
        path = f"{self._scratch()}/script"
        with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            os.fchmod(file.fileno(), 0o755)
            file.write(document.content)
        self.mounts.append(ReadyMount(f"{SCRIPTS}/{document.name}", path, True, recursive=False))

    def _bind(self, mount: RunMount, origin: Origin) -> None:
        folders = origin.layers
        if origin.tree:
            origin.tree.at(mount.source)  # says that it is missing, or excluded
            hidden = self._scratch()
            folders = hiding.lower(origin.tree, origin.folder, hidden)
        else:
            _check(folders, mount)
        ready = ReadyMount(mount.target, folders[0], True, recursive=False, beneath=mount.source.rstrip("/"))
        if not mount.read_only:
            ready = replace(ready, read_only=False, layers=folders, writable=self._upper(folders[0]))
        elif len(folders) > 1 or not origin.tree:
            ready = replace(ready, layers=at_least_two(folders))
        self.mounts.append(ready)

    def _upper(self, below: str) -> str:
        """Return a folder that takes what is written over a bind: nobody keeps it."""
        folder = self._scratch()
        hiding.dressed(f"{folder}/upper", below)
        os.mkdir(f"{folder}/work")
        return folder

    def _cache(self, mount: RunMount) -> None:
        seed, mark, part = -1, "", mount.source
        if mount.origin:
            origin = self._find(mount.origin)
            with image_tree(origin.layers) as root:
                seed, mark, part = _folder(root, mount), origin.mark, "/"
            self._stack.callback(os.close, seed)
            mark = f"{mark} {mount.source}"
        folder = self._stack.enter_context(cachemounts.used(self._store, mount, mark, seed))
        beneath = "" if part == "/" else part
        with SafeRoot.at(folder) as root:
            os.close(_opened(root, beneath or "/", f"the cache {mount.ident}"))
        self.mounts.append(ReadyMount(mount.target, folder, mount.read_only, recursive=False, beneath=beneath))

    def _secret(self, mount: RunMount) -> None:
        content = secrets.value(self._spec.secrets, mount)
        if content is None:
            return
        if mount.env:
            self._variable(mount, content)
        if mount.target:
            path = secrets.write(self._folder_in_memory(), f"s{len(self.mounts)}", content, mount)
            self.mounts.append(ReadyMount(mount.target, path, True, recursive=False, flags=_LOCKED))

    def _variable(self, mount: RunMount, content: bytes) -> None:
        if b"\0" in content:
            raise InvalidSpec(f"the secret {mount.ident} has a NUL character; a variable cannot hold it, use target")
        if not secrets.in_memory(self._store.layout.run):
            raise InvalidSpec(
                f"the secret {mount.ident} as a variable would be written to a disk: {self._store.layout.run} is no "
                "tmpfs; name another folder in SKIFF_RUN, or use target"
            )
        self.env.append(f"{mount.env}={content.decode(errors='surrogateescape')}")

    def _agent(self, mount: RunMount) -> None:
        path = agent.path(self._spec.ssh, mount)
        if path is None:
            return
        place = f"{self._folder_in_memory()}/a{len(self.mounts)}"
        self._stack.enter_context(agent.Forwarder(place, path, mount))
        self.mounts.append(ReadyMount(mount.target, place, recursive=False, flags=_LOCKED))
        if not any(text.startswith("SSH_AUTH_SOCK=") for text in self.env):
            self.env.append(f"SSH_AUTH_SOCK={mount.target}")

    def _scratch(self) -> str:
        return self._stack.enter_context(layers.scratch(self._store))

    def _folder_in_memory(self) -> str:
        self._memory = self._memory or self._stack.enter_context(secrets.folder(self._store.layout.run))
        return self._memory


def _content(step: RunStep, mount: RunMount, origin: Origin) -> str:
    """Return the digest of what a bind of the context shows."""
    tree = origin.tree
    try:
        return tree.digest([tree.at(mount.source)]) if tree else ""
    except InvalidSpec as error:
        raise InvalidSpec(f"{step.where}: {error}") from error


def _check(folders: tuple[str, ...], mount: RunMount) -> None:
    with image_tree(folders) as root:
        os.close(_opened(root, mount.source, mount.origin))


def _folder(root: SafeRoot, mount: RunMount) -> int:
    try:
        return root.open(mount.source, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise InvalidSpec(f"--mount: {mount.source} is no folder in {mount.origin}: {error.strerror}") from error


def _opened(root: SafeRoot, path: str, what: str) -> int:
    try:
        return root.open(path, os.O_PATH)
    except OSError as error:
        raise InvalidSpec(f"--mount: {path} is not in {what}: {error.strerror}") from error
