"""What the instructions mean that change the image's configuration only."""

from __future__ import annotations

import json

from ..containers import signals
from ..errors import InvalidSpec
from ..images import healthcheck
from . import expansion, imageconfig, instructions
from .lines import Line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .instructions import Instruction
    from .scope import Scope
    from .steps import Step

_NO_TRIGGERS = ("ONBUILD", "FROM", "MAINTAINER")


def env(scope: Scope, item: Instruction) -> Step:
    """ENV."""
    pairs = _pairs(scope, item)
    return scope.changed(item, _joined(pairs), Env=imageconfig.with_env(scope.config, dict(pairs))["Env"])


def label(scope: Scope, item: Instruction) -> Step:
    """LABEL."""
    pairs = _pairs(scope, item)
    return scope.changed(item, _joined(pairs), Labels=imageconfig.with_labels(scope.config, dict(pairs))["Labels"])


def _pairs(scope: Scope, item: Instruction) -> list[tuple[str, str]]:
    values = scope.values()  # one set for the whole line: `ENV a=1 b=$a` has the old a
    texts = [expansion.word(text, values, scope.escape) for text in item.arguments]
    if "" in texts[0::2]:
        raise InvalidSpec(f"{item.name} has an empty name; write NAME=VALUE")
    return list(zip(texts[0::2], texts[1::2]))


def arg(scope: Scope, item: Instruction) -> Step:
    """ARG."""
    found = [argument(item, text, scope.values(), scope.escape) for text in item.arguments]
    for name, default in found:
        scope.arguments.declare(name, default)
    return scope.changed(item, " ".join(name if value is None else f"{name}={value}" for name, value in found))


def expose(scope: Scope, item: Instruction) -> Step:
    """EXPOSE."""
    values = scope.values()
    texts = sorted(word for text in item.arguments for word in expansion.words(text, values, scope.escape))
    return scope.changed(
        item, " ".join(texts), ExposedPorts=imageconfig.with_ports(scope.config, texts)["ExposedPorts"]
    )


def volume(scope: Scope, item: Instruction) -> Step:
    """VOLUME. Raises InvalidSpec."""
    paths = [scope.expand(text).strip() for text in item.arguments]
    if "" in paths:
        raise InvalidSpec("VOLUME has an empty path; name a folder of the container")
    return scope.changed(item, _listed(paths), Volumes=imageconfig.with_volumes(scope.config, paths)["Volumes"])


def user(scope: Scope, item: Instruction) -> Step:
    """USER."""
    name = scope.expand(item.arguments[0])
    return scope.changed(item, name, User=name)


def stop_signal(scope: Scope, item: Instruction) -> Step:
    """STOPSIGNAL."""
    name = scope.expand(item.arguments[0])
    signals.number(name)
    return scope.changed(item, name, StopSignal=name)


def maintainer(scope: Scope, item: Instruction) -> Step:
    """MAINTAINER."""
    scope.author = item.arguments[0]
    return scope.changed(item, scope.author)


def onbuild(scope: Scope, item: Instruction) -> Step:
    """ONBUILD. Raises InvalidSpec."""
    text = item.arguments[0]
    trigger = instructions.parse(Line(0, text, item.heredocs), item.where, scope.escape)
    if trigger.name in _NO_TRIGGERS:
        raise InvalidSpec(f"ONBUILD {trigger.name} is not allowed; give the next image its own {trigger.name} line")
    text += "".join(f"\n{part.content}{part.name}" for part in item.heredocs)
    return scope.changed(item, text, OnBuild=[*(scope.config.get("OnBuild") or ()), text])


def shell(scope: Scope, item: Instruction) -> Step:
    """SHELL. Raises InvalidSpec."""
    if not item.is_json:
        raise InvalidSpec('SHELL takes a list: SHELL ["/bin/sh", "-c"]')
    return scope.changed(item, _listed(item.arguments), Shell=list(item.arguments))


def health(scope: Scope, item: Instruction) -> Step:
    """HEALTHCHECK. Raises InvalidSpec."""
    text = item.arguments[0]
    verb, _unused, rest = text.partition(" ")
    if verb.upper() not in ("NONE", "CMD") or (verb.upper() == "CMD") != bool(rest.strip()):
        raise InvalidSpec("HEALTHCHECK takes NONE or [flags] CMD COMMAND")
    listed = _json_list(rest.strip())
    check = healthcheck.parse({} if verb.upper() == "NONE" else dict(item.flags), rest.strip() or verb, listed)
    return scope.changed(item, text, Healthcheck=check)


def command(scope: Scope, item: Instruction) -> Step:
    """CMD and ENTRYPOINT; an entrypoint drops the command that the base image had."""
    words = scope.words(item)
    if not (words or item.is_json):
        words = imageconfig.shell(scope.config)  # as Docker has it: the shell, which is given nothing to do
    if item.name == "CMD":
        scope.command_is_ours = True
        return scope.changed(item, _quoted(words), Cmd=words or None)
    if not scope.command_is_ours:
        scope.config = {**scope.config, "Cmd": None}
    return scope.changed(item, _quoted(words), Entrypoint=words or None)


def argument(item: Instruction, text: str, values: Mapping[str, str], escape: str) -> tuple[str, str | None]:
    """Return (name, default) of one word of an ARG. Raises InvalidSpec."""
    name, separator, default = text.partition("=")
    try:
        name = expansion.word(name, values, escape)
        if not name:
            raise InvalidSpec("ARG needs a name before =")
        return name, expansion.word(default, values, escape) if separator else None
    except InvalidSpec as error:
        raise InvalidSpec(f"{item.where}: {error}") from error


def _json_list(text: str) -> list[str] | None:
    try:
        value = json.loads(text) if text.startswith("[") else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) and all(isinstance(item, str) for item in value) else None


def _joined(pairs: Sequence[tuple[str, str]]) -> str:
    return " ".join(f"{name}={value}" for name, value in pairs)


def _listed(texts: Sequence[str]) -> str:
    return f"[{' '.join(texts)}]"


def _quoted(texts: Sequence[str]) -> str:
    """Return a list as Go's %q prints it."""
    return _listed([json.dumps(text, ensure_ascii=False) for text in texts])
