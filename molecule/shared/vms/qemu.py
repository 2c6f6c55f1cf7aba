"""QEMU's command line, and whether KVM can be had."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path

from . import places
from .machine import Machine

PROGRAM = "qemu-system-x86_64"
KVM_LIMIT = 20  # seconds in which a kernel under KVM must have said something; a real one needs less than one
APPEND = (
    "console=ttyS0 quiet root=/dev/vda rw net.ifnames=0 mitigations=off nokaslr no5lvl nopti nowatchdog "
    "random.trust_cpu=on audit=0 systemd.show_status=0 panic=-1"
)
_ALIVE = b"VMS-ALIVE"


def version() -> str:
    """Return the first line of what QEMU says about itself."""
    return subprocess.run([PROGRAM, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[0]


def accelerator(image: Path) -> str:
    """Return "kvm" where a guest boots under it, else "tcg"; SKIFF_VMS_ACCEL decides without asking.

    /dev/kvm alone proves nothing: inside some machines it is there and a guest hangs. So a guest is tried, once per
    boot of the host.
    """
    if os.environ.get("SKIFF_VMS_ACCEL"):
        return os.environ["SKIFF_VMS_ACCEL"]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    known = places.cache() / f"accelerator-{boot}"
    if known.exists():
        return known.read_text()
    found = "kvm" if os.access("/dev/kvm", os.R_OK | os.W_OK) and _kvm_boots(image) else "tcg"
    draft = known.with_suffix(f".{os.getpid()}")
    draft.write_text(found)
    draft.rename(known)
    return found


def _kvm_boots(image: Path) -> bool:
    command = [PROGRAM, "-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35", "-accel", "kvm"]
    command += ["-cpu", "host", "-m", "256", "-kernel", str(image / "vmlinux"), "-initrd", str(image / "initrd")]
    command += ["-append", "console=ttyS0 vms.probe panic=-1", "-no-reboot", "-serial", "stdio"]
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=KVM_LIMIT, check=False)
        return _ALIVE in done.stdout
    return False


def processor(accel: str) -> str:
    """Return the processor to show: under emulation an old one, whose wide registers need not be emulated."""
    return "host" if accel == "kvm" else "Nehalem"


def append(machine: Machine) -> str:
    """Return the kernel's command line: a machine that boots knows its name and its address from it."""
    words = [APPEND, f"systemd.hostname={machine.name}", f"systemd.machine_id={machine.machine_id}"]
    return " ".join([*words, *([f"VMS_ADDRESS={machine.address}"] if machine.address else [])])


def command(machine: Machine, image: Path, accel: str, ram: Path | None = None, freeze: bool = False) -> list[str]:
    """Return the command that runs a machine in its folder.

    `ram` is the frozen memory of a template: written with `freeze`, else mapped copy-on-write and awaiting the rest.
    """
    size = f"{machine.memory}M"
    memory = f"memory-backend-ram,id=ram0,size={size}"
    if ram:
        memory = f"memory-backend-file,id=ram0,size={size},mem-path={ram},share={'on' if freeze else 'off'}"
    speed = "tcg,thread=multi,tb-size=256" if accel == "tcg" else accel
    return [
        *(PROGRAM, "-name", machine.title, "-nodefaults", "-no-user-config", "-display", "none"),
        *("-machine", "q35,memory-backend=ram0", "-accel", speed, "-cpu", processor(accel)),
        *("-smp", str(machine.cpus), "-m", size, "-object", memory),
        *("-kernel", str(image / "vmlinux"), "-initrd", str(image / "initrd"), "-append", append(machine)),
        # unsafe: the host's disk need not be asked, for it is QEMU that is killed, not the host. What the guest has
        # flushed is in the file then, what it has not is lost.
        *("-drive", "file=disk.qcow2,if=none,id=d0,format=qcow2,cache=unsafe,discard=unmap"),
        *("-device", "virtio-blk-pci,drive=d0"),
        *("-netdev", _user(machine), "-device", "virtio-net-pci,netdev=n0,romfile="),
        *("-netdev", _wire(machine), "-device", f"virtio-net-pci,netdev=n1,romfile=,mac={machine.mac}"),
        *("-device", "virtio-rng-pci", "-chardev", "file,id=s0,path=serial.log", "-serial", "chardev:s0"),
        *("-qmp", "unix:qmp,server=on,wait=off"),
        *(("-incoming", "defer") if ram and not freeze else ()),
    ]


def _user(machine: Machine) -> str:
    ports = [(machine.port, 22), *zip(machine.host_ports, machine.forwards)]
    return "user,id=n0,restrict=on" + "".join(f",hostfwd=tcp:127.0.0.1:{host}-:{guest}" for host, guest in ports)


def _wire(machine: Machine) -> str:
    if not machine.wire:
        return "hubport,id=n1,hubid=0"  # a card with nothing at its other end
    return f"stream,id=n1,server=off,addr.type=unix,addr.path={places.run() / machine.wire}.wire"


def start(command_line: list[str], folder: Path) -> subprocess.Popen[bytes]:
    """Start QEMU in a machine's folder, with a life of its own; what it complains about goes to `errors`."""
    with open(folder / "errors", "wb") as errors:
        return subprocess.Popen(
            command_line, cwd=folder, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, start_new_session=True
        )


def overlay(disk: Path, backing: Path, form: str) -> None:
    """Make an empty disk over another one, which stays as it is."""
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", backing, "-F", form, disk], check=True)


def wait_ready(folder: Path, process: subprocess.Popen[bytes], seen: int = 0, limit: float = 600) -> None:
    """Wait until the serial log says once more than `seen` times that SSH answers. Raises RuntimeError with the log."""
    until = time.monotonic() + limit
    while ready_count(folder) <= seen:
        if process.poll() is not None or time.monotonic() > until:
            why = "QEMU has ended" if process.poll() is not None else f"not ready after {limit:.0f} s"
            log = (folder / "errors").read_text(errors="replace") + tail(folder)
            raise RuntimeError(f"{folder.name}: {why}\n{log}")
        time.sleep(0.1)


def ready_count(folder: Path) -> int:
    """Return how often the machine has said on its serial line that SSH answers."""
    with contextlib.suppress(FileNotFoundError):
        return (folder / "serial.log").read_bytes().count(b"VMS-READY")
    return 0


def tail(folder: Path, lines: int = 20) -> str:
    """Return the end of the serial log."""
    with contextlib.suppress(FileNotFoundError):
        return "\n".join((folder / "serial.log").read_text(errors="replace").splitlines()[-lines:])
    return ""
