"""Open vSwitch of its own for a host that is a network namespace: database, daemon and sockets in a folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.netlab import run
from tests.support.waiting import until

_SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
_PATIENCE = 60.0


class Switch:
    """The two daemons, which live in the network namespace in which the calling thread was when they were started.

    The datapath is that of user space: this works on each kernel with /dev/net/tun.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = f"unix:{folder}/db.sock"
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}
        folder.mkdir()
        run("ovsdb-tool", "create", f"{folder}/conf.db", _SCHEMA)

    def start(self) -> None:
        self.start_database()
        self.ctl("--no-wait", "init")
        self.start_daemon()

    def start_database(self) -> None:
        self._start("ovsdb-server", f"{self.folder}/conf.db", f"--remote=p{self.database}")
        until(self._answers, _PATIENCE)

    def _answers(self) -> bool:
        """Whether the database takes connections: its socket is in the folder a moment before."""
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(f"{self.folder}/db.sock") == 0

    def start_daemon(self) -> None:
        self._start("ovs-vswitchd", self.database)

    def ctl(self, *words: str) -> str:
        return run("ovs-vsctl", f"--db={self.database}", "--timeout=60", *words)

    def ports(self) -> dict[str, list[str]]:
        """Return the ports of each bridge."""
        return {name: sorted(self.ctl("list-ports", name).split()) for name in self.ctl("list-br").split()}

    def callers(self) -> list[int]:
        """Return the processes of ovs-vsctl at this database: one goes on when who has started it is killed."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                words = entry.read_bytes().split(b"\0")
                if words[0].endswith(b"ovs-vsctl") and f"--db={self.database}".encode() in words:
                    found.append(int(entry.parent.name))
        return found

    def uplink(self, bridge: str, interface: str, address: str) -> None:
        """Give an interface of the host to a bridge, and its address to the bridge.

        In user space a tunnel leaves by a bridge that has the address from which it is sent.
        """
        self.ctl(
            "add-br", bridge, "--", "set", "Bridge", bridge, "datapath_type=netdev", "--", "add-port", bridge, interface
        )
        run("ip", "addr", "flush", "dev", interface)
        run("ip", "addr", "add", address, "dev", bridge)
        run("ip", "link", "set", bridge, "up")

    def end(self, *names: str) -> None:
        for name in names or list(self.daemons):
            daemon = self.daemons.pop(name)
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(_PATIENCE)

    def _start(self, program: str, *words: str) -> None:
        control, log = f"--unixctl={self.folder}/{program}.ctl", f"--log-file={self.folder}/{program}.log"
        environment = {**os.environ, "OVS_RUNDIR": str(self.folder), "OVS_DBDIR": str(self.folder)}
        command = [f"/usr/sbin/{program}", *words, control, log]
        self.daemons[program] = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


@contextmanager
def switch(folder: Path) -> Iterator[Switch]:
    """Start Open vSwitch for the host whose network namespace the calling thread is in; end it afterwards."""
    made = Switch(folder)
    try:
        made.start()
        yield made
    finally:
        made.end()
