"""`state: healthy` of the `container` module."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tests.modules import host as hosts
from tests.modules.host import Host, task
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("without_web")
PATIENCE = 120  # seconds


def web(test: Any = "test -e /well", **options: Any) -> dict[str, Any]:
    check = {"test": test, "interval": "100ms", "retries": 1}
    return hosts.web(healthcheck=check, **options)


def test_a_task_waits_until_the_container_is_healthy(host: Host) -> None:
    results = host.play(
        [
            task("container", **web(state="healthy", healthy_wait_timeout=0.5), name_="too early", ignore_errors_=True),
            task("container_exec", container="web", argv=["touch", "/well"]),
            task("container", **web(state="healthy", healthy_wait_timeout=PATIENCE), name_="well"),
            task("container", **web(state="healthy"), name_="would be well", check_mode_=True),
            task("container_info", name="web", name_="info"),
        ]
    )
    assert results.named("too early")["_ending"] == "failed"
    assert "web is not healthy after 0.5 seconds" in results.named("too early")["msg"]
    assert not results.named("well")["changed"]
    assert results.named("well")["container"]["State"]["Health"]["Status"] == "healthy"
    assert not results.named("would be well")["changed"]
    assert results.named("info")["container"]["State"]["Health"]["Log"][-1]["ExitCode"] == 0


def test_a_task_waits_through_a_restart_and_an_unhealthy_time(host: Host) -> None:
    host.one("container", **web())
    waiting: list[dict[str, Any]] = []
    thread = threading.Thread(
        target=lambda: waiting.append(host.one("container", **web(state="healthy", healthy_wait_timeout=PATIENCE)))
    )
    command = f"{host.root}/bin/skiff"
    until(lambda: "(unhealthy)" in host.run(command, "ps"), PATIENCE)
    thread.start()
    host.run(command, "exec", "web", "touch", "/well")
    thread.join(PATIENCE)
    assert waiting[0]["container"]["State"]["Health"]["Status"] == "healthy", json.dumps(waiting)


def test_what_cannot_become_healthy_is_told(host: Host) -> None:
    bare = {"name": "web", "image": "bb", "network_mode": "none", "state": "healthy"}
    results = host.play(
        [
            task("container", **bare, name_="none"),
            task("container", **web(state="healthy", command=["true"]), name_="ended", ignore_errors_=True),
            task("container", **web(["RUN", "x"]), name_="wrong", ignore_errors_=True),
        ]
    )
    assert results.named("none")["container"]["State"]["Running"] is True
    assert "has no health check" in results.named("none")["warnings"][0]
    assert "will not become healthy" in results.named("ended")["msg"]
    assert "starts with NONE, CMD or CMD-SHELL" in results.named("wrong")["msg"]
