"""`skiff build`."""

from __future__ import annotations

import json
import os
import sys

from ..containers.sizes import size
from ..errors import InvalidSpec
from . import build_screen, opened, output
from .container_spec import environment, host, pairs, ulimit
from .options import FLAG, LIST, TEXT, WHOLE, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..build.outputs import Output
    from ..build.spec import BuildSpec
    from .options import Parsed

_BUILD = Usage(
    "build",
    "[OPTIONS] PATH|URL|-",
    "Build an image from a Dockerfile",
    (
        Option("add-host", "", LIST, "Add a line to /etc/hosts of RUN (host:ip)"),
        Option("allow", "", LIST, "Let RUN have security.insecure or network.host"),
        Option(
            "build-context", "", LIST, "A name for FROM and from (NAME=PATH, docker-image://NAME, oci-layout://PATH)"
        ),
        Option("build-arg", "", LIST, "Set a value of ARG; a name alone is taken from the environment"),
        Option("cache-from", "", LIST, "Use a cache (an image's name, type=registry,ref=NAME, type=local,src=DIR)"),
        Option("cache-to", "", LIST, "Write the cache (type=inline, type=registry,ref=NAME, type=local,dest=DIR)"),
        Option("check", "", FLAG, "Tell what the build checks find, and build nothing"),
        Option("cgroup-parent", "", TEXT, "Cgroup above those of RUN"),
        Option("cpu-period", "", WHOLE, "Length of a period of the quota of RUN (microseconds)"),
        Option("cpu-quota", "", WHOLE, "Processor time of RUN in a period (microseconds)"),
        Option("cpu-shares", "c", WHOLE, "Weight of RUN for processor time"),
        Option("cpuset-cpus", "", TEXT, "Processors of RUN"),
        Option("cpuset-mems", "", TEXT, "Memory nodes of RUN"),
        Option("compress", "", FLAG, "Accepted for Docker's sake: the context is not sent anywhere"),
        Option("disable-content-trust", "", FLAG, "Accepted for Docker's sake: signatures are not looked at"),
        Option("file", "f", TEXT, "Dockerfile (default PATH/Dockerfile; - is the standard input)"),
        Option("force-rm", "", FLAG, "Accepted for Docker's sake"),
        Option("iidfile", "", TEXT, "Write the image's id to this file"),
        Option("label", "", LIST, "Set labels"),
        Option("memory", "m", TEXT, "Memory limit of RUN"),
        Option("memory-swap", "", TEXT, "Limit of memory plus swap of RUN"),
        Option("metadata-file", "", TEXT, "Write ids and names to this file, as JSON"),
        Option("network", "", TEXT, "Network of RUN"),
        Option("no-cache", "", FLAG, "Do not use the cache"),
        Option("no-cache-filter", "", LIST, "Do not use the cache for these stages"),
        Option("output", "o", LIST, "Write the outcome (DIR, - or type=image|docker|oci|tar|local,dest=PATH)"),
        Option("platform", "", TEXT, "Platform of the image (linux/arm64)"),
        Option("progress", "", TEXT, "How to tell of the steps: auto, tty, plain, quiet or rawjson"),
        Option("pull", "", FLAG, "Look for newer base images in their registries; missing ones are always pulled"),
        Option("quiet", "q", FLAG, "Print the image's id alone"),
        Option("rm", "", FLAG, "Accepted for Docker's sake"),
        Option("secret", "", LIST, "A secret for RUN --mount=type=secret (id=ID,src=PATH or id=ID,env=NAME)"),
        Option("shm-size", "", TEXT, "Size of /dev/shm of RUN"),
        Option("squash", "", FLAG, "Make one layer of the new ones"),
        Option("ssh", "", LIST, "An SSH agent for RUN --mount=type=ssh (default, or ID=SOCKET)"),
        Option("tag", "t", LIST, "Name of the image"),
        Option("ulimit", "", LIST, "Limit of RUN (NAME=SOFT[:HARD])"),
        Option("target", "", TEXT, "Stage to build"),
    ),
    1,
    1,
)


def build(words: list[str]) -> int:
    """Build an image; the log goes to standard output as it grows."""
    from ..build import outputs
    from ..build.build import build as engine

    parsed = _BUILD.parse(words)
    silent = parsed.quiet or parsed.progress == "quiet"
    if parsed.arguments[0] == parsed.file == "-":
        raise InvalidSpec("the standard input cannot be both the context and the Dockerfile; use -f PATH")
    wanted = tuple(outputs.parse(text) for text in parsed.output)
    to_stdout = any(one.dest == "-" for one in wanted)
    screen = build_screen.choose(parsed.progress or os.environ.get("BUILDKIT_PROGRESS", ""), silent or to_stdout)
    spec = _spec(parsed, wanted, screen)
    if parsed.check:
        return _check(spec)
    if parsed.iidfile and os.path.isfile(parsed.iidfile):
        os.unlink(parsed.iidfile)  # as Docker does: a build that fails leaves no older id
    with screen.shown():
        result = engine(opened.store(), spec)
    if silent and not to_stdout:
        output.write_lines([result.image.id])
    _write_files(parsed, result.image.id)
    return 0


def _spec(parsed: Parsed, wanted: tuple[Output, ...], screen: build_screen.Plain) -> BuildSpec:
    from ..build import agent, cachespec, entitlements, remote, secrets
    from ..build.spec import BuildSpec

    path = parsed.arguments[0]
    fetched = path == "-" or remote.is_remote(path)
    return BuildSpec(
        path if fetched else os.path.abspath(path),
        _dockerfile(parsed.file, fetched),
        tuple(parsed.tag),
        {**_moment(), **environment([], parsed.build_arg)},
        parsed.target or "",
        bool(parsed.no_cache),
        pairs([text if "=" in text else f"{text}=" for text in parsed.label], "label"),
        parsed.network or "",
        size(parsed.memory or "0", "memory"),
        size(parsed.memory_swap or "0", "memory-swap"),
        size(parsed.shm_size or "0", "shm-size"),
        dict(host(text) for text in parsed.add_host),
        screen.note,
        watcher=screen.watcher,
        platform=parsed.platform or "",
        text=sys.stdin.read() if parsed.file == "-" else None,
        pull="always" if parsed.pull else "missing",
        nocache_filter=tuple(name for text in parsed.no_cache_filter for name in text.split(",")),
        secrets=dict(secrets.parse(text, os.environ) for text in parsed.secret),
        ssh=dict(agent.parse(text, os.environ) for text in parsed.ssh),
        allow=entitlements.known(parsed.allow),
        container=_container(parsed),
        contexts=_contexts(parsed.build_context),
        outputs=wanted,
        cache_from=tuple(cachespec.source(text) for text in parsed.cache_from),
        cache_to=tuple(cachespec.target(text) for text in parsed.cache_to),
        squash=bool(parsed.squash),
        stream=sys.stdin.buffer if path == "-" else None,
    )


def _check(spec: BuildSpec) -> int:
    """Print what the rules of `docker build --check` find; return 1 when they do."""
    from ..build.build import check

    found = check(opened.store(), spec)
    output.write_lines(found or ["Check complete, no warnings found."])
    return int(bool(found))


def _write_files(parsed: Parsed, image_id: str) -> None:
    if parsed.iidfile:
        with open(parsed.iidfile, "w", encoding="utf-8") as file:
            file.write(image_id)
    if parsed.metadata_file:
        names = ",".join(parsed.tag)
        facts = {"containerimage.config.digest": image_id, **({"image.name": names} if names else {})}
        with open(parsed.metadata_file, "w", encoding="utf-8") as file:
            file.write(json.dumps(facts, indent=2) + "\n")


def _container(parsed: Parsed) -> dict[str, Any]:
    """Return the limits of RUN that are a container's own options."""
    names = ("cgroup_parent", "cpu_period", "cpu_quota", "cpu_shares", "cpuset_cpus", "cpuset_mems")
    found = {name: parsed.values[name] for name in names if parsed.values[name]}
    return {**found, "ulimits": tuple(ulimit(text) for text in parsed.ulimit)} if parsed.ulimit else found


def _contexts(texts: list[str]) -> dict[str, str]:
    """Return what `--build-context` names, with absolute paths."""
    found = pairs(texts, "build-context")
    return {name: value if "://" in value else os.path.abspath(value) for name, value in found.items()}


def _moment() -> dict[str, str]:
    """Return the argument that the environment gives to every build (reproducible-builds.org)."""
    moment = os.environ.get("SOURCE_DATE_EPOCH")
    return {"SOURCE_DATE_EPOCH": moment} if moment else {}


def _dockerfile(given: str | None, fetched: bool) -> str:
    """Return the Dockerfile's path: that of a fetched context lies in it, any other one is the user's."""
    if given == "-":
        return "Dockerfile"  # its text is read from the standard input
    return (given if fetched else os.path.abspath(given)) if given else "Dockerfile"
