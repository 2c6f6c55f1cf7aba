"""What a build is asked for, and what comes out."""

from __future__ import annotations

from ..records import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO, Any

    from ..images.catalog import Image
    from .cachespec import CachePlace
    from .outputs import Output
    from .secrets import Secret
    from .watcher import Watcher


def _nowhere(_unused: str) -> None:
    """Drop a piece of output."""


@dataclass(frozen=True)
class BuildSpec:
    """One build. `path` is the context's folder, or the address of a repository or an archive; `stream` replaces it by
    an archive or a Dockerfile. `dockerfile` lies in it unless the path is absolute.

    `names` are given to the image (with a tag, or latest). `network` is a container's network mode, "" the default
    bridge. `memory`, `memory_swap` and `shm_size` (bytes, 0: no limit of its own) and `etc_hosts` hold for RUN.
    `output` gets the log as it grows: lines of the builder, and pieces of what the commands print. `platform` is what
    the image is for, "" this host's; the stages of `nocache_filter` do not use the cache. `pull` brings base images
    from registries: never, when they are missing, or always. `text` is the Dockerfile itself, in place of a file. The
    argument SOURCE_DATE_EPOCH is the time of everything that the build makes.
    `secrets` and `ssh` (paths of agents' sockets) are what RUN may ask for, by id. `allow` holds what a Dockerfile may
    not take for itself: security.insecure, network.host. `container` are more settings of the containers of RUN, by
    the names of ContainerSpec. `contexts` maps names to what they mean in FROM and `from`: a folder's path,
    docker-image://NAME or oci-layout://PATH. Without `outputs` the image stays in the store with its names. `squash`
    makes the layers on top of the target stage's base one.
    `cache_from` and `cache_to` are caches of other hosts. A `watcher` is told of the steps; `output` and
    the result's log then have what belongs to none of them.
    """

    path: str
    dockerfile: str = "Dockerfile"
    names: tuple[str, ...] = ()
    args: dict[str, str] = field(default_factory=dict)
    target: str = ""
    nocache: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    network: str = ""
    memory: int = 0
    memory_swap: int = 0
    shm_size: int = 0
    etc_hosts: dict[str, str] = field(default_factory=dict)
    output: Callable[[str], None] = field(default=_nowhere, compare=False)
    platform: str = ""
    nocache_filter: tuple[str, ...] = ()
    pull: str = "never"
    text: str | None = None
    secrets: dict[str, Secret] = field(default_factory=dict)
    ssh: dict[str, str] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    container: dict[str, Any] = field(default_factory=dict)
    contexts: dict[str, str] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    squash: bool = False
    cache_from: tuple[CachePlace, ...] = ()
    cache_to: tuple[CachePlace, ...] = ()
    watcher: Watcher | None = field(default=None, compare=False)
    stream: IO[bytes] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class DoneStep:
    """One step of a build, and whether its layer was there already."""

    text: str
    cached: bool


@dataclass(frozen=True)
class BuildResult:
    """`changed` says whether a name was moved to the image, or the image is new."""

    image: Image
    steps: tuple[DoneStep, ...]
    log: str
    changed: bool


@dataclass(frozen=True)
class Outlook:
    """What a build would do: `image_id` is None when a layer is not there, and `missing` the first step to run then."""

    image_id: str | None
    missing: str
    changed: bool
