"""A mount of the long form (`--mount`) in the words of Docker's engine (types/mount, API 1.48). Pure."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .parts import Mount


def long_form(mount: Mount) -> dict[str, Any]:
    """Return the entry of `HostConfig.Mounts`: what was not asked for is left out, as Docker does."""
    options = {
        "bind": ("BindOptions", _bind),
        "volume": ("VolumeOptions", _volume),
        "image": ("ImageOptions", _image),
        "tmpfs": ("TmpfsOptions", _tmpfs),
    }
    name, told = options[mount.kind]
    entry = {
        "Source": "" if mount.anonymous else mount.source,
        "Target": mount.target,
        "ReadOnly": mount.read_only and mount.kind != "image",
        "Consistency": mount.told.get("consistency"),
        name: told(mount),
    }
    return {"Type": mount.kind, **_said(entry)}


def _bind(mount: Mount) -> dict[str, Any]:
    return _said(
        {
            "Propagation": mount.propagation,
            "NonRecursive": not mount.recursive,
            "CreateMountpoint": mount.create_source,
            "ReadOnlyForceRecursive": mount.read_only_tree,
        }
    )


def _volume(mount: Mount) -> dict[str, Any]:
    driver = _said({"Name": mount.told.get("driver"), "Options": mount.volume_options})
    told = _said({"NoCopy": not mount.copy, "Labels": mount.labels, "Subpath": mount.subpath})
    return {**told, "DriverConfig": driver} if told or driver else {}


def _image(mount: Mount) -> dict[str, Any]:
    return _said({"Subpath": mount.subpath})


def _tmpfs(mount: Mount) -> dict[str, Any]:
    pairs = [option.split("=", 1) for option in mount.tmpfs_options]
    return _said({"SizeBytes": mount.tmpfs_size, "Mode": mount.tmpfs_mode, "Options": pairs})


def _said(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}
