"""The kernel as QEMU boots it quickest (uncompressed, PVH); an initrd of one program and the virtio drivers."""

from __future__ import annotations

import os
import stat
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

DRIVERS = ("virtio_pci", "virtio_blk", "virtio_net", "virtio_rng", "ext4")
_LZ4, _ELF = b"\x02!L\x18", b"\x7fELF"


def uncompressed(vmlinuz: bytes) -> bytes:
    """Return the ELF kernel inside a bzImage (Documentation/arch/x86/boot.rst: payload_offset, payload_length).

    Raises ValueError for a payload that is not LZ4, which is what Debian's cloud kernel uses.
    """
    setup = ((vmlinuz[0x1F1] or 4) + 1) * 512
    offset, length = struct.unpack_from("<II", vmlinuz, 0x248)
    payload = vmlinuz[setup + offset : setup + offset + length]
    if not payload.startswith(_LZ4):
        raise ValueError("the kernel's payload is not LZ4")
    # the last four bytes are the size of the result, no part of the stream
    kernel = subprocess.run(["lz4", "-d", "-c", "-"], input=payload[:-4], stdout=subprocess.PIPE, check=True).stdout
    if not kernel.startswith(_ELF):
        raise ValueError("the kernel's payload is no ELF file")
    return kernel


def load_order(modules_dep: str, wanted: tuple[str, ...]) -> list[str]:
    """Return the paths of drivers, each after those that it needs (man 5 modules.dep); built-in ones have none."""
    needs = {}
    for line in modules_dep.splitlines():
        path, _unused, rest = line.partition(":")
        needs[_module(path)] = (path, rest.split())
    order: list[str] = []

    def add(path: str) -> None:
        for other in reversed(needs[_module(path)][1]):
            add(other)
        if path not in order:
            order.append(path)

    for name in wanted:
        if name in needs:
            add(needs[name][0])
    return order


def _module(path: str) -> str:
    return os.path.basename(path).split(".ko")[0].replace("-", "_")


def files(init: Path, busybox: Path, modules: Path) -> Iterator[tuple[str, int, bytes]]:
    """Yield name, mode and content of everything in the initrd; `modules` is the kernel's folder of modules."""
    for folder in ("bin", "dev", "mnt", "modules", "proc", "sys"):
        yield folder, stat.S_IFDIR | 0o755, b""
    yield "bin/busybox", stat.S_IFREG | 0o755, busybox.read_bytes()
    yield "init", stat.S_IFREG | 0o755, init.read_bytes()
    order = load_order((modules / "modules.dep").read_text(), DRIVERS)
    for path in order:
        yield f"modules/{os.path.basename(path)}", stat.S_IFREG | 0o644, (modules / path).read_bytes()
    listed = "".join(f"{os.path.basename(path)}\n" for path in order)
    yield "modules/order", stat.S_IFREG | 0o644, listed.encode()


def archive(members: Iterator[tuple[str, int, bytes]]) -> bytes:
    """Return a cpio archive in the one format that the kernel reads (initramfs buffer format, "newc")."""
    parts = [_member(number, *member) for number, member in enumerate(members, 1)]
    return b"".join([*parts, _member(0, "TRAILER!!!", 0, b"")])


def _member(number: int, name: str, mode: int, data: bytes) -> bytes:
    path = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return _padded(header + path) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
