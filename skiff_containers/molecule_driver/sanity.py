"""Whether containers can be made on this host, as a sentence when not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COLLECTION = Path("ansible_collections", "skiff", "containers")
DEFAULT_PATHS = "~/.ansible/collections:/usr/share/ansible/collections"
OLDEST = (5, 4)
# Keys of the Docker driver that have no meaning here, and what to do instead.
REFUSED = {
    "registry": "images do not come from a registry: make the image by 'bootstrap', 'load_path' or a Dockerfile",
    "docker_host": "there is no Docker Engine to connect to: remove it",
}


@dataclass(frozen=True)
class Host:
    """What matters of a host: uname's system and release, whether we are or can become root, where collections are."""

    system: str
    release: str
    root: bool
    collections: tuple[str, ...]


def this_host(environment: Mapping[str, str], config: Mapping[str, Any]) -> Host:
    """Look at this host; `environment` and `config` (ansible.cfg by section) are those of the coming playbooks."""
    uname = os.uname()
    root = os.geteuid() == 0 or _sudo_works()
    return Host(uname.sysname, uname.release, root, tuple(collection_paths(environment, config.get("defaults", {}))))


def _sudo_works() -> bool:
    try:
        return subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def collection_paths(environment: Mapping[str, str], defaults: Mapping[str, Any]) -> Iterable[str]:
    """Return the folders in which Ansible looks for collections."""
    given = environment.get("ANSIBLE_COLLECTIONS_PATH") or environment.get("ANSIBLE_COLLECTIONS_PATHS")
    given = given or defaults.get("collections_path") or defaults.get("collections_paths") or DEFAULT_PATHS
    return [os.path.expanduser(path) for path in [*str(given).split(":"), *sys.path] if path]


def problem(host: Host, platforms: Iterable[Mapping[str, Any]]) -> str | None:
    """Return why no scenario with these platforms can run on this host, or None."""
    if host.system != "Linux":
        return f"containers need Linux, and this is {host.system}"
    version = tuple(int(number) for number in re.findall(r"\d+", host.release)[:2])
    if version < OLDEST:
        return f"containers need Linux {OLDEST[0]}.{OLDEST[1]} or newer, and this is {host.release}"
    if not host.root:
        return "containers need root: run molecule as root, or allow this user sudo without a password"
    if not any((Path(path) / COLLECTION).is_dir() for path in host.collections):
        return (
            "the collection skiff.containers is not installed: "
            "run 'ansible-galaxy collection install skiff.containers', or name its folder in ANSIBLE_COLLECTIONS_PATH"
        )
    return next((sentence for platform in platforms for sentence in _of_platform(platform)), None)


def _of_platform(platform: Mapping[str, Any]) -> Iterable[str]:
    name = platform["name"]
    for key, sentence in REFUSED.items():
        if key in platform:
            yield f"platform {name}: {key}: {sentence}"
    if "image" not in platform and "dockerfile" not in platform:
        yield f"platform {name}: say from which 'image' it is made, or from which 'dockerfile'"
    if platform.get("systemd") and "command" in platform:
        yield f"platform {name}: with 'systemd', the command is systemd itself: remove 'command'"
    if "bootstrap" in platform and "load_path" in platform:
        yield f"platform {name}: 'bootstrap' and 'load_path' both say where the image comes from: remove one of them"
