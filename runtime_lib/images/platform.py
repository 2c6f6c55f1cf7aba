"""Platforms of images (OCI image-spec, image-index.md): which of several is for this host. Pure but for uname."""

from __future__ import annotations

import os

from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ARCHITECTURES = {
    "aarch64": ("arm64", "v8"),
    "armv6l": ("arm", "v6"),
    "armv7l": ("arm", "v7"),
    "i386": ("386", ""),
    "i686": ("386", ""),
    "loongarch64": ("loong64", ""),
    "x86_64": ("amd64", ""),
}


def architecture(machine: str = "") -> str:
    """Return this host's processor, or that of a `machine` of uname(2), in Go's terms: amd64, arm64, ..."""
    machine = machine or os.uname().machine
    return ARCHITECTURES.get(machine, (machine, ""))[0]


def host(machine: str = "") -> str:
    """Return this host's platform, or that of a `machine`: linux/amd64."""
    return f"linux/{architecture(machine)}"


def text(descriptor: dict[str, Any]) -> str:
    """Return a descriptor's platform in words."""
    platform = descriptor.get("platform")
    if not isinstance(platform, dict):
        return "any platform"
    return f"{str(platform.get('os'))[:40]}/{str(platform.get('architecture'))[:40]}"


def parts(asked: str) -> dict[str, str]:
    """Return what a configuration says of a platform such as linux/arm64/v8 or arm64. Raises InvalidSpec."""
    words = asked.lower().split("/")
    words = words if len(words) > 1 else ["linux", *words]
    if words[0] != "linux" or len(words) > 3 or not all(word.isalnum() for word in words):
        raise InvalidSpec(f"platform {asked[:100]!r} is none that images here can have; say one such as linux/arm64/v8")
    system, named = words[:2]
    architecture, variant = ARCHITECTURES.get(named, (named, ""))
    variant = words[2] if len(words) > 2 else variant if named != architecture else ""
    return {"os": system, "architecture": architecture, **({"variant": variant} if variant else {})}


def asked_for(asked: str, config: dict[str, Any]) -> bool:
    """Whether an image configuration is of a platform such as linux/arm64/v8, linux/arm64, arm64 or linux."""
    words = asked.lower().split("/")
    if len(words) == 1:
        words = [words[0], ""] if words[0] == str(config.get("os")).lower() else ["linux", words[0]]
    architecture, variant = ARCHITECTURES.get(words[1], (words[1], ""))
    wanted = (words[0], architecture, words[2] if len(words) > 2 else "")
    own = (str(config.get("os") or "linux").lower(), str(config.get("architecture")), config.get("variant") or variant)
    return all(want in ("", have) for want, have in zip(wanted, own))


def choose(descriptors: list[dict[str, Any]], asked: str = "", machine: str = "") -> dict[str, Any] | None:
    """Return the descriptor for a platform, or this host's or `machine`'s: the exact variant first; None for none.

    One without a platform comes last, and only when none was asked for.
    """
    variant = ARCHITECTURES.get(machine or os.uname().machine, ("", ""))[1]
    if asked:
        fitting = [item for item in descriptors if isinstance(item.get("platform"), dict)]
        fitting = [item for item in fitting if asked_for(asked, {"os": "", "architecture": "", **item["platform"]})]
        variant = "" if asked.count("/") > 1 or not asked.endswith(architecture()) else variant
    else:
        fitting = [item for item in descriptors if text(item) == host(machine)]
    exact = [item for item in fitting if item["platform"].get("variant", variant) == variant]
    free = [] if asked else [item for item in descriptors if not isinstance(item.get("platform"), dict)]
    ordered = exact + fitting + free
    return ordered[0] if ordered else None
