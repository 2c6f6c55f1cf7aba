"""A real Docker Engine of the test's own: started on a folder of its own, and gone without a trace afterwards."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tests.support.power import await_end

CLIENT = "/usr/bin/docker"  # Debian's; a version manager may have put another one first in PATH
SERVER = "/usr/sbin/dockerd"
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")


class Dockerd:
    """A running engine; `run("ps")` is `docker ps` against it."""

    def __init__(self, *options: str, own_network: bool = False, own_files: dict[str, str] | None = None) -> None:
        """Start it with further options of dockerd, and where asked in a network namespace of its own.

        One without a bridge needs that: it deletes `docker0`, whoever made it. `own_files` have another content for it
        than for the host; they must be there.
        """
        self._options = options
        self._own_network = own_network
        self._prefix = ("unshare", "--net") if own_network else ()
        if own_files:
            binds = "".join(
                f"printf %s {shlex.quote(text)} >$folder/{os.path.basename(path)}; "
                f"mount --bind $folder/{os.path.basename(path)} {path}; "
                for path, text in own_files.items()
            )
            script = f"set -e; folder=$(mktemp -d); mount -t tmpfs tmpfs $folder; {binds}umount -l $folder; "
            script += 'rmdir $folder; exec "$@"'
            self._prefix = (*self._prefix, "unshare", "--mount", "sh", "-c", script, "sh")
        self.folder = Path(tempfile.mkdtemp(prefix="dockerd-"))
        self.folder.chmod(0o711)  # with --userns-remap the root of a container passes through it
        self.run_folder = Path("/run", self.folder.name)  # in memory, as that of an installed engine is
        self.socket = self.folder / "docker.sock"
        self._had_bridge = os.path.exists("/sys/class/net/docker0")
        self._forwarding = FORWARDING.read_text()
        self._tables = _tables()
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with open(self.folder / "log", "wb") as log:
            process = subprocess.Popen(
                [
                    *self._prefix,
                    SERVER,
                    *("--data-root", self.folder / "data", "--exec-root", self.run_folder),
                    *("--pidfile", self.folder / "pid", "-H", f"unix://{self.socket}"),
                    *self._options,
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 180
        while subprocess.run(self.command("info"), capture_output=True).returncode != 0:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"dockerd did not start:\n{(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.1)
        return process

    def command(self, *arguments: str) -> list[str]:
        """Return the argument vector of a client call."""
        return [CLIENT, "-H", f"unix://{self.socket}", *arguments]

    def run(self, *arguments: str, check: bool = True, **options: object) -> subprocess.CompletedProcess[str]:
        """Run a client call and return its output."""
        return subprocess.run(self.command(*arguments), check=check, text=True, capture_output=True, **options)  # type: ignore[call-overload,no-any-return]

    def pids(self) -> list[int]:
        """Return the pids of the daemon, its containerd and all its shims."""
        return [self._process.pid, *_below(self._process.pid), *_shims(str(self.run_folder))]

    def shut_down(self) -> None:
        """End the engine as a host does that shuts down."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(120)

    def cut_power(self) -> None:
        """Kill the engine and its containers at once, and take away what was in memory."""
        containers = self._container_pids()
        frozen = _freezers(self._container_pids("--filter", "status=paused"))
        for pid in [*self.pids(), *containers]:
            _kill(pid)
        self._process.wait()
        for state in frozen:  # with cgroup v1 a frozen process only dies when it is thawed
            state.write_text("THAWED")
        for pid in [*_shims(str(self.run_folder)), *containers]:
            _kill(pid)
            await_end(pid)
        self._unmount()
        shutil.rmtree(self.run_folder)
        (self.folder / "pid").unlink()

    def come_up(self) -> None:
        """Start the engine again; it has done what restart policies want when this returns."""
        self._process = self._start()

    def _container_pids(self, *filters: str) -> list[int]:
        ids = self.run("ps", "-q", *filters).stdout.split()
        lines = self.run("inspect", "-f", "{{.State.Pid}}", *ids).stdout.split() if ids else []
        return [int(line) for line in lines if line != "0"]

    def stop(self) -> None:
        """Remove all containers, end the engine and delete its folder."""
        ids = self.run("ps", "-aq").stdout.split()
        if ids:
            self.run("rm", "-f", *ids)
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)
        self._unmount()
        if not self._own_network:  # what it did to the network of the host
            self._restore_network()
        shutil.rmtree(self.folder, ignore_errors=True)
        for folder in self.run_folder.parent.glob(f"{self.run_folder.name}*"):  # --userns-remap adds the first ids
            shutil.rmtree(folder, ignore_errors=True)

    def _restore_network(self) -> None:
        if not self._had_bridge:
            subprocess.run(["ip", "link", "delete", "docker0"], check=False, capture_output=True)
        for family, name in _tables() - self._tables:
            subprocess.run(["nft", "delete", "table", family, name], check=False, capture_output=True)
        FORWARDING.write_text(self._forwarding)

    def _unmount(self) -> None:
        targets = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for target in reversed(targets):
            if target.startswith((str(self.folder), str(self.run_folder))):
                subprocess.run(["umount", "-l", target], check=False, capture_output=True)


def _tables() -> set[tuple[str, str]]:
    """Return (family, name) of the host's tables that iptables-nft makes, as Docker has it do."""
    listing = subprocess.run(["nft", "list", "tables"], check=True, text=True, capture_output=True).stdout
    found = {(words[1], words[2]) for words in map(str.split, listing.splitlines())}
    return {(family, name) for family, name in found if family in ("ip", "ip6")}


def _below(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children]


def _shims(folder: str) -> list[int]:
    found = []
    for entry in os.listdir("/proc"):
        try:
            line = Path(f"/proc/{entry}/cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if b"containerd-shim" in line and folder.encode() in line:
            found.append(int(entry))
    return found


def _freezers(pids: list[int]) -> list[Path]:
    """Return the state files of the cgroups, version 1, in which processes may be frozen."""
    groups: set[str] = set()
    for pid in pids:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        groups.update(line.split(":", 2)[2] for line in lines if ":freezer:" in line)
    return [Path(f"/sys/fs/cgroup/freezer{group}/freezer.state") for group in groups]


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
