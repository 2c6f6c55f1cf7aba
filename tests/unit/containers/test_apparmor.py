"""The profile of AppArmor that a container gets, on any kernel; tests/vm has one with AppArmor."""

from __future__ import annotations

import pytest

from runtime_lib.containers import apparmor
from runtime_lib.containers.spec import ContainerSpec
from runtime_lib.errors import HostLacks
from runtime_lib.linux import apparmor as kernel

ASKED = ContainerSpec(security_opts=("apparmor=no-such-profile",))


def test_names_of_profiles() -> None:
    assert kernel.names("docker-default (enforce)\nmy own (complain)\na//b (enforce)\n") == {
        "docker-default", "my own", "a//b"
    }  # fmt: skip


def test_the_default_profile_is_complete_without_files_of_the_host() -> None:
    text = apparmor.policy(base=False)
    assert "#include" not in text
    assert "@{" not in text
    assert text.startswith("profile skiff-default flags=(attach_disconnected, mediate_deleted) {\n")
    assert "peer=skiff-default" in text
    assert "deny /proc/{[^1-9],[^1-9][^0-9]," in text
    assert text.count("{") == text.count("}")


def test_what_the_host_has_of_its_own_is_included() -> None:
    assert apparmor.policy(base=True).count("#include") == 2


def test_a_profile_that_is_not_there_is_refused_where_profiles_count() -> None:
    if kernel.enabled():
        with pytest.raises(HostLacks, match="no-such-profile: the kernel holds no profile of that name"):
            apparmor.check(ASKED)
    else:
        assert [apparmor.ready(spec) for spec in (ASKED, ContainerSpec(), ContainerSpec(privileged=True))] == [""] * 3
        assert not apparmor.confines()
        assert apparmor.shown(ASKED, started=True) == ""
    assert apparmor.shown(ASKED, started=False) == "no-such-profile"


def test_nobody_takes_on_a_profile_that_is_not_there() -> None:
    with pytest.raises(OSError):  # noqa: PT011 - which number it is depends on the kernel
        kernel.confine("no-such-profile")
