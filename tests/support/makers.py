"""The tools that others make images with, each on a folder of its own: Podman, buildah, skopeo, umoci."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

_LIMITS = ("--ulimit", "nofile=1000:1000", "--ulimit", "nproc=1000:1000")  # podman's own are more than some hosts allow
TOOLS = ("podman", "buildah", "skopeo", "umoci", "oci-image-tool", "zstd")
_PATIENCE = 300  # seconds for one call


def missing() -> list[str]:
    """Return the tools that are not installed."""
    return [name for name in TOOLS if not shutil.which(name)]


class Makers:
    """`podman("images")` is `podman images` in the folder; all of it is gone after `close`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mk-"))  # Podman takes no path of more than 50 characters
        self._storage = ["--root", f"{self.folder}/s", "--runroot", f"{self.folder}/r", "--storage-driver", "vfs"]

    def close(self) -> None:
        """Remove everything."""
        self.podman("rm", "-af", "-t", "0")
        self.podman("rmi", "-af")
        shutil.rmtree(self.folder)

    def podman(self, *words: str) -> str:
        """Run podman and return its output."""
        temporary = f"--tmpdir={self.folder}/t"
        return run("podman", *self._storage, temporary, "--cgroup-manager=cgroupfs", "--runtime=runc", *words)

    def run(self, image: str, *command: str) -> str:
        """Run a container by podman and return its output."""
        return self.podman("run", "--rm", "--network=none", *_LIMITS, image, *command)

    def create(self, name: str, image: str, *command: str) -> str:
        """Run a container by podman that stays under its name; return its output."""
        return self.podman("run", "--name", name, "--network=none", *_LIMITS, image, *command)

    def buildah(self, *words: str) -> str:
        """Run buildah and return its output."""
        return run("buildah", *self._storage, *words)

    @staticmethod
    def skopeo(*words: str) -> str:
        """Run skopeo and return its output."""
        return run("skopeo", "--insecure-policy", *words)

    @staticmethod
    def umoci(*words: str) -> str:
        """Run umoci and return its output."""
        return run("umoci", *words)


def run(*words: str) -> str:
    """Run a tool and return its output; one that fails is a failed test."""
    done = subprocess.run(
        words, text=True, capture_output=True, timeout=_PATIENCE, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def layer_types(manifest: str) -> set[str]:
    """Return the kinds of an OCI manifest's layers: tar, tar+gzip, ...; those of zstd:chunked with `chunked`."""
    return {_kind(layer) for layer in json.loads(manifest)["layers"]}


def _kind(layer: dict[str, Any]) -> str:
    chunked = any("zstd-chunked" in key for key in layer.get("annotations", {}))
    return f"{layer['mediaType'].rpartition('layer.v1.')[2]}{' chunked' if chunked else ''}"
