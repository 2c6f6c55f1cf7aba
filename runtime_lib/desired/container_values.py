"""Option values of the container modules, as the small values of `containers.parts`. Pure.

The forms are those of community.docker's docker_container: see its documentation of each option.
"""

from __future__ import annotations

import os
import re
import shlex

from ..containers.mounts import idmap, parse_tmpfs, parse_volume, told
from ..containers.parts import Attachment, Device, Healthcheck, Mount, Throttle, Ulimit
from ..containers.sizes import size
from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?(?:(\d+)us)?\Z")
_UNITS = (3600.0, 60.0, 1.0, 0.001, 0.000001)


def texts(value: dict[str, Any], option: str) -> dict[str, str]:
    """Return a dict whose values must be texts: YAML makes `yes`, `1.10` or `0x10` something else without quotes.

    Raises InvalidSpec.
    """
    for key, entry in value.items():
        if not isinstance(entry, str):
            raise InvalidSpec(f"{option}: the value of {key} is not a text; put it into quotes")
    return {str(key): entry for key, entry in value.items()}


def labels(value: dict[str, Any]) -> dict[str, str]:
    """Return labels; numbers become texts, but flags and fractions are refused: nobody can say how they are written."""
    for key, entry in value.items():
        if isinstance(entry, (bool, float)) or not isinstance(key, str):
            raise InvalidSpec(f"labels: {key}: put {entry!r} into quotes, it is not a text")
    return {key: str(entry) for key, entry in value.items()}


def numbers_as_texts(value: dict[str, Any]) -> dict[str, str]:
    """Return a dict of texts, for options that programs read as numbers anyway (sysctls, log_options)."""
    return {str(key): str(entry) for key, entry in value.items()}


def words(value: Any, option: str, compatible: bool = False) -> tuple[str, ...] | None:
    """Return the words of a command: a text is split as a shell does, a list is taken as it is.

    An empty value is None, which means the image's. `compatible` joins a list and splits it again. Raises InvalidSpec.
    """
    if isinstance(value, str):
        return _split(value, option)
    if not isinstance(value, (list, tuple)):
        raise InvalidSpec(f"{option} must be a text or a list of texts, not {value!r}")
    if compatible:
        return _split(" ".join(str(word) for word in value), option)
    return tuple(str(word) for word in value) or None


def _split(text: str, option: str) -> tuple[str, ...] | None:
    try:
        return tuple(shlex.split(text)) or None
    except ValueError as error:
        raise InvalidSpec(f"{option} {text!r} cannot be split into words: {error}") from error


def env_file(text: str, path: str) -> dict[str, str]:
    """Return the variables of a file of `NAME=VALUE` lines; blank lines and lines that start with # are skipped.

    Raises InvalidSpec.
    """
    result = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name:
            raise InvalidSpec(f"env_file {path}, line {number}: {line[:40]!r} is not NAME=VALUE")
        result[name] = value
    return result


def volumes(entries: Iterable[str]) -> tuple[Mount, ...]:
    """Return the mounts of `volumes`; a source such as `./data` or `~/data` is taken from the task's folder or home."""
    return tuple(parse_volume(_absolute(entry)) for entry in entries)


def _absolute(entry: str) -> str:
    source, colon, rest = entry.partition(":")
    if colon and source.startswith((".", "~")):
        return os.path.abspath(os.path.expanduser(source)) + colon + rest
    return entry


def mount(value: dict[str, Any]) -> Mount:
    """Return one entry of `mounts`. Raises InvalidSpec."""
    kind, target = value["type"], value["target"]
    if kind in ("npipe", "cluster") or value.get("volume_driver") not in (None, "", "local"):
        raise InvalidSpec(f"mounts: {target}: use bind, volume, image or tmpfs with the local driver")
    source = value.get("source")
    if kind == "bind":
        if not source:
            raise InvalidSpec(f"mounts: {target}: a bind needs a source")
        source = os.path.abspath(os.path.expanduser(source))
    return Mount(
        kind,
        target,
        source,
        read_only=bool(value.get("read_only")) or kind == "image",
        create_source=bool(value.get("create_mountpoint")),
        propagation=value.get("propagation"),
        recursive=not value.get("non_recursive"),
        read_only_tree=bool(value.get("read_only_force_recursive")),
        copy=not value.get("no_copy"),
        subpath=value.get("subpath"),
        idmap=idmap(value.get("idmap")),
        labels=labels(value.get("labels") or {}),
        volume_options=numbers_as_texts(value.get("volume_options") or {}),
        tmpfs_size=size(value["tmpfs_size"], "mounts: tmpfs_size") if value.get("tmpfs_size") else None,
        tmpfs_mode=_octal(value.get("tmpfs_mode"), target),
        tmpfs_options=_tmpfs_options(value.get("tmpfs_options") or (), target),
        short=False,
        told=told(value.get("volume_driver"), value.get("consistency")),
    )


def _octal(text: str | None, target: str) -> int | None:
    if text is None:
        return None
    try:
        return int(text, 8)
    except ValueError:
        raise InvalidSpec(f"mounts: {target}: tmpfs_mode {text!r} is not an octal mode such as '1777'") from None


def _tmpfs_options(entries: Iterable[dict[str, Any]], target: str) -> tuple[str, ...]:
    result = []
    for entry in entries:
        if len(entry) != 1:
            raise InvalidSpec(f"mounts: {target}: each entry of tmpfs_options is one key with one value")
        (key, value), *_rest = entry.items()
        result.append(str(key) if value is None else f"{key}={value}")
    return tuple(result)


def tmpfs(entries: Iterable[str]) -> dict[str, str]:
    """Return `tmpfs` entries as path -> mount options."""
    return dict(parse_tmpfs(entry) for entry in entries)


def attachment(value: dict[str, Any]) -> Attachment:
    """Return one entry of `networks`."""
    return Attachment(
        value["name"],
        aliases=tuple(value.get("aliases") or ()),
        links=tuple(value.get("links") or ()),
        ipv4_address=value.get("ipv4_address"),
        ipv6_address=value.get("ipv6_address"),
        mac_address=value.get("mac_address"),
        driver_opts=numbers_as_texts(value.get("driver_opts") or {}),
        link_local_ips=tuple(value.get("link_local_ips") or ()),
        gw_priority=value.get("gw_priority") or 0,
    )


def device(text: str) -> Device:
    """Return the device of `SOURCE[:TARGET[:PERMISSIONS]]`. Raises InvalidSpec."""
    parts = text.split(":")
    if len(parts) > 3 or not all(parts):
        raise InvalidSpec(f"devices: {text!r} is not SOURCE:TARGET:PERMISSIONS")
    if len(parts) == 2 and set(parts[1]) <= set("rwm"):
        return Device(parts[0], parts[0], parts[1])
    return Device(parts[0], parts[1] if len(parts) > 1 else parts[0], parts[2] if len(parts) > 2 else "rwm")


def ulimit(text: str) -> Ulimit:
    """Return the limit of `NAME:SOFT[:HARD]`; `unlimited` and -1 are no limit. Raises InvalidSpec."""
    name, *numbers = text.replace("=", ":", 1).split(":")
    try:
        limits = [-1 if number == "unlimited" else int(number) for number in numbers]
    except ValueError:
        limits = []
    if not 1 <= len(limits) <= 2:
        raise InvalidSpec(f"ulimits: {text!r} is not NAME:SOFT or NAME:SOFT:HARD")
    return Ulimit(name, limits[0], limits[-1])


def throttle(value: dict[str, Any], option: str) -> Throttle:
    """Return one entry of the device_*_bps and device_*_iops options."""
    return Throttle(value["path"], size(value["rate"], option))


def etc_hosts(value: dict[str, Any]) -> dict[str, str]:
    """Return host name -> address."""
    return {str(host): str(address) for host, address in value.items()}


def duration(text: str | None, option: str) -> float:
    """Return seconds of `1h2m3s4ms5us`; None is 0, which means the default. Raises InvalidSpec."""
    if text is None:
        return 0.0
    found = _DURATION.match(str(text).strip())
    if not found or not any(found.groups()):
        raise InvalidSpec(f"healthcheck: {option}: {text!r} is not a duration such as 1m30s")
    return sum(int(number) * unit for number, unit in zip(found.groups(), _UNITS) if number)


_HEALTH_DETAILS = ("interval", "timeout", "start_period", "start_interval", "retries")


def healthcheck(value: dict[str, Any]) -> Healthcheck | None:
    """Return the health check; None is the image's. Raises InvalidSpec.

    Compatibly with the command line, an empty test is the image's, with the other options that are given.
    """
    test = value.get("test")
    if not test and not value.get("test_cli_compatible"):
        return Healthcheck(("NONE",))
    if not test and not any(value.get(key) for key in _HEALTH_DETAILS):
        return None
    words = test if isinstance(test, (list, tuple)) else ("CMD-SHELL", test)
    check = tuple(str(word) for word in words) if test else ()
    if check and check[0] not in ("NONE", "CMD", "CMD-SHELL"):
        raise InvalidSpec(f"healthcheck: a test that is a list starts with NONE, CMD or CMD-SHELL, not {check[0]!r}")
    return Healthcheck(
        check,
        duration(value.get("interval"), "interval"),
        duration(value.get("timeout"), "timeout"),
        duration(value.get("start_period"), "start_period"),
        duration(value.get("start_interval"), "start_interval"),
        int(value.get("retries") or 0),
    )
