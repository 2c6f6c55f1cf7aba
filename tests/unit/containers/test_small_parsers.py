from __future__ import annotations

import pytest

from runtime_lib.containers import names, signals
from runtime_lib.containers.log_options import limits
from runtime_lib.containers.security import capabilities, options, without_effect
from runtime_lib.containers.sizes import size
from runtime_lib.containers.spec import ContainerSpec
from runtime_lib.errors import InvalidSpec


@pytest.mark.parametrize(
    ("text", "value"),
    [("512", 512), ("512b", 512), ("64k", 65536), ("64M", 64 << 20), ("64MiB", 64 << 20), ("1.5g", 3 << 29), ("-1", -1),
     ("unlimited", -1), (77, 77), ("1t", 1 << 40), ("64mb", 64 << 20)],
)  # fmt: skip
def test_sizes(text: str, value: int) -> None:
    assert size(text, "memory") == value


@pytest.mark.parametrize("text", ["", "b", "m", "1x", "-5", "1.2.3", "１", "1e3", "0x10", " "])
def test_no_sizes(text: str) -> None:
    with pytest.raises(InvalidSpec, match="memory"):
        size(text, "memory")


@pytest.mark.parametrize(
    ("text", "value"), [("TERM", 15), ("sigterm", 15), ("9", 9), (1, 1), ("RTMIN+3", 37), ("SIGRTMAX-1", 63)]
)
def test_signals(text: str, value: int) -> None:
    assert signals.number(text) == value


@pytest.mark.parametrize("text", ["", "0", "65", "SIG", "NONE", "TERM+1", "-1", "SIG_DFL", "RTMAX+1"])
def test_no_signals(text: str) -> None:
    with pytest.raises(InvalidSpec):
        signals.number(text)


def test_logs_are_limited_unless_the_user_says_otherwise() -> None:
    assert limits(ContainerSpec()) == (10 << 20, 3)
    assert limits(ContainerSpec(log_options={"max-size": "1m", "max-file": "2"})) == (1 << 20, 2)
    assert limits(ContainerSpec(log_options={"max-size": "-1"})) == (-1, 3)
    assert limits(ContainerSpec(log_driver="none")) == (0, 0)


def test_capability_arithmetic() -> None:
    available = {"CAP_KILL", "CAP_CHOWN", "CAP_SYS_TIME"}
    assert capabilities(ContainerSpec(), available) == ["CAP_CHOWN", "CAP_KILL"]
    assert capabilities(ContainerSpec(cap_drop=("ALL",)), available) == []
    assert capabilities(ContainerSpec(cap_drop=("all",), cap_add=("sys_time",)), available) == ["CAP_SYS_TIME"]
    all_but_kill = ContainerSpec(cap_add=("ALL",), cap_drop=("CAP_KILL",))
    assert capabilities(all_but_kill, available) == ["CAP_CHOWN", "CAP_SYS_TIME"]


def test_paths_are_masked_and_unmasked() -> None:
    found = options(ContainerSpec(security_opts=("unmask=/proc/a*:/proc/sys", "mask=/proc/version:/x")))
    assert found.kept(["/proc/acpi", "/proc/asound", "/proc/sys", "/proc/sysx", "/sys"]) == ["/proc/sysx", "/sys"]
    assert found.mask == ["/proc/version", "/x"]
    for text in ("systempaths=unconfined", "unmask=ALL"):
        assert options(ContainerSpec(security_opts=(text,))).kept(["/proc/acpi", "/sys"]) == []
    for text in ("unmask=proc", "mask=ALL", "mask=", "systempaths=other", "apparmor", "apparmor=a\nb"):
        with pytest.raises(InvalidSpec):
            options(ContainerSpec(security_opts=(text,)))


def test_a_module_that_the_kernel_lacks_is_told() -> None:
    assert without_effect(ContainerSpec(security_opts=("apparmor=unconfined", "label=disable", "mask=/x"))) == []
    (sentence,) = without_effect(ContainerSpec(security_opts=("label=type:spc_t",)))
    assert "has no effect" in sentence


def test_security_options() -> None:
    found = options(ContainerSpec(security_opts=("no-new-privileges", "apparmor=x", "label:disable")))
    assert (found.no_new_privileges, found.seccomp) == (True, None)
    assert options(ContainerSpec(security_opts=("no-new-privileges=false",))).no_new_privileges is False
    profile = options(ContainerSpec(security_opts=('seccomp={"defaultAction": "SCMP_ACT_ALLOW"}',))).seccomp
    assert profile == {"defaultAction": "SCMP_ACT_ALLOW"}


def test_names_that_nobody_chose() -> None:
    assert len({names.new_id() for _ in range(100)}) == 100
    for attempt in (0, 9):
        ContainerSpec(name=names.random_name(attempt), image="i").check()
