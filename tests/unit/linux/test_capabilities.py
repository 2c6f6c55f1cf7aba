"""Names and bits of capabilities."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.linux import capabilities


def test_bits_are_those_of_the_kernel() -> None:
    # Docker's default set, as /proc/self/status of a container shows it
    wanted = (
        "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT "
        "KILL AUDIT_WRITE"
    )
    assert capabilities.mask(f"CAP_{name}" for name in wanted.split()) == 0xA80425FB


def test_names_and_bits_are_inverse() -> None:
    everything = (1 << len(capabilities.NAMES)) - 1
    assert capabilities.mask(capabilities.names(everything)) == everything
    assert capabilities.names(1 << 21 | 1 << 63) == ["CAP_SYS_ADMIN"]


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(InvalidSpec, match="'SYS_ADMIN'"):
        capabilities.mask(["SYS_ADMIN"])


def test_the_bounding_set_is_the_one_that_the_kernel_shows() -> None:
    status = Path("/proc/self/status").read_text()
    shown = int(status.split("CapBnd:")[1].split()[0], 16)
    assert capabilities.own_bounding() == shown
