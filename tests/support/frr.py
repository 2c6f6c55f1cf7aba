"""FRR's routing daemons for a host that is a network namespace: sockets, configuration and processes of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ZEBRA = "/usr/lib/frr/zebra"
_BGPD = "/usr/lib/frr/bgpd"
_CRASHES = "/var/tmp/frr"
_PATIENCE = 60.0
_BGP = """\
router bgp 65000
 bgp router-id {address}
 no bgp default ipv4-unicast
 {neighbours}
 address-family l2vpn evpn
  {active}
  advertise-all-vni
 exit-address-family
"""


@contextmanager
def evpn(folder: Path, address: str, others: list[str]) -> Iterator[None]:
    """Run zebra and bgpd in the calling thread's network namespace, with BGP EVPN to the addresses of other hosts."""
    folder.mkdir()
    neighbours = "\n ".join(f"neighbor {other} remote-as 65000\n neighbor {other} timers connect 1" for other in others)
    active = "\n  ".join(f"neighbor {other} activate" for other in others)
    Path(folder, "bgpd.conf").write_text(_BGP.format(address=address, neighbours=neighbours, active=active))
    Path(folder, "zebra.conf").write_text("")
    with _running(folder, ZEBRA), _running(folder, _BGPD, "--listenon", address):
        yield


@contextmanager
def _running(folder: Path, program: str, *more: str) -> Iterator[None]:
    name = Path(program).name
    command = [program, "-u", "root", "-g", "frrvty", "-z", f"{folder}/zserv.api", "--vty_socket", str(folder)]
    command += ["-f", f"{folder}/{name}.conf", "-i", f"{folder}/{name}.pid"]
    command += ["--log", f"file:{folder}/{name}.log", *more]
    daemon = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
        assert daemon.poll() is None, f"{name} has ended by itself: look at {folder}/{name}.log"
    finally:
        daemon.terminate()
        daemon.wait(_PATIENCE)
        _forget(f"{name}.{daemon.pid}")


def _forget(name: str) -> None:
    """Remove the folder that a daemon of FRR has made for the log of its crash, and theirs all when it is empty."""
    with suppress(FileNotFoundError):
        shutil.rmtree(f"{_CRASHES}/{name}")
    with suppress(OSError):
        os.rmdir(_CRASHES)
