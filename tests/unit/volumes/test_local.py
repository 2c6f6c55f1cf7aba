"""What the driver `local` makes of its options; the resolver is the caller's."""

from __future__ import annotations

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.volumes import local

NAMES = {"nas": "192.0.2.7", "192.0.2.9": "192.0.2.9", "[2001:db8::1]": "2001:db8::1"}


@pytest.mark.parametrize(
    ("kind", "options", "device", "data"),
    [
        ("nfs", "addr=nas,nfsvers=4,rw", ":/data", {"addr": "192.0.2.7", "nfsvers": "4"}),
        ("nfs4", "addr=192.0.2.9,ro", ":/data", {"addr": "192.0.2.9", "ro": None}),
        ("nfs", "nolock,soft", "nas:/data", {"addr": "192.0.2.7", "nolock": None, "soft": None}),
        ("nfs", "", "[2001:db8::1]:/data", {"addr": "2001:db8::1"}),
        ("cifs", "username=me,password=x", "//nas/share", {"ip": "192.0.2.7", "username": "me", "password": "x"}),
        ("cifs", "addr=nas,vers=3.0", "//other/share", {"addr": "192.0.2.7", "vers": "3.0"}),
        ("smb3", "ip=nas", "//other/share", {"ip": "192.0.2.7"}),
        ("ext4", "ro,noatime,data=ordered", "/dev/sdb1", {"ro": None, "data": "ordered"}),
        ("tmpfs", "size=1m,uid=1000", "tmpfs", {"size": "1m", "uid": "1000"}),
        ("none", "bind,ro", "/srv", {}),
    ],
)
def test_what_is_mounted(kind: str, options: str, device: str, data: dict[str, str | None]) -> None:
    given = {"type": kind, "o": options, "device": device}
    local.check("vv", given)
    found = local.wanted(given, NAMES.__getitem__)
    assert (found.kind, found.source, dict(found.options.data)) == (kind, device, data)
    assert len(found.options.data) == len(data)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"type": "none", "o": "bind", "device": "srv"}, "absolute path"),
        ({"type": "nfs", "device": "/data"}, "nfs needs its server, as device=SERVER:/PATH or in o=addr=SERVER"),
        ({"type": "nfs", "device": ":/data"}, "needs its server"),
        ({"type": "cifs", "device": "nas/share"}, "cifs needs its server, as device=//SERVER/SHARE"),
        ({"type": "cifs", "device": "//nas:445/share"}, "use o=port=NUMBER"),
        ({"type": "tmpfs", "device": "tmpfs", "size": "1m"}, "no quotas for size"),
        ({"o": "ro"}, "device"),
    ],
)
def test_what_makes_no_sense(given: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidSpec, match=f"volume vv: .*({words})"):
        local.check("vv", given)


def test_passwords_are_not_told() -> None:
    found = local.wanted({"type": "cifs", "o": "addr=nas,password=tea", "device": "//nas/x"}, NAMES.__getitem__)
    assert found.without_secrets("bad value 'tea'") == "bad value '********'"


def test_this_machine_has_an_address() -> None:
    assert local.address("127.0.0.1") == "127.0.0.1"
    assert local.address("[::1]") == "::1"


def test_a_comma_in_the_password_of_a_server() -> None:
    """As the kernel reads what mount(8) gives it: two commas are one that belongs to the value."""
    found = local.wanted(
        {"type": "cifs", "device": "//nas/share", "o": "ro,password=a,,b,user=me"}, lambda _name: "10.0.0.1"
    )
    assert ("password", "a,b") in found.options.data
    assert ("user", "me") in found.options.data
