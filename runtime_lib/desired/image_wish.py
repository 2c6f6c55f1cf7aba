"""The options of an image task, as what is wanted. Pure."""

from __future__ import annotations

from ..build import cachespec
from ..build.secrets import Secret
from ..build.spec import BuildSpec
from ..containers.sizes import size
from ..errors import InvalidSpec
from ..images import digest, reference
from ..records import dataclass, field
from .container_values import etc_hosts, labels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..images.bootstrap import Recipe

_NEEDED = {  # by source
    "bootstrap": "bootstrap",
    "build": "build",
    "host": "source_host",
    "import": "load_path",
    "load": "load_path",
}
_UNUSED_BUILD = ("http_timeout",)
_LIMITS = {"cpusetcpus": "cpuset_cpus", "cpushares": "cpu_shares"}


ELSEWHERE = ("controller", "host")  # sources that the controller's side of the module asks


@dataclass(frozen=True)
class Delivery:
    """What the controller's side knows of an image that is elsewhere: its id, its layers' diff ids, and an archive.

    The archive is on this host, and has the layers that this host lacked when it was asked.
    """

    image_id: str
    layers: tuple[str, ...]
    archive: str | None = None


@dataclass(frozen=True)
class Wish:
    """What a task wants of one image. `ref` is its name with a tag, or its id.

    `push` sends it to the registry of `repository`, or of its own name.
    """

    ref: str
    state: str = "present"
    source: str = "local"
    force_source: bool = False
    force_absent: bool = False
    force_tag: bool = False
    repository: str | None = None
    load_path: str | None = None
    archive_path: str | None = None
    changes: tuple[str, ...] = ()
    build: BuildSpec | None = None
    bootstrap: Recipe | None = None
    delivery: Delivery | None = None
    platform: str = ""
    push: bool = False
    warnings: tuple[str, ...] = field(default_factory=tuple)


def wish(options: dict[str, Any]) -> Wish:
    """Return the wish of a task's options. Raises InvalidSpec for what makes no sense or is not there."""
    ref = full_name(options["name"], options["tag"])
    repository = full_name(options["repository"], _tag(ref)) if options.get("repository") else None
    if options.get("push") and digest.valid(repository or ref):
        raise InvalidSpec(f"image {ref}: push needs a name, not an id; give the name in repository")
    source = options.get("source")
    if options["state"] == "present" and source is None:
        raise InvalidSpec(f"image {ref}: state is present, so source must say where the image comes from")
    needed = _NEEDED.get(source or "")
    if needed and options["state"] == "present" and not options.get(needed):
        raise InvalidSpec(f"image {ref}: source {source} needs {needed}")
    return Wish(
        ref,
        options["state"],
        source or "local",
        options["force_source"],
        options["force_absent"],
        options["force_tag"],
        repository,
        options.get("load_path"),
        options.get("archive_path"),
        tuple(options.get("changes") or ()),
        build_spec(ref, options["build"]) if options.get("build") else None,
        _recipe(ref, options["bootstrap"]) if options.get("bootstrap") else None,
        _delivery(options["delivery"]) if options.get("delivery") else None,
        (options.get("pull") or {}).get("platform") or "",
        bool(options.get("push")) and options["state"] == "present",
        unused(options.get("build") or {}),
    )


def _delivery(options: dict[str, Any]) -> Delivery:
    layers = tuple(digest.check(value, "delivery: layers") for value in options["layers"])
    return Delivery(digest.check(options["image_id"], "delivery: image_id"), layers, options.get("archive"))


def full_name(name: str, tag: str) -> str:
    """Return the name with a tag; a tag of its own wins, and an id has none. Raises InvalidSpec for a wrong name."""
    if digest.valid(name):
        return name
    own = "@" in name or ":" in name.rpartition("/")[2]
    return reference.parse(name if own else f"{name}:{tag}").familiar


def _tag(ref: str) -> str:
    return "latest" if digest.valid(ref) else reference.parse(ref).tag or "latest"


def build_spec(ref: str, options: dict[str, Any]) -> BuildSpec:
    """Return the build of `build` of the image module, or of the dockerfile_build module's own options."""
    limits = options.get("container_limits") or {}
    return BuildSpec(
        options["path"],
        options.get("dockerfile") or "Dockerfile",
        (ref,),
        {str(key): str(value) for key, value in (options.get("args") or {}).items()},
        options.get("target") or "",
        bool(options.get("nocache")),
        labels(options.get("labels") or {}),
        options.get("network") or "",
        size(limits.get("memory") or 0, "container_limits: memory"),
        size(limits.get("memswap") or 0, "container_limits: memswap"),
        size(options.get("shm_size") or 0, "shm_size"),
        etc_hosts(options.get("etc_hosts") or {}),
        platform=options.get("platform") or "",
        pull="always" if options.get("pull") else "missing",
        secrets=_secrets(options.get("secrets") or ()),
        cache_from=tuple(cachespec.source(text) for text in options.get("cache_from") or ()),
        cache_to=tuple(cachespec.target(text) for text in options.get("cache_to") or ()),
        squash=bool(options.get("squash")),
        container={name: limits[key] for key, name in _LIMITS.items() if limits.get(key)},
    )


def _secrets(given: Iterable[dict[str, Any]]) -> dict[str, Secret]:
    """Return the secrets of a build by their id. Raises InvalidSpec."""
    found = {}
    for one in given:
        kind, key = one["type"], {"file": "src", "env": "env", "value": "value"}[one["type"]]
        if not one.get(key):
            raise InvalidSpec(f"secrets: {one['id']} of type {kind} needs {key}")
        found[one["id"]] = Secret(kind, one[key])
    return found


def unused(options: dict[str, Any]) -> tuple[str, ...]:
    """Return a warning for the options of a build that are taken and have no effect."""
    limits = options.get("container_limits") or {}
    flat = {**options, **{f"container_limits.{key}": value for key, value in limits.items()}}
    return tuple(f"{key} has no effect on a build here" for key in _UNUSED_BUILD if flat.get(key))


def _recipe(ref: str, options: dict[str, Any]) -> Recipe:
    from ..images.bootstrap import Recipe

    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    return Recipe(ref, **{key: value for key, value in values.items() if value is not None})
