"""Capabilities and security options: what the user says, as sets and values. Pure."""

from __future__ import annotations

from ..errors import InvalidSpec
from .spec import ContainerSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# moby daemon/pkg/oci/caps/defaults.go
DEFAULT = (
    "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID",
    "CAP_SYS_CHROOT",
)  # fmt: skip
_KNOWN = ("no-new-privileges", "seccomp=", "apparmor=", "label=", "systempaths=unconfined", "mask=", "unmask=")


class Options:
    """What `security_opts` say: `seccomp` is None (default profile), "unconfined" or a profile as a dict.

    `apparmor` is the name of a profile, "unconfined", or "" for the default one. `mask` are more paths to hide,
    `unmask` those that stay as they are; there `*` matches as in a shell, and "ALL" is everything. `selinux` says that
    a label was asked for.
    """

    __slots__ = ("apparmor", "mask", "no_new_privileges", "seccomp", "selinux", "unmask")

    def __init__(self) -> None:
        self.no_new_privileges = self.selinux = False
        self.apparmor = ""
        self.mask: list[str] = []
        self.unmask: list[str] = []
        self.seccomp: str | dict[str, Any] | None = None

    def kept(self, paths: Iterable[str]) -> list[str]:
        """Return those of the paths that are not to stay as they are."""
        if not self.unmask:
            return list(paths)
        from fnmatch import fnmatchcase  # and `re` with it, which no start waits for

        return [path for path in paths if not any(one == "ALL" or fnmatchcase(path, one) for one in self.unmask)]


def capabilities(spec: ContainerSpec, available: set[str]) -> list[str]:
    """Return the sorted names of the capabilities that the container gets, out of the `available` ones.

    As in Docker: ALL may stand in either list, a dropped capability wins over the default but not over an added one
    unless ALL was added, and `privileged` is everything. Raises InvalidSpec for an unknown name.
    """
    add, drop = _names(spec.cap_add, "cap_add"), _names(spec.cap_drop, "cap_drop")
    if spec.privileged:
        return sorted(available)
    if "ALL" in add:
        wanted = available - drop
    elif "ALL" in drop:
        wanted = add
    else:
        wanted = (set(DEFAULT) - drop) | add
    return sorted(wanted & available)


def options(spec: ContainerSpec) -> Options:
    """Return what `security_opts` mean; raise InvalidSpec for one that is unknown."""
    result = Options()
    for text in spec.security_opts:
        key, sign, value = split(text)
        if key == "no-new-privileges" and value in ("", "true", "false"):
            result.no_new_privileges = value != "false"
        elif key == "seccomp" and sign:
            result.seccomp = _seccomp(value)
        elif key == "systempaths" and value == "unconfined":
            result.unmask.append("ALL")
        elif key in ("mask", "unmask") and sign:
            (result.mask if key == "mask" else result.unmask).extend(_paths(key, value))
        elif key == "apparmor" and sign and value.isprintable():
            result.apparmor = value
        elif key == "label":
            result.selinux = value != "disable"
        else:
            raise InvalidSpec(f"security option {text[:80]!r} is unknown; use one of {', '.join(_KNOWN)}")
    return result


def without_effect(spec: ContainerSpec) -> list[str]:
    """Return a sentence for each option that asks for a security module which does not label anything here."""
    from ..linux import apparmor, selinux

    wanted = options(spec)
    told = []
    if wanted.apparmor not in ("", "unconfined") and not apparmor.enabled():
        told.append(f"security option apparmor={wanted.apparmor} has no effect: this host's kernel has no AppArmor")
    if wanted.selinux and selinux.enabled():
        told.append("security option label has no effect: Skiff sets no labels of SELinux")
    elif wanted.selinux:
        told.append("security option label has no effect: this host's kernel has no SELinux")
    return told


def _paths(key: str, text: str) -> list[str]:
    paths = text.split(":")
    for path in paths:
        if not path.startswith("/") and not (key == "unmask" and path == "ALL"):
            raise InvalidSpec(f"security option {key}={text[:80]!r}: give absolute paths with colons between them")
    return paths


def _names(texts: tuple[str, ...], what: str) -> set[str]:
    from ..linux.capabilities import NAMES

    names = set()
    for text in texts:
        name = text.strip().upper()
        if name != "ALL" and not name.startswith("CAP_"):
            name = f"CAP_{name}"
        if name != "ALL" and name not in NAMES:
            raise InvalidSpec(f"{what}: {text!r} is not a capability")
        names.add(name)
    return names


def split(text: str) -> tuple[str, str, str]:
    """Return (key, sign, value) of an option, which has `=` or, as older Docker wrote it, `:` between them."""
    equals = text.partition("=")
    colon = text.partition(":")
    return equals if equals[1] and len(equals[0]) < len(colon[0]) or not colon[1] else colon


def _seccomp(value: str) -> str | dict[str, Any] | None:
    if value in ("unconfined", "builtin"):
        return "unconfined" if value == "unconfined" else None
    try:
        import json

        profile = json.loads(value)
    except ValueError:
        profile = None
    if not isinstance(profile, dict) or "defaultAction" not in profile:
        raise InvalidSpec("security option seccomp: the profile is not JSON with a defaultAction")
    return profile
