"""What the driver `local` is to mount, from its options `type`, `o` and `device`, as Docker's driver has them.

Like Docker's, it calls the kernel without the helpers of mount(8). The kernel resolves no names, so the names of
servers become addresses here. Pure but for `resolve`.
"""

from __future__ import annotations

from ..errors import HostLacks, InvalidSpec
from ..linux import libc
from ..oci import options
from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KNOWN = ("type", "o", "device")
_NFS = ("nfs", "nfs4")
_SMB = ("cifs", "smb3")
_SECRETS = ("password", "pass", "password2")


@dataclass(frozen=True)
class Wanted:
    """A mount: `bind` of the folder `source`, or of a new file system of this `kind`; `options` are sorted ones."""

    kind: str
    source: str
    options: options.Options

    @property
    def bind(self) -> bool:
        """Whether a folder of the host is meant."""
        return self.options.bind or self.kind in ("none", "bind")

    @property
    def remote(self) -> bool:
        """Whether it is a file system of a server."""
        return self.kind in (*_NFS, *_SMB) and not self.bind

    def without_secrets(self, text: str) -> str:
        """Return what the kernel says without the passwords that it repeats."""
        for key, value in self.options.data:
            if key in _SECRETS and value:
                text = text.replace(value, "********")
        return text


def check(name: str, given: Mapping[str, str]) -> None:
    """Raise InvalidSpec for options that make no sense, with the volume's name."""
    for key in given:
        if key == "size":
            raise InvalidSpec(
                f"volume {name}: there are no quotas for size; use type=tmpfs and o=size=..., or a device"
            )
        if key not in KNOWN:
            raise InvalidSpec(f"volume {name}: unknown driver option {key!r}; there are type, o and device")
    if not given:
        return
    if not given.get("device"):
        raise InvalidSpec(f"volume {name}: give the option device, what to mount (for a tmpfs: tmpfs)")
    if not given.get("type"):
        raise InvalidSpec(f"volume {name}: give the option type, a file system such as tmpfs, or none for a bind")
    wanted = _sorted(given)
    if wanted.bind and not wanted.source.startswith("/"):
        raise InvalidSpec(f"volume {name}: the device of a bind is an absolute path, not {wanted.source!r}")
    if wanted.remote and not _server(wanted):
        form = "SERVER:/PATH" if wanted.kind in _NFS else "//SERVER/SHARE"
        raise InvalidSpec(f"volume {name}: {wanted.kind} needs its server, as device={form} or in o=addr=SERVER")
    if wanted.kind in _SMB and ":" in _host(wanted).rpartition("]")[2]:
        raise InvalidSpec(f"volume {name}: a port does not belong into the device of {wanted.kind}; use o=port=NUMBER")


def wanted(given: Mapping[str, str], resolve: Callable[[str], str]) -> Wanted:
    """Return what to mount; `resolve` returns the address of a host's name. Raises what that raises."""
    found = _sorted(given)
    if found.bind:
        return found
    if found.options.attr_set & libc.MOUNT_ATTR_RDONLY:
        found.options.data.append(("ro", None))  # of the file system, too: a device may be read-only itself
    if found.remote:
        _with_address(found, resolve)
    return found


def address(name: str) -> str:
    """Return the address of a host by the host's own resolver, IPv4 first. Raises HostLacks."""
    import socket

    try:
        found = socket.getaddrinfo(name.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HostLacks(f"the name {name} cannot be resolved ({error}): look at the host's resolver") from None
    return str(min(found, key=lambda each: each[0] != socket.AF_INET)[4][0])


def _sorted(given: Mapping[str, str]) -> Wanted:
    text = given.get("o", "")
    if given["type"] in _SMB:  # where two commas are one that belongs to the value (fs/smb/client/fs_context.c)
        text = text.replace(",,", "\0")
    words = [word.replace("\0", ",") for word in text.split(",") if word]
    return Wanted(given["type"], given["device"], options.parse(words))


def _with_address(found: Wanted, resolve: Callable[[str], str]) -> None:
    """Replace the name in `addr`, or add `addr` for the server of the device: `ip` is what SMB calls it."""
    key = "addr" if found.kind in _NFS or found.options.value("addr") else "ip"
    number = resolve(_server(found))
    found.options.data[:] = [entry for entry in found.options.data if entry[0] != key]
    found.options.data.append((key, number))


def _server(found: Wanted) -> str:
    return found.options.value("addr") or found.options.value("ip") or _host(found)


def _host(found: Wanted) -> str:
    if found.kind in _SMB:
        source = found.source.replace("\\", "/")
        return source[2:].partition("/")[0] if source.startswith("//") else ""
    if found.source.startswith("["):
        return found.source.partition("]")[0] + "]"
    return found.source.partition(":")[0] if ":" in found.source else ""
