"""The flags of Docker's command for containers and images: each one is ours too, or it is said here why not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

from runtime_lib.cli.main import handler
from runtime_lib.cli.options import Help
from tests.support.dockerd import CLIENT

_ENGINE = "of Docker's own engine"
_WINDOWS = "for Windows containers"
_PLATFORM = {"platform": "an image here has one platform, which its own description says"}
_CREATE = {
    "annotation": "an OCI annotation is for another runtime's own extensions; labels are what Skiff keeps",
    "cpu-count": _WINDOWS,
    "cpu-percent": _WINDOWS,
    "gpus": "needs NVIDIA's hook; the devices themselves can be given with --device",
    "io-maxbandwidth": _WINDOWS,
    "io-maxiops": _WINDOWS,
    "isolation": _WINDOWS,
    "storage-opt": _ENGINE,
    "use-api-socket": _ENGINE,
    "volume-driver": "there is one driver, local",
}
# Flags that are refused as unknown, by verb; what has no effect is among ours, and its help says so.
REFUSED: dict[str, dict[str, str]] = {
    "create": _CREATE,
    "run": _CREATE,
    "start": dict.fromkeys(("checkpoint", "checkpoint-dir"), "needs CRIU; experimental in Docker"),
    "build": {
        "isolation": _WINDOWS,
        "security-opt": "Docker's engine on Linux refuses it for builds; RUN has --security=insecure",
    },
    "history": _PLATFORM,
    "images": {"tree": "experimental in Docker: lists an image's platforms, and here it has one"},
    "load": {"platform": "of an archive's platforms the host's is loaded"},
    "push": _PLATFORM,
    "rmi": _PLATFORM,
    "save": _PLATFORM,
    "rm": {"link": "removes a link of Docker's first networks; a link here lives as long as its container"},
}
VERBS = (
    *("create", "run", "start", "stop", "restart", "kill", "pause", "unpause", "rename", "wait", "rm", "exec"),
    *("attach", "images", "history", "tag", "rmi", "load", "save", "import"),
    *("build", "pull", "push", "login", "logout", "search"),
)


def ours(verb: str) -> set[str]:
    with pytest.raises(Help) as told:
        handler(verb)(["--help"])
    assert told.value.usage is not None
    return {name for option in told.value.usage.options for name in (*option.names, option.short) if name}


def theirs(client: str, verb: str) -> set[str]:
    text = subprocess.run([client, verb, "--help"], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"(?m)^ +(?:-(\w), |    )?--([a-z0-9-]+)", text)
    return {name for pair in found for name in pair if name} - {"help"}


@pytest.mark.parametrize("verb", VERBS)
def test_every_flag_is_ours_or_refused_for_a_reason(verb: str) -> None:
    if not os.path.exists(CLIENT):
        pytest.skip("needs Docker's client: install docker.io")
    known, refused = ours(verb), set(REFUSED.get(verb, {}))
    for client in {CLIENT, shutil.which("docker") or CLIENT}:
        flags = theirs(client, verb)
        missing = {name for name in flags - known - refused if len(name) > 1 or name not in _short_of(refused)}
        assert not missing, f"{client} {verb}"
    assert not refused & known


def _short_of(refused: set[str]) -> set[str]:
    """Return the letters of flags that are refused."""
    return {"l"} if "link" in refused else set()
