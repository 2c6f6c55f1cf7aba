"""nftables without the kernel: a host that has no nft, and answers as the kernel writes them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from runtime_lib.errors import HostLacks
from runtime_lib.linux import nftables


def test_a_host_without_nft(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(nftables, "_PROGRAMS", [str(tmp_path / "nft")])
    with pytest.raises(HostLacks, match="install the package nftables"):
        nftables.apply([])


def attribute(kind: int, payload: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def chain(table: str, name: str, handle: int, use: int) -> bytes:
    body = attribute(1, table.encode() + b"\0") + attribute(2, handle.to_bytes(8, "big"))
    body += attribute(3, name.encode() + b"\0") + attribute(6, use.to_bytes(4, "big"))
    return struct.pack("=IHHII", 20 + len(body), (10 << 8) | 3, 2, 1, 0) + b"\1\0\0\0" + body


def test_an_answer_with_several_chains() -> None:
    found: dict[tuple[str, str], tuple[int, int]] = {}
    assert nftables._collect(chain("t", "forward", 5, 300) + chain("u", "x", 6, 0), found)
    assert found == {("t", "forward"): (5, 300), ("u", "x"): (6, 0)}
    assert not nftables._collect(struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0), found)


def test_an_answer_that_is_an_error() -> None:
    with pytest.raises(PermissionError):
        nftables._collect(struct.pack("=IHHIIi", 36, 2, 0, 1, 0, -1) + bytes(16), {})
