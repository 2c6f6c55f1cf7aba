"""States of a container and what a task reports: jobs, health, pause, kill, restart, pull, labels of the image."""

from __future__ import annotations

from typing import Any

import pytest

from tests.modules.host import Host, task


def web(**options: Any) -> dict[str, Any]:
    return {"name": "web", "image": "bb", "network_mode": "none", **options}


@pytest.fixture(autouse=True)
def _nothing_is_left(host: Host) -> Any:
    yield
    host.one("container", name="web", state="absent", force_kill=True)


def test_a_job_that_has_finished_is_no_change(host: Host) -> None:
    def job(**options: Any) -> dict[str, Any]:
        return task("container", **web(command="sh -c 'echo done; exit 0'", detach=False, **options))

    def failing(**options: Any) -> dict[str, Any]:
        return task("container", **web(command="sh -c 'exit 3'", detach=False, **options), ignore_errors_=True)

    results = host.play(
        [
            job(run_again="never"),
            job(run_again="never"),
            job(run_again="on-failure"),
            job(),
            failing(run_again="never"),
            failing(run_again="never"),
            failing(run_again="on-failure"),
        ]
    )
    assert results.changed == [True, False, False, True, True, False, True]
    assert [result["status"] for result in results] == [0, 0, 0, 0, 3, 3, 3]
    assert [result["container"]["Output"] for result in results[:4]] == ["done\n"] * 3 + ["done\ndone\n"]
    assert [result["_ending"] for result in results[4:]] == ["failed"] * 3


def test_health_that_does_not_come_shows_the_container(host: Host) -> None:
    check = {"test": ["CMD", "false"], "interval": "100ms", "start_period": "1h"}
    results = host.play(
        [
            task("container", **web(healthcheck=check, state="healthy", healthy_wait_timeout=1), ignore_errors_=True),
            task("container", **web(healthcheck={**check, "test": ["CMD", "true"]}, state="healthy"), diff_=True),
            task("container", **web(healthcheck={**check, "test": ["CMD", "true"]}, state="healthy")),
        ]
    )
    assert results[0]["_ending"] == "failed"
    assert "not healthy after 1 second" in results[0]["msg"]
    assert results[0]["container"]["State"]["Health"]["Status"] == "starting"
    assert results.changed[1:] == [True, False]
    assert results[2]["container"]["State"]["Health"]["Status"] == "healthy"
