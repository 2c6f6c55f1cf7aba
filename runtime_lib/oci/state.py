"""The containers of `skiff-oci`: a folder each, with state.json, config.json and the gate (OCI runtime.md "State")."""

from __future__ import annotations

import json
import os
import pwd
import time

from ..errors import ContainerNotFound, InvalidSpec, NameTaken
from ..linux import selinux
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
        if self.cgroup().frozen():
            return "paused"
        return "created" if os.path.exists(self.gate) else "running"

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

    def config(self) -> dict[str, Any]:
        """Return the configuration that it was created with, and that `update` has changed."""
        with open(f"{self.folder}/config.json", "rb") as file:
            config: dict[str, Any] = json.load(file)
        return config

    def save_config(self, config: dict[str, Any]) -> None:
        """Write the configuration; readers see the old or the new one."""
        self._write("config.json", config)

    def owner(self) -> str:
        """Return the name of the user who made it."""
        uid = os.stat(self.folder).st_uid
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:
            return str(uid)

    def save(self) -> None:
        """Write state.json; readers see the old or the new one."""
        self._write("state.json", self.data)

    def _write(self, name: str, content: dict[str, Any]) -> None:
        temporary = f"{self.folder}/{name}.tmp"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(content, file)
        os.rename(temporary, f"{self.folder}/{name}")


def new(root: str, container_id: str, bundle: str, keyring: bool = True) -> Entry:
    """Make the folder of a container, with a copy of its configuration and a gate.

    `keyring` says whether its processes get a session keyring of their own.

    Raises InvalidSpec for a name or bundle that cannot be, HostLacks for a label of SELinux on a host that has that,
    NameTaken for one that exists.
    """
    if not _is_name(container_id):
        raise InvalidSpec(f"invalid container ID format: {container_id!r} may have letters, digits and _ + - . only")
    config = _config(bundle)
    cgroup = _cgroup_path(config, container_id)
    selinux.refuse("process.selinuxLabel", (config.get("process") or {}).get("selinuxLabel"))
    selinux.refuse("linux.mountLabel", config["linux"].get("mountLabel"))
    folder = f"{root}/{container_id}"
    os.makedirs(root, mode=0o700, exist_ok=True)
    try:
        os.mkdir(folder, 0o711)
    except FileExistsError:
        raise NameTaken(f"container with given ID already exists: {container_id}; delete it, or use another") from None
    data = {
        "bundle": bundle,
        "rootfs": os.path.join(bundle, (config.get("root") or {}).get("path") or ""),
        "created": _now(),
        "annotations": config.get("annotations") or {},
        "cgroup": cgroup,
        "terminal": bool((config.get("process") or {}).get("terminal")),
        "keyring": keyring,
    }
    entry = Entry(folder, data)
    entry.save()
    entry.save_config(config)
    os.mkfifo(entry.gate, 0o600)
    return entry


def find(root: str, container_id: str, unfinished: bool = False) -> Entry:
    """Return a container, with `unfinished` also one whose creation was killed. Raises ContainerNotFound."""
    folder = f"{root}/{container_id}"
    if _is_name(container_id) and os.path.isdir(folder):
        entry = Entry(folder, _read(f"{folder}/state.json"))
        if unfinished or entry.data.get("pid"):
            return entry
    raise ContainerNotFound(f"container does not exist: {container_id!r} is not in `skiff-oci list` of {root}")


def listing(root: str) -> list[Entry]:
    """Return all containers, by name."""
    try:
        names = sorted(os.listdir(root))
    except FileNotFoundError:
        return []
    entries = [Entry(f"{root}/{name}", _read(f"{root}/{name}/state.json")) for name in names]
    return [entry for entry in entries if entry.data.get("pid")]


def remove(entry: Entry) -> None:
    """Remove what is left of a container whose processes have ended: its cgroup, then its folder."""
    if entry.data:
        entry.cgroup().remove()
    for name in os.listdir(entry.folder):
        os.unlink(f"{entry.folder}/{name}")
    os.rmdir(entry.folder)


def _read(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            data: dict[str, Any] = json.load(file)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return data


def _now() -> str:
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{nanoseconds:09}Z"


def _cgroup_path(config: dict[str, Any], container_id: str) -> str:
    """Return linux.cgroupsPath, by which `launch` goes, made absolute. Raises InvalidSpec for systemd's form."""
    linux = config.setdefault("linux", {})
    path = linux.get("cgroupsPath") or f"/skiff-oci/{container_id}"
    if path.count(":") == 2 and "/" not in path:
        raise InvalidSpec(
            f"linux.cgroupsPath {path!r} names a unit of systemd, which skiff-oci does not drive: use cgroupfs "
            "(podman --cgroup-manager=cgroupfs, dockerd --exec-opt native.cgroupdriver=cgroupfs)"
        )
    linux["cgroupsPath"] = os.path.normpath(f"/{path.lstrip('/')}")  # also without its `..`
    return str(linux["cgroupsPath"])


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
