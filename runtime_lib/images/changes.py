"""The Dockerfile instructions that `docker import --change` and `docker commit --change` take. Pure."""

from __future__ import annotations

import json
import shlex

from ..errors import InvalidSpec
from . import healthcheck

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_SHELL = ["/bin/sh", "-c"]


def defaults(changes: Sequence[str], base: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the `config` object of an image configuration, `base` with the changes.

    An ENTRYPOINT without a CMD takes away that of `base`, as in a Dockerfile. Raises InvalidSpec for what is no
    instruction.
    """
    result: dict[str, Any] = json.loads(json.dumps(base or {}))
    words = {change.strip().partition(" ")[0].upper() for change in changes}
    if "ENTRYPOINT" in words and "CMD" not in words:
        result.pop("Cmd", None)
    for change in changes:
        word, _unused, rest = change.strip().partition(" ")
        rest = rest.strip()
        if word.upper() not in _INSTRUCTIONS:
            raise _invalid(change, f"it must start with one of {', '.join(sorted(_INSTRUCTIONS))}")
        if not rest or "\0" in rest:
            raise _invalid(change, "the value is missing or has a zero byte")
        _INSTRUCTIONS[word.upper()](result, rest)
    return result


def _cmd(config: dict[str, Any], rest: str) -> None:
    config["Cmd"] = _arguments(rest)


def _entrypoint(config: dict[str, Any], rest: str) -> None:
    config["Entrypoint"] = _arguments(rest)


def _env(config: dict[str, Any], rest: str) -> None:
    known = dict(text.partition("=")[::2] for text in config.get("Env", []))
    known.update(_pairs(rest))
    config["Env"] = [f"{key}={value}" for key, value in known.items()]


def _healthcheck(config: dict[str, Any], rest: str) -> None:
    flags = {}
    while rest.startswith("--"):
        flag, _unused, rest = rest.partition(" ")
        name, equals, value = flag[2:].partition("=")
        if not equals or name not in healthcheck.FLAGS:
            raise _invalid(rest, f"{flag[:40]!r} is not one of the flags {', '.join(sorted(healthcheck.FLAGS))}")
        flags[name], rest = value, rest.lstrip()
    word, _unused, command = rest.partition(" ")
    if (word.upper() == "NONE") == bool(command.strip()) or word.upper() not in ("NONE", "CMD"):
        raise _invalid(rest, "write NONE, or [flags] CMD COMMAND")
    config["Healthcheck"] = healthcheck.parse(flags, command.strip() or word, _list(command))


def _label(config: dict[str, Any], rest: str) -> None:
    config.setdefault("Labels", {}).update(_pairs(rest))


def _expose(config: dict[str, Any], rest: str) -> None:
    for word in rest.split():
        port, _unused, protocol = word.partition("/")
        if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
            raise _invalid(rest, f"{word[:40]!r} is not a port")
        if protocol not in ("", "tcp", "udp", "sctp"):
            raise _invalid(rest, f"{protocol[:40]!r} is not tcp, udp or sctp")
        config.setdefault("ExposedPorts", {})[f"{port}/{protocol or 'tcp'}"] = {}


def _onbuild(config: dict[str, Any], rest: str) -> None:
    config.setdefault("OnBuild", []).append(rest)


def _stopsignal(config: dict[str, Any], rest: str) -> None:
    config["StopSignal"] = rest


def _user(config: dict[str, Any], rest: str) -> None:
    config["User"] = rest


def _volume(config: dict[str, Any], rest: str) -> None:
    words = _list(rest)
    for word in rest.split() if words is None else words:
        config.setdefault("Volumes", {})[word] = {}


def _workdir(config: dict[str, Any], rest: str) -> None:
    config["WorkingDir"] = rest if rest.startswith("/") else f"{config.get('WorkingDir', '').rstrip('/')}/{rest}"


_INSTRUCTIONS = {
    "CMD": _cmd,
    "ENTRYPOINT": _entrypoint,
    "ENV": _env,
    "EXPOSE": _expose,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _label,
    "ONBUILD": _onbuild,
    "STOPSIGNAL": _stopsignal,
    "USER": _user,
    "VOLUME": _volume,
    "WORKDIR": _workdir,
}


def _arguments(rest: str) -> list[str]:
    words = _list(rest)
    return [*_SHELL, rest] if words is None else words


def _list(rest: str) -> list[str] | None:
    """Return the words of the exec form (a JSON list of strings), None for the shell form."""
    try:
        value = json.loads(rest)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) and all(isinstance(word, str) for word in value) else None


def _pairs(rest: str) -> dict[str, str]:
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise _invalid(rest, str(error)) from None
    if words and "=" not in words[0]:
        # The old form: one name, a blank, and the value up to the end of the line.
        key, _unused, value = rest.partition(" ")
        return {key: value.strip()}
    pairs = [word.partition("=") for word in words]
    if not all(key and equals for key, equals, _value in pairs):
        raise _invalid(rest, "each word must be NAME=VALUE")
    return {key: value for key, _equals, value in pairs}


def _invalid(change: str, why: str) -> InvalidSpec:
    return InvalidSpec(f"change {change[:200]!r} is not valid: {why}")
