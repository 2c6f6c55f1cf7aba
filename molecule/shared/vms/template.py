"""Templates: a machine that has booted and warmed up, frozen. Clones of it are there in a second or two.

RAM is a file that every clone maps copy-on-write; the state of the devices is a stream beside it (QEMU's migration with
x-ignore-shared, which leaves shared RAM where it is).
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from . import places, qemu, ssh
from .machine import Machine, Wish, choose
from .qmp import Control
from .recipe import GUEST

_CAPABILITY = [{"capability": "x-ignore-shared", "state": True}]


def key(machine: Machine, image: Path, accel: str) -> str:
    """Return the name of a template in the cache: all that a clone must have in common with it."""
    digest = hashlib.sha256()
    for part in (qemu.version(), accel, qemu.processor(accel), str(image), Path(qemu.__file__).read_text()):
        digest.update(part.encode() + b"\0")
    return f"{machine.image}-{machine.memory}M-{machine.cpus}-{digest.hexdigest()[:16]}"


def make(machine: Machine, image: Path, accel: str) -> Path:
    """Return the folder of the template (ram, state, disk.qcow2) for a machine, made first where it is missing."""
    final = places.cache() / "templates" / key(machine, image, accel)
    with places.making(final) as draft:
        if draft:
            _build(machine, image, accel, draft)
    return final


def _build(wanted: Machine, image: Path, accel: str, draft: Path) -> None:
    machine = choose(_plain(wanted), wanted.key)
    qemu.overlay(draft / "disk.qcow2", image / "disk.raw", "raw")
    # it ends with this process, whatever ends that: a half template is no use to anybody
    mortal = ["setpriv", "--pdeathsig", "KILL", "--"]
    process = qemu.start([*mortal, *qemu.command(machine, image, accel, draft / "ram", freeze=True)], draft)
    try:
        qemu.wait_ready(draft, process)
        ssh.run(machine, (GUEST / "warmup.sh").read_text())
        with Control(draft) as control:
            _freeze(control, draft)
        process.wait(60)
    finally:
        process.kill()
        process.wait()


def _plain(wanted: Machine) -> Wish:
    return Wish(name="template", image=wanted.image, memory=wanted.memory, cpus=wanted.cpus)


def _freeze(control: Control, draft: Path) -> None:
    control("stop")
    control("migrate-set-capabilities", capabilities=_CAPABILITY)
    control("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
    control("migrate", uri="exec:cat >state")
    while True:
        status = control("query-migrate")["status"]
        if status == "completed":
            break
        if status in ("failed", "cancelled"):
            raise RuntimeError(f"{draft}: the template could not be frozen: {status}")
        time.sleep(0.05)
    control("quit")


def thaw(folder: Path, template: Path) -> None:
    """Let a machine that QEMU has started with `-incoming defer` in `folder` go on where the template stopped."""
    with Control(folder) as control:
        control("migrate-set-capabilities", capabilities=_CAPABILITY)
        control("migrate-incoming", uri=f"exec:cat '{template}/state'")
        while control("query-status")["status"] == "inmigrate":
            time.sleep(0.02)
        control("cont")
