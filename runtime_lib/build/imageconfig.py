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
_DURATION = re.compile(r"(?:([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h))")
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


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
    match = _PORT.fullmatch(text)
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


def duration(text: str) -> int:
    """Return the nanoseconds of `1h2m3.5s`. Raises InvalidSpec."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise InvalidSpec(f"{text[:40]!r} is no duration; write for example 30s or 1m30s")
    return sum(round(float(number) * _UNITS[unit]) for number, unit in parts)


def healthcheck(flags: Mapping[str, str], text: str, listed: Sequence[str] | None) -> Config:
    """Return the Healthcheck of `NONE` or of `CMD ...`; `listed` are the words where it has the exec form."""
    if text.strip().upper() == "NONE":
        if flags:
            raise InvalidSpec("HEALTHCHECK NONE takes no flags")
        return {"Test": ["NONE"]}
    result: Config = {"Test": ["CMD", *listed] if listed is not None else ["CMD-SHELL", text]}
    names = {
        "interval": "Interval",
        "timeout": "Timeout",
        "start-period": "StartPeriod",
        "start-interval": "StartInterval",
    }
    for flag, key in names.items():
        if flag in flags:
            result[key] = duration(flags[flag])
            if 0 < result[key] < 10**6:
                raise InvalidSpec(f"--{flag}={flags[flag]} is below 1ms")
    if "retries" in flags:
        if not flags["retries"].isdecimal() or len(flags["retries"]) > 9:
            raise InvalidSpec(f"--retries={flags['retries'][:40]} is no number")
        result["Retries"] = int(flags["retries"])
    return result
