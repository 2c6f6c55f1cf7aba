from __future__ import annotations

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.oci import sysctl


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("net.core.somaxconn", "net/core/somaxconn"),
        ("net/core/somaxconn", "net/core/somaxconn"),
        ("net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding"),
        ("net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding"),
    ],
)
def test_files(name: str, path: str) -> None:
    assert sysctl.file_of(name) == path


@pytest.mark.parametrize(
    "name", ["", "x", "kernel..x", "net/../kernel/core_pattern", "kernel.x\n", "/net/x", "net.ipv4.\0", "../x", "a/./b"]
)
def test_nonsense_is_refused(name: str) -> None:
    with pytest.raises(InvalidSpec, match="sysctl"):
        sysctl.file_of(name)
