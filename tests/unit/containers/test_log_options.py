from __future__ import annotations

from typing import Any

import pytest

from runtime_lib.containers import log_address, log_options, log_settings
from runtime_lib.containers.catalog import Container
from runtime_lib.containers.spec import ContainerSpec
from runtime_lib.errors import HostLacks

DEFAULTS = {"Labels": {"team": "image", "stage": "x"}, "Env": ["COLOUR=blue", "PATH=/bin"], "Cmd": ["serve", "-v"]}


def container(driver: str = "json-file", **options: str) -> Container:
    named = {key.replace("_", "-"): value for key, value in options.items()}
    spec = ContainerSpec(name="web", image="nginx:1", labels={"team": "own"}, env={"COLOUR": "red"}, log_driver=driver,
                         log_options=named)  # fmt: skip
    spec.check()
    return Container("0123456789ab" + "c" * 52, "web", "sha256:" + "d" * 64, spec, "ready", False, 0)


@pytest.mark.parametrize(
    ("options", "attributes"),
    [
        ({}, {}),
        ({"labels": "team, none"}, {"team": "own"}),
        ({"labels_regex": "^(te|st)"}, {"team": "own", "stage": "x"}),
        ({"env": "COLOUR", "env_regex": "^P"}, {"COLOUR": "red", "PATH": "/bin"}),
    ],
)
def test_attributes(options: dict[str, str], attributes: dict[str, str]) -> None:
    assert log_settings.attributes(container(**options), DEFAULTS) == attributes


def test_settings_of_files() -> None:
    found = log_settings.settings(container(labels="team", tag="{{.Name}}/{{.ID}}", compress="true"), DEFAULTS)
    assert found == {
        "max_size": 10 << 20,
        "max_files": 3,
        "compress": True,
        "attributes": ',"attrs":{"tag":"web/0123456789ab","team":"own"}',
        "remote": None,
    }
    assert log_settings.settings(container("none"), DEFAULTS)["max_files"] == 0
    assert log_settings.settings(container("local", max_size="-1"), DEFAULTS)["max_size"] == 0


def test_settings_of_syslog() -> None:
    made = container("syslog", syslog_address="udp://127.0.0.1", syslog_facility="local1", tag="{{.Command}}",
                     mode="non-blocking", cache_max_file="2")  # fmt: skip
    found = log_settings.settings(made, DEFAULTS)
    assert found["max_files"] == 2
    assert found["remote"] == {
        "kind": "syslog", "scheme": "udp", "address": ["127.0.0.1", 514], "facility": 17, "format": "",
        "tag": "serve -v", "buffer": 1 << 20,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("driver", "options", "readable"),
    [("json-file", {}, True), ("none", {}, False), ("syslog", {}, True), ("syslog", {"cache-disabled": "true"}, False)],
)
def test_what_can_be_read(driver: str, options: dict[str, str], readable: bool) -> None:
    assert log_options.readable(ContainerSpec(log_driver=driver, log_options=options)) is readable


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("", ("", "", 0)),
        ("unix:///dev/log", ("unix", "/dev/log", 0)),
        ("unixgram:///x", ("unixgram", "/x", 0)),
        ("udp://logs.example", ("udp", "logs.example", 514)),
        ("tcp://192.0.2.1:601", ("tcp", "192.0.2.1", 601)),
        ("tcp://[2001:db8::1]:601", ("tcp", "2001:db8::1", 601)),
        ("udp://[::1]", ("udp", "::1", 514)),
    ],
)
def test_addresses(text: str, parsed: Any) -> None:
    assert log_address.parse(text) == parsed


def test_a_socket_that_is_missing_is_told() -> None:
    with pytest.raises(HostLacks, match="/no/such"):
        log_address.resolve("unix:///no/such")
