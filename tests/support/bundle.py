"""OCI bundles of busybox, run by `skiff-oci` as a user would."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CAPABILITIES = [
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
    "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",
    "CAP_AUDIT_WRITE",
]  # fmt: skip
SAFE = ["nosuid", "noexec", "nodev"]
CONFIG: dict[str, Any] = {
    "ociVersion": "1.0.2",
    "process": {
        "args": ["true"],
        "env": [PATH],
        "cwd": "/",
        "user": {"uid": 0, "gid": 0},
        "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), CAPABILITIES),
    },
    "root": {"path": "rootfs"},
    "hostname": "box",
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc", "options": SAFE},
        {
            "destination": "/dev",
            "type": "tmpfs",
            "source": "tmpfs",
            "options": ["nosuid", "strictatime", "mode=755", "size=65536k"],
        },
        {
            "destination": "/dev/pts",
            "type": "devpts",
            "source": "devpts",
            "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
        },
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": [*SAFE, "ro"]},
        {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": [*SAFE, "ro"]},
        {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": SAFE},
        {
            "destination": "/dev/shm",
            "type": "tmpfs",
            "source": "shm",
            "options": [*SAFE, "mode=1777", "size=65536k"],
        },
    ],
    "linux": {
        "namespaces": [{"type": name} for name in ("pid", "network", "ipc", "uts", "mount")],
        "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
        "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
    },
}


RUNTIME = """#!{python} -IB
import sys
sys.path.insert(0, {root!r})
from runtime_lib.oci.command import console
console()
"""


def skiff_oci(folder: Path) -> Path:
    """Write a program `skiff-oci` of this checkout, for an engine to call, and return its path."""
    program = folder / "skiff-oci"
    program.write_text(RUNTIME.format(python=sys.executable, root=str(ROOT)))
    program.chmod(0o755)
    return program


class Bundle:
    """A bundle in `folder`, whose `config` a test changes before it runs."""

    def __init__(self, folder: Path, rootfs: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.state = folder / "state"
        self.config = copy.deepcopy(CONFIG)
        for part in ("upper", "work"):
            (folder / part).mkdir()
        self.upper = folder / "upper"
        self.use_layers([str(rootfs)])

    def use_layers(self, layers: list[str]) -> None:
        """Have an overlay as the root; the top layer first."""
        options = [f"lowerdir={':'.join(layers)}", f"upperdir={self.upper}", f"workdir={self.folder / 'work'}"]
        others = [mount for mount in self.config["mounts"] if mount["destination"] != "/"]
        overlay = {"destination": "/", "type": "overlay", "source": "overlay", "options": options}
        self.config["mounts"] = [overlay, *others]

    def command(self, *words: str) -> list[str]:
        """Return the command line of a verb."""
        code = "import sys;sys.path.insert(0,sys.argv.pop(1));from runtime_lib.oci.command import console;console()"
        return [sys.executable, "-IB", "-c", code, str(ROOT), "--root", str(self.state), *words]

    def verb(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a verb and return what it said."""
        return subprocess.run(self.command(*words), text=True, timeout=60, **{"capture_output": True, **options})

    def write(self) -> None:
        """Write config.json."""
        (self.folder / "config.json").write_text(json.dumps(self.config))

    def run(self, *args: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program in the foreground and return what it said."""
        self.config["process"]["args"] = list(args)
        self.write()
        return self.verb("run", "-b", str(self.folder), self.name, **options)

    def output(self, script: str) -> str:
        """Return what a shell script prints; it must succeed."""
        done = self.run("sh", "-c", script)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def begin(self, *args: str) -> int:
        """Start a program in the background and return its pid."""
        self.config["process"]["args"] = list(args)
        self.write()
        with open(self.folder / "begin.stderr", "w+") as errors:  # no pipe: the program would hold it open
            null = subprocess.DEVNULL
            words = ("run", "-d", "-b", str(self.folder), self.name)
            done = self.verb(*words, capture_output=False, stdin=null, stdout=null, stderr=errors)
            errors.seek(0)
            assert done.returncode == 0, errors.read()
        return int(json.loads(self.verb("state", self.name).stdout)["pid"])

    def end(self) -> None:
        """Remove whatever runs."""
        if (self.state / self.name).exists():
            self.verb("delete", "--force", self.name)


def canary(folder: Path) -> Path:
    """Make a folder that nothing may change; see `intact`."""
    folder.mkdir(mode=0o700)
    (folder / "victim").write_text("untouched")
    return folder


def intact(folder: Path) -> bool:
    """Whether a canary is as it was made."""
    mode = os.stat(folder).st_mode & 0o7777
    return mode == 0o700 and os.listdir(folder) == ["victim"] and (folder / "victim").read_text() == "untouched"
