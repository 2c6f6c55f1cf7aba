"""The profile of AppArmor that confines a container: Skiff's own unless another one is asked for.

On a host with AppArmor the first start loads `skiff-default` into the kernel, which takes apparmor_parser(8). Where
there is no such program containers have no profile: a host needs nothing but what Skiff itself needs.
"""

from __future__ import annotations

import os

from ..errors import HostLacks
from ..linux import apparmor as kernel
from .security import options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .spec import ContainerSpec

DEFAULT = "skiff-default"
UNCONFINED = "unconfined"
_DOCKERS = "docker-default"  # what Docker calls its own one, as people's tasks do
_BASE = "/etc/apparmor.d/abstractions/base"
_PARSERS = ("/usr/sbin/apparmor_parser", "/sbin/apparmor_parser", "/usr/local/sbin/apparmor_parser")
_PATIENCE = 60  # seconds
# The facts of moby's default profile: anything goes but mounts, other profiles' processes, and what is the host's
# in /proc and /sys also where no read-only mount covers it.
_RULES = """
  network,
  capability,
  file,
  umount,

  signal (receive) peer=unconfined,
  signal (receive) peer=runc,
  signal (receive) peer=crun,
  signal (send, receive) peer={name},
  ptrace (trace, read, tracedby, readby) peer={name},

  deny mount,

  deny /proc/* w,
  deny /proc/{{[^1-9],[^1-9][^0-9],[^1-9s][^0-9y][^0-9s],[^1-9][^0-9][^0-9][^0-9]*}}/** w,
  deny /proc/sys/[^k]** w,
  deny /proc/sys/kernel/{{?,??,[^s][^h][^m]**}} w,
  deny /proc/sysrq-trigger rwklx,
  deny /proc/kcore rwklx,

  deny /sys/[^f]*/** wklx,
  deny /sys/f[^s]*/** wklx,
  deny /sys/fs/[^c]*/** wklx,
  deny /sys/fs/c[^g]*/** wklx,
  deny /sys/fs/cg[^r]*/** wklx,
  deny /sys/firmware/** rwklx,
  deny /sys/devices/virtual/powercap/** rwklx,
  deny /sys/kernel/security/** rwklx,
"""


def policy(base: bool) -> str:
    """Return the default profile as text, with the host's abstractions/base where it has that. Pure."""
    head = f"profile {DEFAULT} flags=(attach_disconnected, mediate_deleted) {{\n"
    tunables = "#include <tunables/global>\n\n" if base else ""
    return f"{tunables}{head}{'  #include <abstractions/base>' if base else ''}{_RULES.format(name=DEFAULT)}}}\n"


def check(spec: ContainerSpec) -> None:
    """Raise HostLacks for a profile that the kernel does not hold; one that nobody asked for is never missing."""
    wanted = options(spec).apparmor
    if _is_default(wanted) or wanted == UNCONFINED or not kernel.enabled():
        return
    loaded = kernel.profiles()
    stacked = wanted.startswith(":") or "//&" in wanted  # of a namespace, or several: only the kernel can tell
    if loaded is not None and wanted not in loaded and not stacked:
        raise HostLacks(
            f"security option apparmor={wanted}: the kernel holds no profile of that name; load it by apparmor_parser,"
            f" or leave the option out for Skiff's own one"
        )


def ready(spec: ContainerSpec) -> str:
    """Return the profile for a start, "" for none, with the default one loaded into the kernel. Raises HostLacks."""
    check(spec)
    wanted = chosen(spec)
    if wanted == DEFAULT and DEFAULT not in (kernel.profiles() or ()):
        _load()
    return wanted


def chosen(spec: ContainerSpec) -> str:
    """Return the profile that a start gives to the container, "" on a host without AppArmor."""
    if not kernel.enabled():
        return ""
    wanted = options(spec).apparmor
    if not wanted and spec.privileged:
        return UNCONFINED
    if not _is_default(wanted):
        return wanted
    if wanted == _DOCKERS and _DOCKERS in (kernel.profiles() or ()):
        return _DOCKERS
    return DEFAULT if confines() else ""


def shown(spec: ContainerSpec, started: bool) -> str:
    """Return what inspect says: the profile that was asked for, from the first start on the one it has."""
    return chosen(spec) if started else options(spec).apparmor


def confines() -> bool:
    """Whether the default profile is there, or can be loaded."""
    if not kernel.enabled():
        return False
    loaded = kernel.profiles()
    return loaded is not None and (DEFAULT in loaded or bool(_parser()))


def _is_default(wanted: str) -> bool:
    return wanted in ("", DEFAULT, _DOCKERS)


def _parser() -> str:
    return next((path for path in _PARSERS if os.access(path, os.X_OK)), "")


def _load() -> None:
    """Compile the default profile and hand it to the kernel. Raises HostLacks."""
    import subprocess

    command = [_parser(), "--replace", "--skip-cache", "--quiet"]
    text = policy(base=os.path.exists(_BASE))
    try:
        subprocess.run(
            command, input=text.encode(), capture_output=True, timeout=_PATIENCE, check=True, env={}, cwd="/"
        )
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip() or f"exit code {error.returncode}"
    except subprocess.TimeoutExpired:
        reason = f"apparmor_parser has not ended within {_PATIENCE} seconds"
    else:
        return
    raise HostLacks(f"AppArmor's profile {DEFAULT} could not be loaded: {reason}")
