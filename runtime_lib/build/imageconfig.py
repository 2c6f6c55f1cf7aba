"""Changes of an image's configuration (image-spec, config.md): each takes the old one and returns a new one. Pure."""

from __future__ import annotations

import posixpath
import re

from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Config = dict[str, Any]

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEFAULT_SHELL = ("/bin/sh", "-c")
_PORT = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/(tcp|udp|sctp))?", re.IGNORECASE)


def base(config: Mapping[str, Any] | None) -> Config:
    """Return what a stage starts with: the base image's configuration, with a PATH."""
    started = {key: value for key, value in (config or {}).items() if key not in ("Image", "Hostname", "OnBuild")}
    if "PATH" not in env_map(started):
        started["Env"] = [*(started.get("Env") or ()), f"PATH={DEFAULT_PATH}"]
    return started


def env_map(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment as a dict."""
    pairs = (entry.partition("=") for entry in config.get("Env") or ())
    return {name: value for name, _unused, value in pairs}


def with_env(config: Config, values: Mapping[str, str]) -> Config:
    """Set environment variables; those that exist keep their place."""
    merged = {**env_map(config), **values}
    return {**config, "Env": [f"{name}={value}" for name, value in merged.items()]}


def with_labels(config: Config, values: Mapping[str, str]) -> Config:
    """Set labels."""
    return {**config, "Labels": {**(config.get("Labels") or {}), **values}}


def with_ports(config: Config, texts: Sequence[str]) -> Config:
    """Add exposed ports, given as `80`, `80/udp` or `8000-8010/tcp`. Raises InvalidSpec."""
    added: Config = {port: {} for text in texts for port in ports(text)}
    return {**config, "ExposedPorts": {**(config.get("ExposedPorts") or {}), **added}}


def ports(text: str) -> list[str]:
    """Return `["80/tcp"]` for "80". Raises InvalidSpec."""
    match = _PORT.fullmatch(text.rpartition(":")[2])  # Docker, too, drops an address and port of the host
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if match is None or not 0 < low <= high <= 65535:
        raise InvalidSpec(f"{text[:40]!r} is no port; write 80, 80/udp or 8000-8010/tcp")
    return [f"{number}/{(match[3] or 'tcp').lower()}" for number in range(low, high + 1)]


def with_volumes(config: Config, paths: Sequence[str]) -> Config:
    """Add volumes."""
    return {**config, "Volumes": {**(config.get("Volumes") or {}), **{path: {} for path in paths}}}


def working_dir(config: Mapping[str, Any], path: str) -> str:
    """Return the absolute and clean form of a path that is relative to the working directory."""
    return posixpath.normpath(posixpath.join("/", config.get("WorkingDir") or "/", path)).replace("//", "/")


def shell(config: Mapping[str, Any]) -> list[str]:
    """Return the words that a shell form is appended to."""
    return list(config.get("Shell") or DEFAULT_SHELL)
