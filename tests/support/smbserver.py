"""Debian's Samba with nothing of the host's: the share `data` for one user, on the loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = "/usr/sbin/smbd"
USER, PASSWORD = "root", "sw0rd,fish"  # what is written is written by the host's user of that name
PORT = 445
_PATIENCE = 120.0  # seconds
_FOLDERS = ("private dir", "lock directory", "state directory", "cache directory", "pid directory", "ncalrpc dir")
_CONFIGURATION = """[global]
    server role = standalone server
    netbios name = LAB
    disable netbios = yes
    load printers = no
    interfaces = lo
    bind interfaces only = yes
    smb ports = {port}
    log file = {place}/log
{own}
[data]
    path = {folder}
    read only = no
    valid users = {user}
"""


@contextmanager
def shared(folder: Path, place: Path) -> Iterator[None]:
    """Share a folder until the end of the block; `place` is an empty folder for the server's own files."""
    configuration = place / "smb.conf"
    folders = {name: place / name.replace(" ", "-") for name in _FOLDERS}
    for path in folders.values():
        path.mkdir(mode=0o755)
    own = "\n".join(f"    {name} = {path}" for name, path in folders.items())
    configuration.write_text(_CONFIGURATION.format(port=PORT, place=place, own=own, folder=folder, user=USER))
    words = ["smbpasswd", "-c", str(configuration), "-s", "-a", USER]
    subprocess.run(words, check=True, capture_output=True, text=True, input=f"{PASSWORD}\n{PASSWORD}\n")
    with subprocess.Popen([PROGRAM, "--foreground", "-s", configuration], stdin=subprocess.PIPE) as server:
        try:
            _await_answer(server)
            yield
        finally:
            server.terminate()
            server.wait(_PATIENCE)


def _await_answer(server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", PORT), _PATIENCE).close()
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def present() -> bool:
    """Whether this host has the server and the kernel's client."""
    return os.path.exists(PROGRAM) and not subprocess.call(["modprobe", "-q", "cifs"])
