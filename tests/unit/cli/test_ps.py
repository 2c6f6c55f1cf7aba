from __future__ import annotations

from typing import Any

import pytest

from runtime_lib.cli.ps import ports_text


def port(number: int, public: int = 0, address: str = "", kind: str = "tcp") -> dict[str, Any]:
    place = {"IP": address, "PublicPort": public} if address else {}
    return {"PrivatePort": number, "Type": kind, **place}


@pytest.mark.parametrize(
    ("ports", "text"),
    [
        ([], ""),
        ([port(80)], "80/tcp"),
        ([port(82, kind="udp"), port(80), port(81)], "80-81/tcp, 82/udp"),
        ([port(80, 80, "0.0.0.0")], "0.0.0.0:80->80/tcp"),
        ([port(n, n, "::1") for n in (800, 801, 803)], "::1:800-801->800-801/tcp, ::1:803->803/tcp"),
        ([port(80, 8080, "127.0.0.1"), port(79)], "79/tcp, 127.0.0.1:8080->80/tcp"),
    ],
)
def test_ports_are_told_as_docker_tells_them(ports: list[dict[str, Any]], text: str) -> None:
    assert ports_text(ports) == text
