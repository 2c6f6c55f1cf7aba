"""The competitors: each has the same busybox image and runs its commands on a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support import rootfs
from tests.support.dockerd import Dockerd
from tests.support.skiff import CHECKOUT, Skiff

IMAGE = "bench"
PODMAN_BRIDGE = "cni-podman0"  # Podman 4.3 leaves it after its last container


class Field:
    """All competitors, set up side by side; a context manager."""

    def __enter__(self) -> Field:
        self.folder = Path(tempfile.mkdtemp(prefix="skiff-bench-"))
        self._had_bridge = os.path.exists(f"/sys/class/net/{PODMAN_BRIDGE}")
        self.archive = rootfs.tar(self.folder / "rootfs", self.folder / "rootfs.tar")
        self.dockerd = Dockerd()
        self.dockerd.run("import", str(self.archive), IMAGE)
        self.host = Skiff(self.folder / "skiff")
        self.host.environment["SKIFF_RUN"] = self.run_folder = f"/run/{self.folder.name}"  # in memory, as /run/skiff is
        self.host.run("import", str(self.archive), IMAGE)
        self.launcher = install_command(self.host)
        subprocess.run(self.podman("import", str(self.archive), IMAGE), check=True, capture_output=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.host.remove_everything()
        subprocess.run(self.podman("rm", "-fa", "-t", "0"), check=False, capture_output=True)
        if not self._had_bridge:
            subprocess.run(["ip", "link", "delete", PODMAN_BRIDGE], check=False, capture_output=True)
        self.dockerd.stop()
        subprocess.run(["umount", "-R", self.folder / "podman" / "overlay"], check=False, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.run_folder, ignore_errors=True)

    def docker(self, *arguments: str) -> list[str]:
        """Return a command line of Docker."""
        return self.dockerd.command(*arguments)

    def skiff(self, *arguments: str) -> list[str]:
        """Return a command line of Skiff, as it is installed on a host."""
        return [self.launcher, *arguments]

    def podman(self, *arguments: str) -> list[str]:
        """Return a command line of Podman (runc: crun refuses hybrid cgroups)."""
        folders = ["--root", str(self.folder / "podman"), "--runroot", str(self.folder / "podman-run")]
        return ["podman", *folders, "--runtime", "runc", "--cgroup-manager=cgroupfs", *arguments]

    def podman_run(self, *arguments: str) -> list[str]:
        """Return a `podman run` with limits that a root without CAP_SYS_RESOURCE may set."""
        return self.podman("run", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", *arguments)

    def runc_bundle(self) -> Path:
        """Return a bundle that runs `true`."""
        bundle = self.folder / "bundle"
        if not bundle.exists():
            bundle.mkdir()
            subprocess.run(["runc", "spec"], cwd=bundle, check=True)
            config = json.loads((bundle / "config.json").read_text())
            config["process"].update(args=["/bin/true"], terminal=False, rlimits=[])
            config["root"]["path"] = str(self.folder / "rootfs")
            (bundle / "config.json").write_text(json.dumps(config))
        return bundle


def install_command(host: Skiff) -> str:
    """Return the path of the `skiff` command as the first task on a host installs it."""
    code = (
        f"import sys; sys.path.insert(0, {str(CHECKOUT)!r})\n"
        "from runtime_lib import library; from runtime_lib.paths import Layout; from runtime_lib.store import Store\n"
        "library.install(Store(Layout.from_environment()))"
    )
    subprocess.run(["/usr/bin/python3", "-c", code], env={**os.environ, **host.environment}, check=True)
    return f"{host.root}/bin/skiff"
