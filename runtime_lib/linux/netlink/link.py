"""What attaching one container to a bridge needs, without the 100 milliseconds that importing pyroute2 takes."""

from __future__ import annotations

import _socket  # `socket` imports `enum` and `selectors`, which every start would pay for
import errno
import fcntl
import os
import struct

from . import groups, messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SIOCGIFFLAGS = 0x8913
_SIOCGIFINDEX = 0x8933
_NAME_SIZE = 16  # IFNAMSIZ


class Rtnetlink:
    """A netlink socket of the network namespace in which the calling thread is now. Use it as a context manager."""

    def __init__(self) -> None:
        kind = _socket.SOCK_RAW | _socket.SOCK_CLOEXEC
        self._socket = _socket.socket(_socket.AF_NETLINK, kind, _socket.NETLINK_ROUTE)
        self._sequence = 0

    def __enter__(self) -> Rtnetlink:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def index(self, name: str) -> int:
        """Return the index of an interface. Raises OSError (ENODEV) when there is none of that name."""
        return int(self._ask(_SIOCGIFINDEX, name, "=i"))

    def exists(self, name: str) -> bool:
        """Whether there is an interface of that name."""
        try:
            return self.index(name) > 0
        except OSError:
            return False

    def is_up(self, name: str) -> bool:
        """Whether an interface of that name exists and is up."""
        try:
            return bool(self.flags(name) & messages.IFF_UP)
        except OSError:
            return False

    def flags(self, name: str) -> int:
        """Return the flags of an interface (netdevice(7)). Raises OSError (ENODEV) when there is none of that name."""
        return self._ask(_SIOCGIFFLAGS, name, "=H")

    def add(self, body: bytes, about: str) -> None:
        """Make an interface by a body of RTM_NEWLINK (`stacked`); `about` names it in an error. Raises OSError."""
        self._send(messages.RTM_NEWLINK, messages.NLM_F_CREATE | messages.NLM_F_EXCL, body, about)

    def change(self, body: bytes, about: str) -> None:
        """Change an interface by a body of RTM_SETLINK (`stacked`). Raises OSError."""
        self._send(messages.RTM_SETLINK, 0, body, about)

    def describe(self, which: str | int) -> bytes:
        """Return what the kernel tells of an interface, by its name or index (`stacked.facts`).

        Raises OSError (ENODEV) when there is none.
        """
        index = self.index(which) if isinstance(which, str) else which
        return self._query(messages.RTM_GETLINK, messages.link(index), str(which))

    def add_veth(self, host_name: str, bridge: int, mtu: int, namespace: int, name: str, mac: bytes) -> None:
        """Make a veth pair between a bridge and another namespace; see `messages.veth`."""
        body = messages.veth(host_name, bridge, mtu, namespace, name, mac)
        self._send(messages.RTM_NEWLINK, messages.NLM_F_CREATE | messages.NLM_F_EXCL, body, host_name)

    def set_master(self, name: str, bridge: str) -> None:
        """Make an interface a port of a bridge."""
        self._send(messages.RTM_SETLINK, 0, messages.link_master(self.index(name), self.index(bridge)), name)

    def isolate(self, name: str) -> None:
        """Keep a bridge port from talking to other isolated ports of its bridge (Linux 4.18)."""
        self._set_port(name, messages.attribute(messages.IFLA_BRPORT_ISOLATED, b"\1"))

    def reflect(self, name: str) -> None:
        """Let a bridge port send what came in by it (hairpin mode).

        Where br_netfilter is loaded, translation happens inside the bridge, and a container that asks for its own
        published port would not be answered without this.
        """
        self._set_port(name, messages.attribute(messages.IFLA_BRPORT_MODE, b"\1"))

    def close_port(self, name: str) -> None:
        """Have a bridge port forward nothing any more, and forget the addresses learned of it.

        Unlike deleting, this waits for no grace period of the kernel.
        """
        state = messages.attribute(messages.IFLA_BRPORT_STATE, b"\0")
        self._set_port(name, state, messages.attribute(messages.IFLA_BRPORT_FLUSH, b""))

    def set_up(self, name: str) -> None:
        """Set an interface up."""
        self._send(messages.RTM_SETLINK, 0, messages.link_up(self.index(name)), name)

    def settle(self, name: str) -> bool:
        """Have the kernel notice now that an interface's carrier has come; return whether it has.

        It does so by itself a little later, and drops what the interface is to send until then (its queue is `noop`).
        Kernels before 6.9 only answer, and do it later all the same (linkwatch_sync_dev in rtnl_getlink).
        """
        return groups.is_operational(self._query(messages.RTM_GETLINK, messages.link(self.index(name)), name))

    def groups(self, name: str) -> set[bytes]:
        """Return the multicast groups of IPv6 that an interface listens to, each of 16 bytes."""
        index, found = self.index(name), set()
        self._sequence += 1
        self._socket.send(groups.query(self._sequence))
        whole = False
        while not whole:
            here, whole = groups.listened(self._socket.recv(65536))
            found |= {group for where, group in here if where == index}
        return found

    def delete(self, name: str, namespace: int | None = None) -> None:
        """Delete an interface, of the namespace with that id (`mark_namespace`) or of one's own.

        Raises OSError (ENODEV) when there is none of that name, EINVAL when there is no such namespace.
        """
        self._send(messages.RTM_DELLINK, 0, messages.link_named(name, namespace), name)

    def mark_namespace(self, namespace: int) -> int:
        """Return the id by which a network namespace is known in this one, given to it now if it has none.

        It is a random number, which no other namespace gets when this one is gone (rtnetlink(7), RTM_NEWNSID).
        """
        wanted = int.from_bytes(os.urandom(4), "little") & 0x7FFFFFFF
        body = messages.namespace_id(messages.NETNSA_FD, namespace, wanted)
        try:
            self._send(messages.RTM_NEWNSID, 0, body, f"network namespace {namespace}")
        except FileExistsError:
            return self._namespace_id(namespace)
        return wanted

    def has_namespace(self, number: int) -> bool:
        """Whether there is a network namespace of that id."""
        try:
            body = messages.namespace_id(messages.NETNSA_NSID, number)
            self._send(messages.RTM_GETNSID, 0, body, f"network namespace {number}")
        except FileNotFoundError:
            return False
        return True

    def exists_in(self, namespace: int, name: str) -> bool:
        """Whether there is an interface of that name in the namespace with that id; not, where there is none of it."""
        try:
            self._query(messages.RTM_GETLINK, messages.link_named(name, namespace), name)
        except OSError as error:
            if error.errno not in (errno.ENODEV, errno.EINVAL):
                raise
            return False
        return True

    def add_address(self, name: str, address: Any) -> None:
        """Give an interface an address (an `ipaddress.IPv4Interface` or `IPv6Interface`)."""
        broadcast = address.network.broadcast_address.packed
        body = messages.address(self.index(name), address.packed, address.network.prefixlen, broadcast)
        self._send(messages.RTM_NEWADDR, messages.NLM_F_CREATE | messages.NLM_F_EXCL, body, str(address))

    def add_default_route(self, name: str, gateway: Any, version: int, instead: bool = False) -> None:
        """Send everything that has no better route to `gateway` (an `ipaddress` address); None: into the interface.

        Raises FileExistsError when there is such a route, unless it takes the place of that one (`instead`).
        """
        how = messages.NLM_F_REPLACE if instead else messages.NLM_F_EXCL
        body = messages.default_route(self.index(name), gateway.packed if gateway else b"", version)
        self._send(messages.RTM_NEWROUTE, messages.NLM_F_CREATE | how, body, f"default via {gateway}")

    def _set_port(self, name: str, *attributes: bytes) -> None:
        self._send(messages.RTM_SETLINK, 0, messages.bridge_port(self.index(name), *attributes), name)

    def _ask(self, request: int, name: str, layout: str) -> int:
        encoded = os.fsencode(name)
        if len(encoded) >= _NAME_SIZE:
            raise OSError(19, "No such device", name)  # ENODEV: the kernel would cut the name and answer for another
        answer = fcntl.ioctl(self._socket, request, encoded.ljust(40, b"\0"))
        return int(struct.unpack_from(layout, answer, _NAME_SIZE)[0])

    def _namespace_id(self, namespace: int) -> int:
        body = messages.namespace_id(messages.NETNSA_FD, namespace)
        return messages.namespace_id_of(self._query(messages.RTM_GETNSID, body, f"network namespace {namespace}"))

    def _query(self, kind: int, body: bytes, about: str) -> bytes:
        self._sequence += 1
        self._socket.send(messages.query(kind, self._sequence, body))
        answer = self._socket.recv(65536)
        failed = messages.acknowledgement(answer, self._sequence)
        if failed:
            raise OSError(failed, os.strerror(failed), about)
        return answer

    def _send(self, kind: int, flags: int, body: bytes, about: str) -> None:
        self._sequence += 1
        self._socket.send(messages.request(kind, flags, self._sequence, body))
        number = None
        while number is None:
            number = messages.acknowledgement(self._socket.recv(65536), self._sequence)
        if number:
            raise OSError(number, os.strerror(number), about)
