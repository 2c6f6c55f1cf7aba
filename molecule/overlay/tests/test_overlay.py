"""Containers of three hosts reach each other by name, and who looks at the wire learns nothing of it."""

from __future__ import annotations

import pytest
import testinfra

NAMES = ("overlay-1", "overlay-2", "overlay-3")

# Listens on the wire while a command runs; prints how many packets of WireGuard it saw, and whether a text was in any.
LISTEN = r"""
import socket, subprocess, sys
wire, text, *command = sys.argv[1:]
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as listener:
    listener.bind((wire, 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    said = subprocess.run(command, capture_output=True, text=True).stdout
    listener.setblocking(False)
    packets = []
    try:
        while True:
            packets.append(listener.recv(65536))
    except BlockingIOError:
        pass
udp = [packet[34:38] for packet in packets if packet[12:14] == b"\x08\x00" and packet[23] == 17]
encrypted = [ports for ports in udp if (51820).to_bytes(2, "big") in (ports[:2], ports[2:])]
print(text in said, len(encrypted) > 3, any(text.encode() in packet for packet in packets))
"""


@pytest.fixture(scope="module")
def me(host: testinfra.host.Host) -> str:
    return host.check_output("hostname")


def test_every_container_reaches_every_other_by_name(host: testinfra.host.Host, me: str) -> None:
    asked = "; ".join(f"page {name}" for name in NAMES)
    assert host.check_output(f"skiff exec web-{me} sh -c '{asked}'").split() == list(NAMES)


def test_addresses_come_from_the_hosts_own_slice(host: testinfra.host.Host, me: str) -> None:
    address = host.check_output(
        f"skiff inspect -f '{{{{(index .NetworkSettings.Networks \"mesh\").IPAddress}}}}' web-{me}"
    )
    assert address.startswith(f"10.20.{me[-1]}.")


def test_the_wire_shows_no_plain_text(host: testinfra.host.Host, me: str) -> None:
    other = NAMES[(NAMES.index(me) + 1) % 3]
    wire = host.check_output("ip -o -4 addr show to 10.78.0.0/24").split()[1]
    quoted = LISTEN.replace("'", "'\\''")
    ask = f"skiff exec web-{me} page {other}"
    assert host.check_output(f"python3 -c '{quoted}' {wire} {other} {ask}") == "True True False"
