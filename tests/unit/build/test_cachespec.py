"""What --cache-from and --cache-to say."""

from __future__ import annotations

import pytest

from runtime_lib.build.cachespec import CachePlace, source, target
from runtime_lib.errors import InvalidSpec


def test_sources() -> None:
    assert source("shop:1") == source("type=registry,ref=shop:1") == CachePlace("registry", "shop:1")
    assert source("type=local,src=/a/../b") == CachePlace("local", "/b")


def test_targets() -> None:
    assert target("type=inline") == CachePlace("inline")
    assert target("shop:1") == target("type=registry,ref=shop:1,mode=min") == CachePlace("registry", "shop:1")
    assert target("type=local,dest=/b,mode=max,ignore-error=true") == CachePlace("local", "/b", True, True)


@pytest.mark.parametrize(
    "text", ["type=inline", "type=gha", "type=local", "type=registry,ref=", "type=local,dest=/a", "A b"]
)
def test_wrong_sources(text: str) -> None:
    with pytest.raises(InvalidSpec):
        source(text)


@pytest.mark.parametrize(
    "text", ["type=local,src=/a", "type=inline,mode=all", "type=inline,x=1", "type=registry", "x=y"]
)
def test_wrong_targets(text: str) -> None:
    with pytest.raises(InvalidSpec):
        target(text)
