"""The pure parts of the VMs of molecule/shared: names, keys, command lines, the initrd, the switch, the cache."""

from __future__ import annotations

import struct
import threading
from pathlib import Path

import pytest

from vms import initrd, machine, places, qemu, recipe, wire


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKIFF_VMS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SKIFF_VMS_RUN", str(tmp_path / "run"))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"name": "../x"}, "is no name"),
        ({"name": "a", "image": "windows"}, "no image 'windows'; there are base, tools"),
        ({"name": "a", "address": "10.0.0.1"}, "not of the form 10.0.0.1/24"),
        ({"name": "a", "wire": "a/b"}, "is no name"),
        ({"name": "a", "memory": 64}, "256 MiB"),
    ],
)
def test_what_cannot_be_a_machine_is_refused(values: dict[str, object], says: str) -> None:
    with pytest.raises(machine.Refused, match=says):
        machine.wish(values)


def test_a_platform_may_hold_what_is_molecules() -> None:
    wanted = machine.wish({"name": "web", "groups": ["all"], "forwards": [80], "memory": 512})
    assert wanted == machine.Wish(name="web", memory=512, forwards=(80,))


def test_a_machine_is_read_back_as_it_was_saved() -> None:
    saved = machine.choose(machine.Wish(name="web", forwards=(80, 443), address="10.0.0.1/24"), "/key")
    saved.folder.mkdir()
    saved.save()
    assert machine.load("web") == saved
    assert saved.instance()["forwards"] == {"80": saved.host_ports[0], "443": saved.host_ports[1]}
    assert len({saved.port, *saved.host_ports}) == 3


def test_an_unknown_machine_is_told() -> None:
    with pytest.raises(machine.Refused, match="there is no machine nobody"):
        machine.load("nobody")


def test_the_command_line_forwards_ssh_on_the_loopback_address_only() -> None:
    chosen = machine.choose(machine.Wish(name="web", forwards=(80,), address="10.0.0.1/24", wire="w"), "/key")
    words = qemu.command(chosen, Path("/image"), "tcg", Path("/template/ram"))
    user = next(word for word in words if word.startswith("user,"))
    assert user.split(",")[2:] == [
        "restrict=on",
        f"hostfwd=tcp:127.0.0.1:{chosen.port}-:22",
        f"hostfwd=tcp:127.0.0.1:{chosen.host_ports[0]}-:80",
    ]
    assert words[-2:] == ["-incoming", "defer"]
    assert "mem-path=/template/ram,share=off" in " ".join(words)
    assert "VMS_ADDRESS=10.0.0.1/24" in words[words.index("-append") + 1]
    assert any(word.startswith("stream,") and word.endswith("/w.wire") for word in words)


def test_only_the_template_writes_the_frozen_memory() -> None:
    chosen = machine.choose(machine.Wish(name="web"), "/key")
    assert "share=on" in " ".join(qemu.command(chosen, Path("/image"), "tcg", Path("/ram"), freeze=True))
    assert "mem-path" not in " ".join(qemu.command(chosen, Path("/image"), "kvm"))


def test_each_kind_has_a_key_of_its_own() -> None:
    assert recipe.key("base") == recipe.key("base") != recipe.key("tools")
    assert set(recipe.KINDS["base"]) < set(recipe.KINDS["tools"])


def test_drivers_are_loaded_after_what_they_need() -> None:
    listed = (
        "k/net/virtio_net.ko: k/net/net_failover.ko k/core/failover.ko\nk/net/net_failover.ko: k/core/failover.ko\n"
    )
    order = initrd.load_order(listed + "k/core/failover.ko:\n", ("virtio_net", "built_in"))
    assert order == ["k/core/failover.ko", "k/net/net_failover.ko", "k/net/virtio_net.ko"]


def test_the_initrd_is_a_cpio_archive_that_the_kernel_reads() -> None:
    data = initrd.archive(iter([("bin", 0o40755, b""), ("bin/x", 0o100755, b"12345")]))
    assert data.startswith(b"070701")
    assert len(data) % 4 == 0
    assert b"bin/x\0" in data
    assert b"TRAILER!!!\0" in data


def test_a_kernel_that_is_not_lz4_is_told() -> None:
    image = bytearray(4096)
    struct.pack_into("<II", image, 0x248, 0, 16)
    with pytest.raises(ValueError, match="not LZ4"):
        initrd.uncompressed(bytes(image))


def record(target: str, source: str, payload: bytes = b"") -> bytes:
    frame = bytes.fromhex(target) + bytes.fromhex(source) + payload
    return len(frame).to_bytes(4, "big") + frame


A, B, C, ALL = "020000000001", "020000000002", "020000000003", "ffffffffffff"


def test_frames_are_taken_whole_only() -> None:
    whole = record(A, B, b"hello")
    buffer = bytearray(whole + whole[:7])
    assert list(wire.frames(buffer)) == [whole]
    assert buffer == whole[:7]


def test_the_switch_learns_addresses_and_floods_what_it_does_not_know() -> None:
    switch = wire.Switch()
    for port in ("a", "b", "c"):
        switch.plug(port)
    assert switch.frame("a", record(B, A)) == ["b", "c"]
    assert switch.frame("b", record(A, B)) == ["a"]
    assert switch.frame("c", record(ALL, C)) == ["a", "b"]
    switch.unplug("a")
    assert switch.frame("b", record(A, B)) == ["c"]


def test_the_switch_drops_for_a_port_that_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "QUEUE", 20)
    switch = wire.Switch()
    switch.plug("a")
    switch.plug("b")
    assert switch.frame("a", record(B, A, bytes(20))) == ["b"]
    assert switch.frame("a", record(B, A)) == []


def test_a_killed_build_leaves_nothing_that_counts(tmp_path: Path) -> None:
    final = tmp_path / "images" / "base"
    with pytest.raises(KeyboardInterrupt), places.making(final) as draft:
        assert draft
        (draft / "half").write_text("")
        raise KeyboardInterrupt
    assert not final.exists()
    with places.making(final) as draft:
        assert draft
        assert list(draft.iterdir()) == []
    with places.making(final) as again:
        assert again is None
    assert final.is_dir()


def test_two_makers_make_once(tmp_path: Path) -> None:
    made = []

    def maker() -> None:
        with places.making(tmp_path / "image") as draft:
            if draft:
                made.append(draft)

    threads = [threading.Thread(target=maker) for _unused in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
