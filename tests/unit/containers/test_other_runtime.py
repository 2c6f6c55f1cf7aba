from __future__ import annotations

from typing import Any

import pytest

from runtime_lib.containers import other_runtime
from runtime_lib.containers.parts import Mount
from runtime_lib.containers.spec import ContainerSpec
from runtime_lib.errors import HostLacks, InvalidSpec


@pytest.mark.parametrize("name", ["", "skiff", "skiff-oci"])
def test_our_own(name: str) -> None:
    spec = ContainerSpec(image="i", oci_runtime=name, init=True)
    other_runtime.check(spec)
    assert other_runtime.program(spec) == ""


def test_a_program_of_the_host() -> None:
    assert other_runtime.program(ContainerSpec(oci_runtime="/bin/sh")) == "/bin/sh"
    assert other_runtime.program(ContainerSpec(oci_runtime="sh")).endswith("/sh")
    with pytest.raises(HostLacks, match="'nonesuch' is not on this host"):
        other_runtime.program(ContainerSpec(oci_runtime="nonesuch"))


@pytest.mark.parametrize(
    "more",
    [
        {"init": True},
        {"mounts": (Mount("image", "/x", "i"),)},
        {"mounts": (Mount("volume", "/x", "v", subpath="y"),)},
        {"oci_runtime": "bin/runc"},
        {"oci_runtime": "\0"},
    ],
)
def test_what_only_our_own_can_do_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec):
        ContainerSpec(**{"name": "n", "image": "i", "oci_runtime": "runc", **more}).check()
