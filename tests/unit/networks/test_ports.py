"""What -p means."""

from __future__ import annotations

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.networks.ports import PortMapping, exposed, parse, spread

M = PortMapping


@pytest.mark.parametrize(
    ("text", "mappings"),
    [
        ("80", [M("", 0, 80)]),
        ("8080:80", [M("", 8080, 80)]),
        ("8080:80/udp", [M("", 8080, 80, "udp")]),
        ("8080:80/SCTP", [M("", 8080, 80, "sctp")]),
        ("127.0.0.1:8080:80", [M("127.0.0.1", 8080, 80)]),
        ("127.0.0.1::80", [M("127.0.0.1", 0, 80)]),
        ("[2001:db8::1]:8080:80", [M("2001:db8::1", 8080, 80)]),
        ("[::]::80", [M("::", 0, 80)]),
        ("0:80", [M("", 0, 80)]),
        ("127.0.0.1:0:80-81", [M("127.0.0.1", 0, 80), M("127.0.0.1", 0, 81)]),
        ("80-82", [M("", 0, 80), M("", 0, 81), M("", 0, 82)]),
        ("8000-8001:80-81", [M("", 8000, 80), M("", 8001, 81)]),
        ("8000-8010:80", [M("", 8000, 80, "tcp", 8010)]),
    ],
)
def test_all_forms(text: str, mappings: list[PortMapping]) -> None:
    assert parse([text]) == tuple(mappings)


def test_the_default_address_is_for_those_without_one() -> None:
    assert parse(["80", "1.2.3.4:81:81"], "127.0.0.1") == (M("127.0.0.1", 0, 80), M("1.2.3.4", 81, 81))


def test_the_same_text_twice_is_one_mapping() -> None:
    assert parse(["8080:80", "8080:80/tcp"]) == (M("", 8080, 80),)


@pytest.mark.parametrize(
    "text",
    ["", ":", "0", "65536", "80/", "80/icmp", "a:80", "80:", "8000-8001:80-82", "82-80", "-1", "1_0", "８０", " 80",
     "80\n", "localhost:80:80", "[::1]:80:80", "::1:80:80", "1.2.3.4:80", "all", "8080:80:80:80", "[::1:80:80"],
)  # fmt: skip
def test_what_is_no_port(text: str) -> None:
    with pytest.raises(InvalidSpec, match="published port"):
        parse([text])


def test_exposed_ports() -> None:
    assert spread(["80", "81-82/udp", "81/udp"]) == ["80/tcp", "81/udp", "82/udp"]
    assert exposed(["80/tcp", "53-54/udp"]) == (
        M("", 0, 80),
        M("", 0, 53, "udp"),
        M("", 0, 54, "udp"),
    )
    with pytest.raises(InvalidSpec, match="exposed port"):
        exposed(["8080:80"])
