from __future__ import annotations

from runtime_lib.containers.link_variables import of_link


def test_ports_and_variables() -> None:
    assert of_link("/web/my-db", "172.17.0.2", ["443", "80/udp", "80/tcp"], ["HOME=/", "A=b=c", "odd"]) == {
        "MY_DB_PORT": "tcp://172.17.0.2:80",
        "MY_DB_PORT_80_TCP": "tcp://172.17.0.2:80",
        "MY_DB_PORT_80_TCP_ADDR": "172.17.0.2",
        "MY_DB_PORT_80_TCP_PORT": "80",
        "MY_DB_PORT_80_TCP_PROTO": "tcp",
        "MY_DB_PORT_80_UDP": "udp://172.17.0.2:80",
        "MY_DB_PORT_80_UDP_ADDR": "172.17.0.2",
        "MY_DB_PORT_80_UDP_PORT": "80",
        "MY_DB_PORT_80_UDP_PROTO": "udp",
        "MY_DB_PORT_443_TCP": "tcp://172.17.0.2:443",
        "MY_DB_PORT_443_TCP_ADDR": "172.17.0.2",
        "MY_DB_PORT_443_TCP_PORT": "443",
        "MY_DB_PORT_443_TCP_PROTO": "tcp",
        "MY_DB_NAME": "/web/my-db",
        "MY_DB_ENV_A": "b=c",
    }


def test_rows_of_ports() -> None:
    """As Docker told, whose rows mix the protocols."""
    found = of_link("/c/a", "1.2.3.4", ["80", "81", "80/udp", "81/udp", "7/sctp", "8000-8003", "443"], [])
    assert {name: text for name, text in found.items() if "START" in name or "END" in name} == {
        "A_PORT_80_TCP_START": "tcp://1.2.3.4:80",
        "A_PORT_80_TCP_PORT_START": "80",
        "A_PORT_80_UDP_END": "udp://1.2.3.4:81",
        "A_PORT_80_UDP_PORT_END": "81",
        "A_PORT_8000_TCP_START": "tcp://1.2.3.4:8000",
        "A_PORT_8000_TCP_PORT_START": "8000",
        "A_PORT_8000_TCP_END": "tcp://1.2.3.4:8003",
        "A_PORT_8000_TCP_PORT_END": "8003",
    }
    assert found["A_PORT"] == "sctp://1.2.3.4:7"


def test_no_ports() -> None:
    assert of_link("/c/d3", "1.2.3.4", ["odd", "99999999999999999999"], []) == {"D3_NAME": "/c/d3"}
