"""The address pools that a host's file names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime_lib.errors import CorruptData, InvalidSpec
from runtime_lib.networks import pools
from runtime_lib.paths import Layout


def parsed(*entries: object) -> tuple[pools.Pool, ...]:
    return pools.parsed(json.dumps({"default-address-pools": entries}).encode(), "host.json")


def entry(base: object, size: object) -> dict[str, object]:
    return {"base": base, "size": size}


def test_pools_of_both_versions_keep_their_order() -> None:
    found = parsed(entry("10.10.0.0/16", 24), entry("fd00:1::/48", 64), entry("10.20.3.4/24", 25))
    assert pools.described(found) == [
        {"Base": "10.10.0.0/16", "Size": 24},
        {"Base": "fd00:1::/48", "Size": 64},
        {"Base": "10.20.3.0/24", "Size": 25},
    ]
    assert [str(pool.base) for pool in pools.of_version(found, 4)] == ["10.10.0.0/16", "10.20.3.0/24"]
    assert [str(pool.base) for pool in pools.of_version(found, 6)] == ["fd00:1::/48"]


def test_a_version_without_pools_has_those_that_come_with_the_library() -> None:
    found = parsed(entry("fd00:1::/48", 64))
    assert list(pools.of_version(found, 4)) == list(pools.BUILT_IN)
    assert not pools.of_version(parsed(entry("10.10.0.0/16", 24)), 6)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([entry("10.10.0.0/33", 24)], "entry 1: base '10.10.0.0/33': .*; write it as 10.10.0.0/16"),
        ([entry("10.10.0.0", 24)], "it has no prefix length"),
        ([entry(168427520, 24)], "it has no prefix length"),
        ([entry("10.10.0.0/16", 8)], "entry 1: size 8 is no prefix length .* from 16 to 30"),
        ([entry("10.10.0.0/16", 31)], "from 16 to 30"),
        ([entry("fd00:1::/48", 127)], "from 48 to 126"),
        ([entry("10.10.0.0/16", "24")], "size '24' is no prefix length"),
        ([entry("10.10.0.0/0", True)], "size True is no prefix length"),
        ([entry("10.10.0.0/16", 24), {"base": "10.20.0.0/16"}], "entry 2: give base and size"),
        (["10.10.0.0/16"], "entry 1: give base and size"),
        ([entry("10.10.0.0/16", 24), entry("10.10.5.0/24", 26)], "10.10.0.0/16 and 10.10.5.0/24 overlap; keep one"),
    ],
)
def test_what_makes_no_sense_is_told(entries: list[object], message: str) -> None:
    with pytest.raises(InvalidSpec, match=f"host.json: default-address-pools.*{message}"):
        parsed(*entries)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("{", CorruptData, "host.json is not valid JSON"),
        ("[]", CorruptData, "host.json is not a JSON object"),
        ('{"default-adress-pools": []}', InvalidSpec, "unknown setting 'default-adress-pools'"),
        ('{"default-address-pools": {}}', InvalidSpec, "as a list"),
    ],
)
def test_a_file_of_another_kind_is_told(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        pools.parsed(text.encode(), "host.json")


def test_the_file_of_a_host(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path), str(tmp_path / "run"))
    assert pools.of_host(layout) == ()
    file = Path(layout.settings)
    file.write_text(json.dumps({"default-address-pools": [entry("10.10.0.0/16", 24)]}))
    assert pools.described(pools.of_host(layout)) == [{"Base": "10.10.0.0/16", "Size": 24}]
    file.unlink()
    file.mkdir()
    with pytest.raises(IsADirectoryError, match=str(file)):
        pools.of_host(layout)
    with pytest.raises(FileNotFoundError):
        pools.read(str(tmp_path / "other.json"))
