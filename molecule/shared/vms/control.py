"""Start, cut, boot and end machines."""

from __future__ import annotations

import concurrent.futures
import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import image, places, qemu, ssh, template, wire
from .machine import Machine, Refused, Wish, choose, load

# What a clone must be told right after it thawed: the time, and who it is.
_THAW = """
date -s @{now:.2f} >/dev/null
hostname {name}
echo {name} >/etc/hostname
echo {machine_id} >/etc/machine-id
echo {machine_id}{mac} >/dev/urandom
ip link set eth1 down
ip link set eth1 address {mac}
ip address flush dev eth1
{address}
ip link set eth1 up
sync
"""


def up(wishes: Sequence[Wish]) -> list[Machine]:
    """Start machines, side by side, and return them when SSH answers. When one fails none is left.

    Raises Refused for a name that is taken, RuntimeError with the end of the serial log when one does not come up.
    """
    for wanted in wishes:
        wanted.check()
        if running(wanted.name):
            raise Refused(f"{wanted.name} is running already; `vmctl down {wanted.name}` ends it")
    machines = [choose(wanted, str(image.make(wanted.image) / "key")) for wanted in wishes]
    try:
        with concurrent.futures.ThreadPoolExecutor(max(1, len(machines))) as pool:
            list(pool.map(_start, machines))
    except BaseException:
        down([machine.name for machine in machines])
        raise
    return machines


def _start(machine: Machine) -> None:
    places.remove(machine.folder)
    machine.folder.mkdir()
    made = image.make(machine.image)
    accel = qemu.accelerator(made)
    if machine.cold:
        qemu.overlay(machine.folder / "disk.qcow2", made / "disk.raw", "raw")
        machine.save()
        _boot(machine)
        return
    frozen = template.make(machine, made, accel)
    qemu.overlay(machine.folder / "disk.qcow2", frozen / "disk.qcow2", "qcow2")
    machine.save()
    _wire(machine)
    qemu.start(qemu.command(machine, made, accel, frozen / "ram"), machine.folder)
    template.thaw(machine.folder, frozen)
    address = f"ip address add {machine.address} dev eth1" if machine.address else ""
    values = {"name": machine.name, "machine_id": machine.machine_id, "mac": machine.mac, "address": address}
    ssh.run(machine, _THAW.format(now=time.time(), **values))


def _wire(machine: Machine) -> None:
    if machine.wire:
        wire.ensure(places.run() / f"{machine.wire}.wire")


def _boot(machine: Machine) -> None:
    made = image.make(machine.image)
    _wire(machine)
    (machine.folder / "serial.log").unlink(missing_ok=True)
    process = qemu.start(qemu.command(machine, made, qemu.accelerator(made)), machine.folder)
    qemu.wait_ready(machine.folder, process)


def boot(names: Sequence[str]) -> None:
    """Boot machines that are off from their disks as they are."""
    machines = [load(name) for name in names]
    for machine in machines:
        if running(machine.name):
            raise Refused(f"{machine.name} is running")
    with concurrent.futures.ThreadPoolExecutor(len(machines)) as pool:
        list(pool.map(_boot, machines))


def power_cut(names: Sequence[str]) -> None:
    """Take the power from machines: what they have not flushed is lost. Their disks stay for `boot`."""
    for name in names:
        load(name)
        _kill(name)


def reboot(names: Sequence[str], limit: float = 600) -> None:
    """Reboot machines as their administrator does, and wait until SSH answers again."""
    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda name: _reboot(load(name), limit), names))


def _reboot(machine: Machine, limit: float) -> None:
    seen = qemu.ready_count(machine.folder)
    # in the background: the connection may not live to see the end of a command that ends it
    ssh.run(machine, "systemctl --no-block reboot")
    until = time.monotonic() + limit
    while qemu.ready_count(machine.folder) <= seen:
        if not running(machine.name) or time.monotonic() > until:
            raise RuntimeError(f"{machine.name} has not come back\n{qemu.tail(machine.folder)}")
        time.sleep(0.2)


def down(names: Sequence[str]) -> None:
    """End machines and remove what is theirs, whatever state a broken run has left them in."""
    for name in names:
        _kill(name)
        places.remove(places.run() / name)


def names() -> list[str]:
    """Return the names of this checkout's machines: those that run and those that have a folder."""
    folders = {path.parent.name for path in places.run().glob("*/machine.json")}
    return sorted(folders | set(_processes()))


def running(name: str) -> bool:
    """Tell whether a machine's QEMU runs."""
    return bool(_processes().get(name))


def _kill(name: str) -> None:
    for pid in _processes().get(name, []):
        with contextlib.suppress(ProcessLookupError):
            place = os.pidfd_open(pid)
            try:
                if _title(Path(f"/proc/{pid}")) == f"skiff-vms-{places.realm()}-{name}":
                    signal.pidfd_send_signal(place, signal.SIGKILL)
                    _wait_gone(place)
            finally:
                os.close(place)


def _wait_gone(place: int) -> None:
    import select

    select.select([place], [], [], 60)


def _processes() -> dict[str, list[int]]:
    """Return the processes of every machine of this checkout, found by the name that each carries."""
    found: dict[str, list[int]] = {}
    prefix = f"skiff-vms-{places.realm()}-"
    for process in Path("/proc").glob("[0-9]*"):
        title = _title(process)
        if title.startswith(prefix):
            found.setdefault(title[len(prefix) :], []).append(int(process.name))
    return found


def _title(process: Path) -> str:
    with contextlib.suppress(OSError):
        words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        if Path(words[0]).name == qemu.PROGRAM and "-name" in words:
            return words[words.index("-name") + 1]
    return ""


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Keep other calls of vmctl in this checkout from starting or ending machines at the same time."""
    with open(places.run() / "vmctl.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
