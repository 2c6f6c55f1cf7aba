"""Log drivers: what a syslog server is sent, what `logs` shows or refuses, under both engines."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.receiver import Receiver

from .conftest import IMAGE, Engine

SCRIPT = "echo one; echo two >&2; echo; printf 'three'"
OPTIONS = ("-e", "COLOUR=red", "-e", "SIZE=9", "--label", "team=a b", "--label", "stage=x", "--hostname", "h")


@pytest.fixture(params=["unixgram", "unix", "udp", "tcp"])
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(request.param, tmp_path) as made:
        yield made


def written(engine: Engine, driver: str, *log_options: str, script: str = SCRIPT) -> tuple[str, Any]:
    """Run a container to its end; return (its name and id, what it ended with)."""
    name = f"oracle-{uuid.uuid4().hex[:8]}"
    words = [word for option in log_options for word in ("--log-opt", option)]
    done = engine.call("run", "--name", name, "--log-driver", driver, *words, *OPTIONS, IMAGE, "sh", "-c", script)
    assert done.returncode == 0, done.stderr
    return name, (done.stdout, done.stderr)


def sent(engine: Engine, receiver: Receiver, *log_options: str) -> Any:
    """Return the messages of a container's four lines, without what differs from run to run."""
    receiver.messages.clear()
    name, output = written(engine, "syslog", f"syslog-address={receiver.address}", *log_options)
    try:
        messages = [normal(message, name) for message in receiver.wait(b"two", b"three")]
        logs = engine.call("logs", name)
        return sorted(messages), output, sorted((logs.stdout + logs.stderr).splitlines())
    finally:
        engine.call("rm", "-f", name)


def normal(message: bytes, name: str) -> str:
    text = message.decode().replace(name, "NAME")
    text = re.sub(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d", "STAMP", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "TIME", text)
    text = re.sub(r"TIME\.\d{6}", "TIME.MICRO", text)
    text = re.sub(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b", "ID", text)
    text = re.sub(r"\bsha256:[0-9a-f]{5}\b", "IMAGE", text)
    return re.sub(r"\[\d+\]| \d+ (?=\S+ - )", " PID ", text)


def test_messages_over_each_transport(receiver: Receiver, docker: Engine, skiff: Engine) -> None:
    assert sent(skiff, receiver) == sent(docker, receiver)


@pytest.mark.parametrize("receiver", ["unixgram"], indirect=True)
@pytest.mark.parametrize(
    "options",
    [
        ("syslog-format=rfc3164",),
        ("syslog-format=rfc5424",),
        ("syslog-format=rfc5424micro", "syslog-facility=local3"),
        ("syslog-facility=7",),
        ("tag={{.Name}}/{{.ImageName}}",),
        ("tag=x-{{.FullID}}-{{.ImageID}}-{{ .Command }}",),
        ("mode=non-blocking", "max-buffer-size=2m"),
    ],
    ids=lambda options: options[0],
)
def test_messages_of_each_option(receiver: Receiver, options: tuple[str, ...], docker: Engine, skiff: Engine) -> None:
    assert sent(skiff, receiver, *options) == sent(docker, receiver, *options)


def details(engine: Engine, driver: str, *log_options: str) -> Any:
    name, output = written(engine, driver, *log_options)
    try:
        shown = engine.call("logs", "--details", name)
        return output, shown.stdout.replace(name, "NAME"), shown.stderr.replace(name, "NAME")
    finally:
        engine.call("rm", "-f", name)


@pytest.mark.parametrize(
    ("driver", "options"),
    [
        ("json-file", ("labels=team,none", "env=COLOUR")),
        ("json-file", ("labels-regex=^st", "env-regex=^(SI|CO)", "tag=t-{{.Name}}")),
        ("json-file", ("max-size=1m", "max-file=2", "compress=true")),
        ("json-file", ("mode=non-blocking",)),
        ("local", ("max-size=1m", "max-file=2", "compress=false")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else value,
)
def test_details(driver: str, options: tuple[str, ...], docker: Engine, skiff: Engine) -> None:
    assert details(skiff, driver, *options) == details(docker, driver, *options)


REFUSED = [
    ("no-such-driver", ()),
    ("none", ("max-size=1m",)),
    ("json-file", ("no-such=1",)),
    ("json-file", ("syslog-facility=daemon",)),
    ("json-file", ("mode=fast",)),
    ("json-file", ("max-buffer-size=1m",)),
    ("json-file", ("tag={{.NoSuchField}}",)),
    ("json-file", ("labels-regex=(",)),
    ("syslog", ("syslog-address=http://127.0.0.1",)),
    ("syslog", ("syslog-address=unix:///no/such/socket",)),
    ("syslog", ("syslog-address=udp://127.0.0.1:9", "syslog-facility=none")),
    ("syslog", ("syslog-address=udp://127.0.0.1:9", "syslog-format=rfc1")),
    ("journald", ("syslog-facility=daemon",)),
]


@pytest.mark.parametrize(("driver", "options"), REFUSED, ids=lambda value: str(value)[:60])
def test_what_is_refused(driver: str, options: tuple[str, ...], docker: Engine, skiff: Engine) -> None:
    words = [word for option in options for word in ("--log-opt", option)]
    for engine in (docker, skiff):
        done = engine.run(("--log-driver", driver, *words), "true")
        assert done.returncode >= 125, engine.name  # Docker has 127 for a socket that is missing
        assert done.stderr


@pytest.mark.parametrize(("driver", "option"), [("none", ()), ("syslog", ("cache-disabled=true",))])
def test_a_log_that_cannot_be_read(
    driver: str, option: tuple[str, ...], tmp_path: Path, docker: Engine, skiff: Engine
) -> None:
    with Receiver("udp", tmp_path) as receiver:
        address = (f"syslog-address={receiver.address}",) if driver == "syslog" else ()
        for engine in (docker, skiff):
            name, output = written(engine, driver, *address, *option)
            shown = engine.call("logs", name)
            engine.call("rm", "-f", name)
            assert output == ("one\n\nthree", "two\n")
            assert (shown.returncode, shown.stdout) == (1, "")
            assert "configured logging driver does not support reading" in shown.stderr
