"""What hosts tell each other at a shell."""

from __future__ import annotations

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.networks import told
from runtime_lib.networks.peers import Peer, Remote

KEY = "A" * 43 + "="
WEB = {"names": ["web", "www"], "address": "10.20.2.1", "mac": "02:42:0a:14:02:01"}
DESCRIBED = {"vni": 42, "port": 4789, "mtu": 1450, "slice": "10.20.2.0/24", "public_key": KEY, "endpoints": [WEB]}
B = Peer("b", "192.0.2.2", "10.20.2.0/24", KEY, (Remote(("web", "www"), "10.20.2.1", "02:42:0a:14:02:01"),))


def test_a_host_is_heard_as_it_told() -> None:
    lines = [told.line("b", "192.0.2.2", DESCRIBED), "", told.line("c", "192.0.2.3", {"slice": "10.20.3.0/24"})]
    c = Peer("c", "192.0.2.3", "10.20.3.0/24", endpoints=())
    assert told.heard("mesh", "\n".join(lines).encode()) == (B, c)


def test_what_a_newer_version_adds_is_left_out() -> None:
    line = b'{"name": "c", "address": "192.0.2.3", "slice": "10.20.3.0/24", "colour": [1]}'
    assert told.heard("mesh", line) == (Peer("c", "192.0.2.3", "10.20.3.0/24"),)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"b=192.0.2.2/10.20.2.0/24", "line 1 of what the hosts tell is not valid JSON"),
        (b"[]", "line 1 of what the hosts tell is not a JSON object"),
        (b"\xff", "is not valid JSON"),
        (b'{"name": 7}', "name is not a text"),
        (b'{"name": "b", "endpoints": {}}', "endpoints is not a list"),
        (b'{"name": "b", "endpoints": ["web"]}', "a container has no list of names"),
        (b'{"name": "b", "endpoints": [{"names": [7]}]}', "a container has no list of names"),
        (b'{"name": "b", "endpoints": [{"names": [], "mac": 7}]}', "mac is not a text"),
        (b'{"name": "b", "address": "there", "slice": "10.20.3.0/24"}', "address 'there' is not an IP address"),
        (b'{"name": "b\\n", "address": "192.0.2.2", "slice": "10.20.3.0/24"}', "name of a peer"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\n" * (told.LARGEST + 1), "is larger than"),
    ],
)
def test_what_is_not_believed(line: bytes, words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        told.heard("mesh", line)


@pytest.mark.parametrize(("name", "address"), [("b c", "192.0.2.2"), ("b", "here"), ("b", "")])
def test_a_host_says_its_own_name_and_address(name: str, address: str) -> None:
    with pytest.raises(InvalidSpec):
        told.line(name, address, DESCRIBED)
