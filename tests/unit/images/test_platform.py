from __future__ import annotations

from typing import Any

from runtime_lib.images import platform


def descriptor(name: str, **values: str) -> dict[str, Any]:
    return {"name": name, "platform": {"os": "linux", "architecture": platform.architecture(), **values}}


def test_the_hosts_platform_is_chosen() -> None:
    wrong = descriptor("wrong", architecture="other")
    right = descriptor("right")
    assert platform.choose([wrong, right]) is right
    assert platform.choose([wrong]) is None
    assert platform.choose([]) is None


def test_an_image_without_a_platform_is_the_last_resort() -> None:
    free: dict[str, Any] = {"name": "free"}
    right = descriptor("right")
    assert platform.choose([free, right]) is right
    assert platform.choose([free]) is free


def test_another_variant_is_better_than_none() -> None:
    odd = descriptor("odd", variant="v99")
    right = descriptor("right")
    assert platform.choose([odd, right]) is right
    assert platform.choose([odd]) is odd


def test_attestations_are_no_image() -> None:
    assert platform.choose([descriptor("a", os="unknown", architecture="unknown")]) is None


def test_a_platform_has_words() -> None:
    assert platform.text({"platform": {"os": "linux", "architecture": "arm64"}}) == "linux/arm64"
    assert platform.text({}) == "any platform"
