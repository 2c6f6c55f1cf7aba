"""Where everything lies on a host."""

from __future__ import annotations

import os

DEFAULT_ROOT = "/var/lib/skiff"
DEFAULT_RUN = "/run/skiff"
_SETTINGS = "/etc/skiff/host.json"


class Layout:
    """The folders of one installation: `root` outlives a reboot, `run` does not.

    A second installation on the same host (another `root`) has an `instance` of its own, which keeps its cgroups,
    bridges and nftables table apart from those of the first.
    """

    def __init__(self, root: str = DEFAULT_ROOT, run: str = DEFAULT_RUN) -> None:
        self.root = os.path.abspath(root)
        self.run = os.path.abspath(run)

    @classmethod
    def from_environment(cls) -> Layout:
        """Return the layout that SKIFF_ROOT and SKIFF_RUN name, or the default one."""
        root = os.environ.get("SKIFF_ROOT", DEFAULT_ROOT)
        default_run = DEFAULT_RUN if root == DEFAULT_ROOT else os.path.join(root, "run")
        return cls(root, os.environ.get("SKIFF_RUN", default_run))

    @property
    def instance(self) -> str:
        """Return "" for the default root, else six characters that are stable for this root."""
        if self.root == DEFAULT_ROOT:
            return ""
        value = 2166136261  # FNV-1a: a name, no secret, and no hashlib to import at every start
        for byte in os.fsencode(self.root):
            value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
        return f"{value & 0xFFFFFF:06x}"

    @property
    def label(self) -> str:
        """Return the name that this installation gives to kernel objects: `skiff` or `skiff-<instance>`."""
        return f"skiff-{self.instance}" if self.instance else "skiff"

    @property
    def database(self) -> str:
        """The SQLite file."""
        return f"{self.root}/skiff.db"

    @property
    def settings(self) -> str:
        """What an administrator has chosen for the whole host; another installation has its own, in its root."""
        return f"{self.root}/host.json" if self.instance else _SETTINGS

    @property
    def layers(self) -> str:
        """Unpacked layers, one folder each, named by `schema.layers.folder`."""
        return f"{self.root}/layers"

    @property
    def recipes(self) -> str:
        """How to make the archives of the layers again, one file each, named as the layers' folders."""
        return f"{self.root}/recipes"

    @property
    def temporary(self) -> str:
        """Half-made trees and files; on the same file system as what they become."""
        return f"{self.root}/tmp"

    @property
    def library(self) -> str:
        """Byte-compiled copies of this library, one folder per content hash."""
        return f"{self.root}/lib"

    @property
    def cache(self) -> str:
        """Files that may be deleted at any time (compiled seccomp filters, package lists)."""
        return f"{self.root}/cache"

    @property
    def locks(self) -> str:
        """Lock files; gone with a reboot, as the locks are."""
        return f"{self.run}/locks"

    @property
    def swept(self) -> str:
        """The mark that what a reboot or a power cut had left is cleared away; gone with the next reboot."""
        return f"{self.run}/swept"

    def container(self, container_id: str) -> str:
        """Return what a container keeps while it is stopped: upper/ work/ hosts hostname resolv.conf container.log."""
        return f"{self.root}/containers/{container_id}"

    def bundle(self, container_id: str) -> str:
        """Return the folder of a run: config.json, state.json, monitor.sock."""
        return f"{self.run}/containers/{container_id}"

    def volume(self, name: str) -> str:
        """Return the folder of a named volume; its content is in `_data`, as Docker has it."""
        return f"{self.root}/volumes/{name}"

    def network_key(self, network_id: str) -> str:
        """Return the file with the private key of an encrypted network."""
        return f"{self.root}/networks/{network_id}.key"

    def cgroup(self, container_id: str) -> str:
        """Return the cgroup path of a container, relative to each hierarchy's root."""
        return f"/{self.label}/{container_id}"
