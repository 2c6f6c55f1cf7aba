"""The containers of `skiff-oci`: a folder each, with state.json, config.json and the gate (OCI runtime.md "State")."""

from __future__ import annotations

import json
import os
import time

from ..errors import ContainerNotFound, InvalidSpec, NameTaken
from ..linux.cgroups.group import Cgroup
from ..linux.cgroups.hierarchy import detect
from ..linux.process import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEFAULT_ROOT = "/run/skiff-oci"
VERSION = "1.0.2"
_LONGEST_NAME = 1024
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.")


class Entry:
    """One container that was created; `folder` is ours, `data` is what state.json holds."""

    __slots__ = ("data", "folder")

    def __init__(self, folder: str, data: dict[str, Any]) -> None:
        self.folder = folder
        self.data = data

    @property
    def id(self) -> str:
        """The name that the caller gave."""
        return os.path.basename(self.folder)

    @property
    def process(self) -> Process:
        """The first process."""
        return Process(self.data["pid"], self.data["startTime"])

    @property
    def gate(self) -> str:
        """The FIFO on which the first process waits."""
        return f"{self.folder}/start"

    @property
    def terminal(self) -> bool:
        """Whether the configuration asks for a terminal."""
        return bool(self.data["terminal"])

    def status(self) -> str:
        """Return created, running, paused or stopped."""
        if not self.data.get("pid") or not self.process.alive():
            return "stopped"
        if os.path.exists(self.gate):
            return "created"
        return "paused" if self.data.get("paused") else "running"

    def cgroup(self) -> Cgroup:
        """Return the container's cgroup."""
        return Cgroup(detect(), self.data["cgroup"])

    def public(self) -> dict[str, Any]:
        """Return the state as the OCI runtime-spec and runc show it."""
        status = self.status()
        return {
            "ociVersion": VERSION,
            "id": self.id,
            "pid": 0 if status == "stopped" else self.data["pid"],
            "status": status,
            "bundle": self.data["bundle"],
            "rootfs": self.data["rootfs"],
            "created": self.data["created"],
            "annotations": self.data["annotations"],
            "owner": "",
        }

    def save(self) -> None:
        """Write state.json; readers see the old or the new one."""
        temporary = f"{self.folder}/state.json.tmp"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(self.data, file)
        os.rename(temporary, f"{self.folder}/state.json")


def new(root: str, container_id: str, bundle: str) -> Entry:
    """Make the folder of a container, with a copy of its configuration and a gate.

    Raises InvalidSpec for a name or bundle that cannot be, NameTaken for one that exists.
    """
    if not _is_name(container_id):
        raise InvalidSpec(f"container id {container_id!r}: use letters, digits and _ + - . only")
    config = _config(bundle)
    folder = f"{root}/{container_id}"
    os.makedirs(root, mode=0o700, exist_ok=True)
    try:
        os.mkdir(folder, 0o711)
    except FileExistsError:
        raise NameTaken(f"container {container_id} exists already: delete it, or use another id") from None
    with open(f"{folder}/config.json", "w", encoding="utf-8") as file:
        json.dump(config, file)
    os.mkfifo(f"{folder}/start", 0o600)
    linux = config.get("linux") or {}
    data = {
        "bundle": bundle,
        "rootfs": os.path.join(bundle, (config.get("root") or {}).get("path") or ""),
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "annotations": config.get("annotations") or {},
        "cgroup": linux.get("cgroupsPath") or f"/skiff-oci/{container_id}",
        "terminal": bool((config.get("process") or {}).get("terminal")),
    }
    return Entry(folder, data)


def find(root: str, container_id: str) -> Entry:
    """Return a container. Raises ContainerNotFound."""
    folder = f"{root}/{container_id}"
    if _is_name(container_id) and os.path.exists(f"{folder}/state.json"):
        with open(f"{folder}/state.json", encoding="utf-8") as file:
            return Entry(folder, json.load(file))
    raise ContainerNotFound(f"container {container_id!r} does not exist: see `skiff-oci list`")


def listing(root: str) -> list[Entry]:
    """Return all containers, by name."""
    try:
        names = sorted(os.listdir(root))
    except FileNotFoundError:
        return []
    return [find(root, name) for name in names if os.path.exists(f"{root}/{name}/state.json")]


def remove(entry: Entry) -> None:
    """Remove what is left of a container whose processes have ended: its cgroup, then its folder."""
    entry.cgroup().remove()
    for name in os.listdir(entry.folder):
        os.unlink(f"{entry.folder}/{name}")
    os.rmdir(entry.folder)


def _is_name(text: str) -> bool:
    return bool(text) and not set(text) - _NAME and text not in (".", "..") and len(text) <= _LONGEST_NAME


def _config(bundle: str) -> dict[str, Any]:
    try:
        with open(f"{bundle}/config.json", "rb") as file:
            config: dict[str, Any] = json.load(file)
    except FileNotFoundError:
        raise InvalidSpec(f"{bundle}/config.json is missing: write one, or name another bundle with --bundle") from None
    except ValueError as error:
        raise InvalidSpec(f"{bundle}/config.json is not JSON: {error}") from error
    return config
