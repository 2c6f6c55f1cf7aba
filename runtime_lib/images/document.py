"""Image configurations (OCI image spec, config.md; Docker's image-spec v1.2): checked before they count. Pure."""

from __future__ import annotations

from ..errors import CorruptData
from . import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_LAYERS = 500  # as many lower folders overlayfs takes (OVL_MAX_STACK)
_LISTS = ("Env", "Cmd", "Entrypoint", "OnBuild", "Shell")
_TEXTS = ("User", "WorkingDir", "StopSignal", "Hostname", "Domainname")
_OBJECTS = ("ExposedPorts", "Volumes", "Labels", "Healthcheck")


def check(config: dict[str, Any], where: str) -> list[str]:
    """Return the diff ids of an image's layers, the lowest first. Raises CorruptData that names `where` it came from.

    What a container takes over from the image has the right JSON type afterwards, or is missing or null.
    """
    rootfs = config.get("rootfs")
    diff_ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(diff_ids, list):
        raise CorruptData(f"{where} is not the configuration of an image: rootfs.diff_ids is missing")
    if len(diff_ids) > MAX_LAYERS:
        raise CorruptData(f"{where} has {len(diff_ids)} layers; at most {MAX_LAYERS} can be mounted")
    if config.get("os", "linux") != "linux":
        raise CorruptData(f"{where} is for {str(config['os'])[:40]!r}; only Linux images run here")
    _check_defaults(config.get("config"), where)
    return [digest.check(diff_id, f"{where}: rootfs.diff_ids") for diff_id in diff_ids]


def _check_defaults(defaults: Any, where: str) -> None:
    if defaults is None:
        return
    if not isinstance(defaults, dict):
        raise CorruptData(f"{where}: config is not an object")
    for key in _LISTS:
        _demand(_is_texts(defaults.get(key)), where, key, "a list of strings")
    for key in _TEXTS:
        value = defaults.get(key)
        _demand(value is None or (isinstance(value, str) and "\0" not in value), where, key, "a string")
    for key in _OBJECTS:
        _demand(defaults.get(key) is None or isinstance(defaults[key], dict), where, key, "an object")
    labels = (defaults.get("Labels") or {}).values()
    _demand(all(isinstance(value, str) for value in labels), where, "Labels", "an object of strings")


def _is_texts(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, list) and all(isinstance(text, str) and "\0" not in text for text in value)


def _demand(fine: bool, where: str, key: str, what: str) -> None:
    if not fine:
        raise CorruptData(f"{where}: config.{key} is not {what}")
