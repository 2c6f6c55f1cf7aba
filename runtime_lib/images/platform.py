"""Platforms of images (OCI image-spec, image-index.md): which of several is for this host. Pure but for uname."""

from __future__ import annotations

import os

from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ARCHITECTURES = {
    "aarch64": ("arm64", "v8"),
    "armel": ("arm", "v6"),
    "armhf": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "armv7l": ("arm", "v7"),
    "i386": ("386", ""),
    "i686": ("386", ""),
    "loongarch64": ("loong64", ""),
    "x86-64": ("amd64", ""),
    "x86_64": ("amd64", ""),
}
_PLAIN = {
    ("amd64", "v1"): "",
    ("arm64", "v8"): "",
    ("arm64", "8"): "",
    ("arm", ""): "v7",
}  # what a variant is without one
_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_.-")
_SYSTEMS = ("linux", "windows", "darwin", "freebsd")
_KNOWN = frozenset(
    ("amd64", "386", "arm", "arm64", "loong64", "mips", "mipsle", "mips64", "mips64le", "ppc64", "ppc64le", "riscv64")
    + ("s390x", "wasm")
)


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
    variant = f"/{str(platform['variant'])[:40]}" if platform.get("variant") else ""
    return f"{str(platform.get('os'))[:40]}/{str(platform.get('architecture'))[:40]}{variant}"


def check(asked: str) -> None:
    """Raise InvalidSpec for what is no platform: one is linux/arm64/v8, linux/arm64, arm64 or linux; "" is the host's.

    A single word must be known, as for Docker (github.com/containerd/platforms, `Parse`): a typing error would
    otherwise pass for an image that is for one platform only.
    """
    words = asked.lower().split("/")
    formed = len(words) <= 3 and all(word[:1].isalnum() and not set(word) - _SIGNS for word in words)
    if asked and not (formed and (len(words) > 1 or words[0] in _SYSTEMS or architecture(words[0]) in _KNOWN)):
        raise InvalidSpec(f"platform {asked[:100]!r} is none: say one such as linux/arm64/v8, linux/amd64 or arm64")


def parts(asked: str) -> dict[str, str]:
    """Return what a configuration says of a platform such as linux/arm64/v8 or arm64. Raises InvalidSpec."""
    check(asked)
    words = asked.lower().split("/")
    words = words if len(words) > 1 else ["linux", *words]
    if words[0] != "linux" or not all(word.isalnum() for word in words):
        raise InvalidSpec(f"platform {asked[:100]!r} is none that images here can have; say one such as linux/arm64/v8")
    system, named = words[:2]
    architecture, variant = ARCHITECTURES.get(named, (named, ""))
    variant = words[2] if len(words) > 2 else variant if named != architecture else ""
    return {"os": system, "architecture": architecture, **({"variant": variant} if variant else {})}


def asked_for(asked: str, config: dict[str, Any]) -> bool:
    """Whether an image configuration is of a platform: linux/arm64/v8, linux/arm64, arm64, linux; "" is any."""
    if not asked:
        return True
    wanted, own = _wanted(asked), _own(config)
    return own in wanted or (own[:2] == wanted[0][:2] and not _names_variant(asked))


def choose(descriptors: list[dict[str, Any]], asked: str = "", machine: str = "") -> dict[str, Any] | None:
    """Return the descriptor for a platform, or this host's or `machine`'s: the best variant first; None for none.

    The variants that do are those of github.com/containerd/platforms: on ARM also the lower ones, the highest first.
    Another one comes after these, where none was asked for, and one without a platform last, for a host.
    """
    wanted = _wanted(asked, machine)
    told = [item for item in descriptors if isinstance(item.get("platform"), dict)]
    fitting = [item for each in wanted for item in told if _own(item["platform"]) == each]
    if not _names_variant(asked):
        fitting += [item for item in told if _own(item["platform"])[:2] == wanted[0][:2]]
    free = [] if asked else [item for item in descriptors if not isinstance(item.get("platform"), dict)]
    ordered = fitting + free
    return ordered[0] if ordered else None


def _wanted(asked: str, machine: str = "") -> list[tuple[str, str, str]]:
    """Return (system, processor, variant) of all that does for a platform, the best first."""
    machine = machine or os.uname().machine
    words = asked.lower().split("/") if asked else ["linux", machine]
    if len(words) == 1:
        words = [words[0], machine] if words[0] in _SYSTEMS else ["linux", words[0]]
    best = _normal(words[0], words[1], words[2] if len(words) > 2 else "")
    if best[1] != "arm" or not best[2][1:].isdecimal():
        return [best]
    return [best, *((*best[:2], f"v{version}") for version in range(min(int(best[2][1:4]), 9) - 1, 4, -1))]


def _names_variant(asked: str) -> bool:
    return asked.count("/") > 1


def _own(platform: dict[str, Any]) -> tuple[str, str, str]:
    return _normal(*(str(platform.get(key) or "") for key in ("os", "architecture", "variant")))


def _normal(system: str, architecture: str, variant: str) -> tuple[str, str, str]:
    """Return the one spelling of a platform, as `Normalize` of github.com/containerd/platforms has it."""
    architecture, usual = ARCHITECTURES.get(architecture.lower(), (architecture.lower(), ""))
    variant = variant.lower() or usual
    if architecture == "arm" and variant.isdecimal():
        variant = f"v{variant}"
    return system.lower() or "linux", architecture, _PLAIN.get((architecture, variant), variant)
