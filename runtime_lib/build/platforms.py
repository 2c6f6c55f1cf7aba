"""Platforms that a build is for: what the words mean, and whether this host can run a command of one."""

from __future__ import annotations

import os
import re

from ..errors import InvalidSpec
from ..images import platform
from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_PART = re.compile(r"[a-z0-9][a-z0-9._-]*")
_INTERPRETERS = "/proc/sys/fs/binfmt_misc"
_NATIVE = {"amd64": ("386",), "arm64": ("arm",)}  # what the kernel of a host runs beside its own
_QEMU = {"amd64": "x86_64", "arm64": "aarch64", "386": "i386"}  # qemu's names where they differ from Go's


@dataclass(frozen=True)
class Platform:
    """An operating system, a processor in Go's terms, and its variant ("" for none)."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def document(self) -> dict[str, str]:
        """Return it as an image configuration has it."""
        found = {"architecture": self.architecture, "os": self.os}
        return {**found, "variant": self.variant} if self.variant else found


def host() -> Platform:
    """Return this host's platform."""
    machine = os.uname().machine
    return Platform("linux", platform.architecture(), machine[3:5] if machine.startswith("armv") else "")


def parse(text: str) -> Platform:
    """Return the platform of `linux/arm64`, `linux/arm/v7`, `arm64` or `linux`. Raises InvalidSpec."""
    parts = text.lower().split("/")
    if (
        not text
        or len(parts) > 3
        or not all(part.isascii() and part.replace(".", "").replace("_", "").isalnum() for part in parts)
    ):
        raise InvalidSpec(f"{text[:60]!r} is no platform; write for example linux/amd64 or linux/arm/v7")
    if len(parts) == 1:
        parts = [parts[0], host().architecture] if parts[0] == "linux" else ["linux", parts[0]]
    architecture = platform.ARCHITECTURES.get(parts[1], (parts[1], ""))[0]
    if parts[0] != "linux":
        raise InvalidSpec(f"{text[:60]!r} is a platform of another system; this host makes images for linux only")
    return Platform(parts[0], architecture, parts[2] if len(parts) > 2 else "")


def check_image(asked: str, name: str, config: Mapping[str, Any]) -> None:
    """Raise InvalidSpec when an image is of another platform than the one that is asked for."""
    if asked and not platform.asked_for(asked, dict(config)):
        own = f"{config.get('os')}/{config.get('architecture')}"
        raise InvalidSpec(
            f"image {name!r} on this host is for {own}, not for {asked[:60]}; pull or load the one for {asked[:60]}"
        )


def check_runs(document: Mapping[str, Any]) -> None:
    """Raise InvalidSpec when this host cannot run a command of an image of this platform."""
    own = host().architecture
    wanted = str(document.get("architecture") or own)
    if wanted == own or wanted in _NATIVE.get(own, ()) or _interpreted(wanted):
        return
    raise InvalidSpec(
        f"RUN needs a program for {wanted}, and this host is {own} without an interpreter for it; build on a host for "
        f"{wanted}, or register an interpreter with binfmt_misc (package qemu-user-static)"
    )


def _interpreted(architecture: str) -> bool:
    try:
        with open(f"{_INTERPRETERS}/qemu-{_QEMU.get(architecture, architecture)}", encoding="ascii") as file:
            return file.readline().strip() == "enabled"
    except OSError:
        return False
