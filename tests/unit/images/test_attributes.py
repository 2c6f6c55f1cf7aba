from __future__ import annotations

import pytest

from runtime_lib.images import attributes


@pytest.mark.parametrize("key", ["security.capability", "user.note", "system.posix_acl_access"])
def test_what_belongs_to_a_file_is_stored(key: str) -> None:
    assert attributes.stored(key)


@pytest.mark.parametrize(
    "key",
    ["trusted.overlay.opaque", "trusted.x", "user.overlay.redirect", "security.selinux", "security.ima", "system.x"],
)
def test_what_belongs_to_the_host_is_not(key: str) -> None:
    assert not attributes.stored(key)
