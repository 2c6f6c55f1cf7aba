"""nftables by its command: a whole set of changes is one transaction of the kernel."""

from __future__ import annotations

import _socket
import os
import struct

from ..errors import HostLacks
from ..jsontext import compact, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

IPV4 = 2  # NFPROTO_IPV4, linux/netfilter.h
INET = 1

_NETLINK_NETFILTER = 12
_GETCHAIN = (10 << 8) | 4  # NFNL_SUBSYS_NFTABLES, NFT_MSG_GETCHAIN of linux/netfilter/nf_tables.h
_REQUEST_DUMP = 0x301
_NLMSG_ERROR = 2
_NLMSG_DONE = 3
_TABLE, _HANDLE, _NAME, _USE = 1, 2, 3, 6  # NFTA_CHAIN_
_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"  # a module's PATH often has no sbin
_PROGRAMS = [f"{folder}/nft" for folder in _PATH.split(":")]


def apply(ruleset: Sequence[dict[str, Any]]) -> None:
    """Apply commands of libnftables-json(5): all of them, or none.

    Raises OSError with nft's own words, and HostLacks when the host has no nft.
    """
    _nft(["-j", "-f", "-"], compact({"nftables": list(ruleset)}))


def list_chain(family: str, table: str, chain: str) -> list[dict[str, Any]]:
    """Return the rules of a chain; an empty list when there is no such chain."""
    try:
        answer = _nft(["-j", "list", "chain", family, table, chain], "")
    except FileNotFoundError:
        return []
    return [item["rule"] for item in parse(answer)["nftables"] if "rule" in item]


def chains(family: int) -> dict[tuple[str, str], tuple[int, int]]:
    """Return (handle, number of rules) of each (table, chain) of a family (`INET`, `IPV4`).

    Costs a few system calls and no program. A chain that was made anew has another handle. Raises OSError.
    """
    request = struct.pack("=IHHII", 20, _GETCHAIN, _REQUEST_DUMP, 1, 0) + struct.pack("=BBH", family, 0, 0)
    found: dict[tuple[str, str], tuple[int, int]] = {}
    netfilter = _socket.socket(_socket.AF_NETLINK, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC, _NETLINK_NETFILTER)
    try:
        netfilter.send(request)
        while _collect(netfilter.recv(65536), found):
            pass
    finally:
        netfilter.close()
    return found


def _collect(data: bytes, found: dict[tuple[str, str], tuple[int, int]]) -> bool:
    """Add the chains of one answer; return whether more answers follow."""
    offset = 0
    while offset + 16 <= len(data):
        length, kind = struct.unpack_from("=IH", data, offset)
        if kind == _NLMSG_ERROR:
            number = -struct.unpack_from("=i", data, offset + 16)[0]
            raise OSError(number, "the kernel does not answer for nftables")
        if kind == _NLMSG_DONE:
            return False
        parts = _attributes(data[offset + 20 : offset + length])
        names = (parts[_TABLE].rstrip(b"\0").decode(), parts[_NAME].rstrip(b"\0").decode())
        found[names] = (int.from_bytes(parts[_HANDLE], "big"), int.from_bytes(parts[_USE], "big"))
        offset += (length + 3) & ~3
    return True


def _attributes(data: bytes) -> dict[int, bytes]:
    parts, offset = {}, 0
    while offset + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, offset)
        parts[kind & 0x3FFF] = data[offset + 4 : offset + length]
        offset += (max(length, 4) + 3) & ~3
    return parts


def program() -> str:
    """Return the path of the command nft. Raises HostLacks without it."""
    for path in _PROGRAMS:
        if os.access(path, os.X_OK):
            return path
    raise HostLacks("networks need the command nft on the host: install the package nftables")


def _nft(arguments: list[str], text: str) -> str:
    import subprocess  # only where rules change: most starts change none

    environment = {"PATH": _PATH, "LANG": "C"}
    command = [program(), *arguments]
    done = subprocess.run(command, input=text, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        words = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        if "No such file or directory" in words[0]:
            raise FileNotFoundError(2, words[0], "nft")
        raise OSError(22, words[0], "nft")
    return done.stdout
