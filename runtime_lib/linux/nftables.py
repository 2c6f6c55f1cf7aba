"""nftables by its command: a whole set of changes is one transaction of the kernel."""

from __future__ import annotations

import json
import shutil
import socket
import struct

from ..errors import HostLacks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_NFT_MSG_GETGEN = (10 << 8) | 16  # NFNL_SUBSYS_NFTABLES, linux/netfilter/nf_tables.h
_NLMSG_ERROR = 2
_NFTA_GEN_ID = 1
_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"  # a module's PATH often has no sbin


def apply(ruleset: Sequence[dict[str, Any]]) -> None:
    """Apply commands of libnftables-json(5): all of them, or none.

    Raises OSError with nft's own words, and HostLacks when the host has no nft.
    """
    _nft(["-j", "-f", "-"], json.dumps({"nftables": list(ruleset)}))


def list_table(name: str) -> list[dict[str, Any]]:
    """Return what the kernel has in the table `inet <name>`; an empty list when there is no such table."""
    try:
        answer = _nft(["-j", "list", "table", "inet", name], "")
    except FileNotFoundError:
        return []
    objects: list[dict[str, Any]] = json.loads(answer)["nftables"]
    return objects


def generation() -> int:
    """Return the number that the kernel raises with each change of any nftables rule of this network namespace.

    Costs two system calls. Raises OSError when the kernel has no nftables.
    """
    message = struct.pack("=IHHII", 20, _NFT_MSG_GETGEN, 1, 1, 0) + struct.pack("=BBH", 0, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 12) as netfilter:
        netfilter.send(message)
        answer = netfilter.recv(4096)
    if struct.unpack_from("=H", answer, 4)[0] == _NLMSG_ERROR:
        raise OSError(-struct.unpack_from("=i", answer, 16)[0], "the kernel does not answer for nftables")
    kind, number = struct.unpack_from("=H", answer, 22)[0], struct.unpack_from("!I", answer, 24)[0]
    if kind != _NFTA_GEN_ID:
        raise OSError(22, "the kernel's answer for nftables has no generation")
    return int(number)


def _nft(arguments: list[str], text: str) -> str:
    import subprocess  # only where rules change: most starts change none

    program = shutil.which("nft", path=_PATH)
    if program is None:
        raise HostLacks("networks need the command nft on the host: install the package nftables")
    environment = {"PATH": _PATH, "LANG": "C"}
    done = subprocess.run([program, *arguments], input=text, capture_output=True, text=True, env=environment)
    if done.returncode:
        words = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        if "No such file or directory" in words[0]:
            raise FileNotFoundError(2, words[0], "nft")
        raise OSError(22, words[0], "nft")
    return done.stdout
