"""A machine, frozen right before an operation, that is thawed any number of times and has its power cut in the middle.

The disk of each cut keeps what its guest has flushed: every block is new in the overlay, and QEMU, killed, takes with
it which blocks those are, unless the guest has asked for them to be written out. One further machine then has all of
these disks as drives, and looks at them.
"""

from __future__ import annotations

import dataclasses
import io
import json
import subprocess
import tarfile
import tempfile
import threading
import time
from pathlib import Path

from runtime_lib.images import writer
from tests.support import vmguest
from tests.support.archives import docker_archive
from tests.vm.guest.steps import ARCHIVES, BASE, PLACE
from vms import control, image, places, qemu, ssh, template
from vms.machine import Machine, free_ports, load
from vms.qmp import Control

DOCKERFILE = f"""\
FROM {BASE}
ARG N
COPY payload /opt/payload
RUN echo $N > /made && mkdir -p /deep/er && cp /opt/payload/3 /deep/er/
COPY payload/1 /opt/last
LABEL number=$N
"""
PAYLOAD = 60_000  # bytes of one file


@dataclasses.dataclass(frozen=True)
class Cut:
    """One cut: which steps the operation had reported as done until then."""

    number: int
    operation: str
    moment: str
    reported: tuple[str, ...]
    disk: Path


class Lab:
    """The frozen machine. Use it as a context manager: no machine of it is left at the end."""

    def __init__(self) -> None:
        self._cuts = 0
        self.durations: dict[str, float] = {}

    def __enter__(self) -> Lab:
        control.down([name for name in control.names() if name.startswith("power")])
        try:
            subprocess.run([vmguest.VMCTL, "up", "power"], check=True, stdout=subprocess.DEVNULL)
            self._frozen = load("power")
            self._image = image.make(self._frozen.image)
            self._accel = qemu.accelerator(self._image)
            self._memory = template.make(self._frozen, self._image, self._accel) / "ram"
            self._fill()
            self._freeze()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_unused: object) -> None:
        control.down([name for name in control.names() if name.startswith("power")])

    def cut(self, operation: str, moment: float | None) -> Cut:
        """Thaw the machine, have it do an operation, and cut its power `moment` seconds after it has begun.

        Without a moment right after it has reported its end; that is how long it takes: see `durations`.
        """
        self._cuts += 1
        machine = self._another(f"power-cut{self._cuts}")
        process = qemu.start(qemu.command(machine, self._image, self._accel, self._memory), machine.folder)
        try:
            template.thaw(machine.folder, self._frozen.folder)
            reported = self._operate(machine, process, operation, moment)
        finally:
            process.kill()
            process.wait()
        words = "at its end" if moment is None else f"after {moment:.3f} s"
        return Cut(self._cuts, operation, words, reported, machine.folder / "disk.qcow2")

    def look(self, cuts: list[Cut]) -> list[list[str]]:
        """Boot a machine that has the disks of the cuts as drives; return what it finds lost on each."""
        machine = self._another(f"power-look{cuts[0].number}")
        drives: list[str] = []
        for cut in cuts:
            drives += ["-drive", f"file={cut.disk},if=none,id=cut{cut.number},format=qcow2,cache=unsafe"]
            drives += ["-device", f"virtio-blk-pci,drive=cut{cut.number},serial=cut{cut.number}"]
        process = qemu.start([*qemu.command(machine, self._image, self._accel), *drives], machine.folder)
        try:
            qemu.wait_ready(machine.folder, process)
            wanted = [{"drive": f"cut{cut.number}", **_told(cut)} for cut in cuts]
            script = f"cd /src && python3 -m tests.vm.guest.look <<'END'\n{json.dumps(wanted)}\nEND\n"
            answers: list[list[str]] = json.loads(ssh.run(machine, script))
        finally:
            process.kill()
            process.wait()
        return answers

    def _operate(
        self, machine: Machine, process: subprocess.Popen[bytes], operation: str, moment: float | None
    ) -> tuple[str, ...]:
        ssh.run(machine, "true")
        command = ssh.command(machine, f"cd /src && exec python3 -m tests.vm.guest.operate {operation}")
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, **pipes) as client:  # type: ignore[call-overload]
            begun = client.stdout.readline()
            assert begun == "begin\n", begun + client.stderr.read()
            start = time.monotonic()
            timer = threading.Timer(3600.0 if moment is None else moment, process.kill)
            timer.start()
            lines = []
            for line in client.stdout:
                lines.append(line.strip())
                if line == "end\n" and moment is None:
                    self.durations[operation] = time.monotonic() - start
                    process.kill()
                    break
            timer.cancel() if moment is None else timer.join()
            client.kill()
        assert moment is not None or lines[-1:] == ["end"], lines
        return tuple(line.removeprefix("done ") for line in lines if line.startswith("done "))

    def _another(self, name: str) -> Machine:
        """Return a machine with a disk over that of the frozen one."""
        (port,) = free_ports(1)
        machine = dataclasses.replace(self._frozen, name=name, port=port)
        places.remove(machine.folder)
        machine.folder.mkdir()
        machine.save()
        qemu.overlay(machine.folder / "disk.qcow2", self._frozen.folder / "disk.qcow2", "qcow2")
        return machine

    def _fill(self) -> None:
        command = ssh.command(self._frozen, "tar -x -C /")
        subprocess.run(command, input=_goods(), check=True)
        ssh.run(self._frozen, "cd /src && python3 -m tests.vm.guest.prepare")

    def _freeze(self) -> None:
        with Control(self._frozen.folder) as monitor:
            monitor("stop")
            monitor("migrate", uri="exec:cat >state")
            while (status := monitor("query-migrate")["status"]) != "completed":
                if status in ("failed", "cancelled"):
                    raise RuntimeError(f"the machine could not be frozen: {status}")
                time.sleep(0.05)
            monitor("quit")
        while control.running(self._frozen.name):
            time.sleep(0.05)


def _told(cut: Cut) -> dict[str, object]:
    return {"operation": cut.operation, "reported": cut.reported}


def _goods() -> bytes:
    """Return a tar of all that the guest needs: the library, the programs of the guest, archives, a build's context."""
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory() as name, tarfile.open(fileobj=buffer, mode="w") as tar:
        vmguest.add_sources(tar)
        place = Path(name)
        base = vmguest.base_layer(place)
        vmguest.add(tar, f"{PLACE}/base.tar", docker_archive([BASE], base))
        for kind in ("old", "new"):
            for number in range(ARCHIVES):
                own = b"".join(writer.pieces(str(_payload(place / f"{kind}{number}", f"{kind}{number}"))))
                both = b"".join(writer.pieces(str(_payload(place / f"{kind}-shared", kind))))
                archive = docker_archive([f"{kind}{number}:1"], base, both, own)
                vmguest.add(tar, f"{PLACE}/{kind}{number}.tar", archive)
        vmguest.add(tar, f"{PLACE}/context/Dockerfile", DOCKERFILE.encode())
        for path in _payload(place / "context", "context").iterdir():
            vmguest.add(tar, f"{PLACE}/context/payload/{path.name}", path.read_bytes())
    return buffer.getvalue()


def _payload(folder: Path, word: str) -> Path:
    folder.mkdir(exist_ok=True)
    for number in range(8):
        (folder / str(number)).write_bytes(f"{word} {number} ".encode() * (PAYLOAD // 8))
    return folder
