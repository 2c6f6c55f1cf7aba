from __future__ import annotations

from typing import Any

import pytest

from runtime_lib.errors import InvalidSpec
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
    assert platform.text({"platform": {"os": "linux", "architecture": "arm", "variant": "v7"}}) == "linux/arm/v7"


ARM = [descriptor(variant, architecture="arm", variant=variant) for variant in ("v5", "v6", "v7")]


@pytest.mark.parametrize(
    ("asked", "name"),
    [("linux/arm", "v7"), ("arm", "v7"), ("linux/arm/v6", "v6"), ("armel", "v6"), ("linux/arm/7", "v7")],
)
def test_the_best_variant_for_an_arm_processor_is_chosen(asked: str, name: str) -> None:
    found = platform.choose(ARM, asked)
    assert found is not None
    assert found["name"] == name


def test_a_lower_variant_does_for_an_arm_processor_but_a_higher_one_does_not() -> None:
    old = platform.choose(ARM[:2], "linux/arm/v7")
    assert old is ARM[1]
    assert platform.choose(ARM[2:], "linux/arm/v6") is None
    assert platform.choose(ARM, machine="armv6l") is ARM[1]


def test_the_usual_variant_need_not_be_named() -> None:
    bare = descriptor("bare", architecture="arm64")
    named = descriptor("named", architecture="arm64", variant="v8")
    assert platform.choose([bare], "linux/arm64/v8") is bare
    assert platform.choose([named], "linux/arm64") is named
    assert platform.asked_for("linux/arm64/v8", bare["platform"])
    assert not platform.asked_for("linux/arm64/v9", bare["platform"])


def test_linux_alone_is_for_the_hosts_processor() -> None:
    right = descriptor("right")
    assert platform.choose([descriptor("wrong", architecture="s390x"), right], "linux") is right


@pytest.mark.parametrize(
    "asked", ["nonsense", "linux/arm/v7/x", "linux/", "/", "linux//v8", "linux/../x", "a b", "linux/\n"]
)
def test_what_is_no_platform_is_told(asked: str) -> None:
    with pytest.raises(InvalidSpec, match="platform"):
        platform.check(asked)


@pytest.mark.parametrize(
    "asked", ["", "linux", "amd64", "x86_64", "linux/arm64/v8", "linux/unheard-of", "windows/amd64"]
)
def test_what_can_be_a_platform_is_taken(asked: str) -> None:
    platform.check(asked)
