"""An SSH server of the test's own: its keys, its port, its process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

LIMIT = 120  # seconds until the server must answer
CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
AuthorizedKeysCommand /usr/bin/cat {folder}/user_key.pub
AuthorizedKeysCommandUser root
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
"""


class Sshd:
    """Runs while it is entered. `before` are the words of a command that runs another one on the host.

    `variables` lead the connection plugin to it, `options` are those of ssh itself.
    """

    def __init__(self, folder: Path, before: list[str], port: int = 2222) -> None:
        self.folder = folder
        self.port = port
        self._before = before
        known = f"{folder}/known_hosts"
        self.variables: dict[str, Any] = {
            "ansible_skiff_host": "127.0.0.1",
            "ansible_skiff_host_port": port,
            "ansible_skiff_host_user": "root",
            "ansible_skiff_host_private_key_file": f"{folder}/user_key",
            "ansible_skiff_host_ssh_args": f"-o UserKnownHostsFile={known} -o ControlPath={folder}/c%p",
        }

    def __enter__(self) -> Sshd:
        for name in ("host_key", "user_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name], check=True)
        kind, key, *_comment = (self.folder / "host_key.pub").read_text().split()
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")
        (self.folder / "sshd_config").write_text(CONFIG.format(folder=self.folder, port=self.port))
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # sshd insists on it for its privilege separation
        program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin") or "/usr/sbin/sshd"
        command = [*self._before, program, "-D", "-e", "-f", str(self.folder / "sshd_config")]
        with open(self.folder / "log", "wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)
        self._wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        end = [*self.ssh("")[:-2], "-o", f"ControlPath={self.folder}/c%p", "-O", "exit", "root@127.0.0.1"]
        subprocess.run(end, capture_output=True, stdin=subprocess.DEVNULL)  # the shared connection, if there is one
        self._process.terminate()
        self._process.wait()

    def ssh(self, command: str) -> list[str]:
        """Return the argument vector that runs a shell command on the host by SSH, from within its namespaces."""
        options = ["-i", str(self.folder / "user_key"), "-o", f"UserKnownHostsFile={self.folder}/known_hosts"]
        return [*self._before, "ssh", "-p", str(self.port), *options, "root@127.0.0.1", command]

    def pids(self) -> list[int]:
        """Return the processes of sshd itself that serve sessions."""
        found, parents = [], [self._process.pid]
        while parents:
            parent = parents.pop()
            for child in _children(parent):
                if Path(f"/proc/{child}/comm").read_text().startswith("sshd"):
                    found.append(child)
                    parents.append(child)
        return found

    def break_sessions(self) -> int:
        """Kill the processes of all sessions, as a network that breaks or a host that runs out of memory does."""
        pids = self.pids()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return len(pids)

    def _wait(self) -> None:
        end = time.monotonic() + LIMIT
        while time.monotonic() < end and self._process.poll() is None:
            if subprocess.run(self.ssh("true"), capture_output=True, stdin=subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.1)
        raise AssertionError(f"sshd does not answer: {(self.folder / 'log').read_text()}")


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]
