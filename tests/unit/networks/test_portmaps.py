"""Published ports as maps."""

from __future__ import annotations

from typing import Any

from runtime_lib.networks import portmaps
from runtime_lib.networks.model import Published

PORTS = [
    Published("tcp", "0.0.0.0", 8080, "10.1.0.2", 80),
    Published("udp", "127.0.0.1", 53, "10.1.0.2", 5353),
    Published("sctp", "::", 9, "fd00::2", 10),
    Published("tcp", "::1", 81, "fd00::2", 82),
]


def elements(commands: list[dict[str, Any]]) -> dict[str, list[Any]]:
    found = [command["add"]["element"] for command in commands if "element" in command.get("add", {})]
    return {one["name"]: one["elem"] for one in found}


def test_each_port_is_in_the_map_of_its_kind() -> None:
    assert elements(portmaps.contents("t", PORTS)) == {
        "ports4_at_address": [[{"concat": ["127.0.0.1", "udp", 53]}, "10.1.0.2"]],
        "ports4_at_port": [[{"concat": ["127.0.0.1", "udp", 53]}, 5353]],
        "ports6_at_address": [[{"concat": ["::1", "tcp", 81]}, "fd00::2"]],
        "ports6_at_port": [[{"concat": ["::1", "tcp", 81]}, 82]],
        "ports4_address": [[{"concat": ["tcp", 8080]}, "10.1.0.2"]],
        "ports4_port": [[{"concat": ["tcp", 8080]}, 80]],
        "ports6_address": [[{"concat": ["sctp", 9]}, "fd00::2"]],
        "ports6_port": [[{"concat": ["sctp", 9]}, 10]],
    }


def test_maps_are_emptied_before_they_are_filled() -> None:
    commands = [command for command in portmaps.contents("t", PORTS[:1]) if "ports4_port" in str(command)]
    assert [(key, *value) for command in commands for key, value in command.items()] == [
        ("add", "map"),
        ("flush", "map"),
        ("add", "element"),
    ]
    assert elements(portmaps.contents("t", [])) == {}


def test_the_order_of_the_rows_does_not_matter() -> None:
    assert portmaps.contents("t", PORTS) == portmaps.contents("t", PORTS[::-1])
