"""What may be asked of an attachment."""

from __future__ import annotations

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.networks.wish import Attachment


@pytest.mark.parametrize("mac", ["", "02:42:ac:11:00:02", "02:42:AC:11:00:FF"])
def test_hardware_addresses(mac: str) -> None:
    Attachment("net", mac=mac).check()


@pytest.mark.parametrize(
    "mac",
    ["x", "02:42:ac:11:00", "02:42:ac:11:00:02:03", "01:00:5e:00:00:01", "02-42-ac-11-00-02", "02:42:ac:11:00:02\n"],
)
def test_what_is_no_hardware_address(mac: str) -> None:
    with pytest.raises(InvalidSpec, match="not a MAC address"):
        Attachment("net", mac=mac).check()


@pytest.mark.parametrize("alias", ["", "a b", "a\n10.0.0.1 evil", "a\tb"])
def test_aliases_that_would_break_hosts_files(alias: str) -> None:
    with pytest.raises(InvalidSpec, match="alias"):
        Attachment("net", aliases=("good", alias)).check()
