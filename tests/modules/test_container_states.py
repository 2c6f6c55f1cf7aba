"""States of a container and what a task reports: jobs, health, pause, kill, restart, pull, labels of the image."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.modules.host import Host, task, web

pytestmark = pytest.mark.usefixtures("without_web")


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


def test_killing_and_stopping(host: Host) -> None:
    told = "trap 'echo got usr1; exit 5' USR1; trap 'echo got term; exit 6' TERM; while :; do sleep 0.05; done"
    mine = web(command=["sh", "-c", told], stop_signal="TERM")
    results = host.play(
        [
            task("container", **mine),
            task("container", **mine, state="stopped", name_="stop", debug=True, diff_=True),
            task("container", **mine, name_="start again", debug=True),
            task("container", **mine, restart=True, name_="restart", debug=True),
            task("container", **mine, recreate=True, name_="recreate", debug=True),
            task("container", **mine, state="stopped", force_kill=True, kill_signal="USR1", name_="kill", debug=True),
            task("container", **mine, state="present", name_="present"),
            task("container", **mine, paused=True, name_="pause", diff_=True),
            task("container", **mine, paused=True, name_="paused"),
            task("container", **mine, restart=True, name_="restart of a paused one"),
            task("container", **mine, state="stopped", name_="stop again"),
        ]
    )
    assert not results.named("present")["changed"]
    assert not results.named("paused")["changed"]
    assert results.changed.count(False) == 2
    assert results.named("stop")["diff"]["before"] == {"running": True}
    assert results.named("stop")["diff"]["after"] == {"running": False}
    assert results.named("stop")["container"]["State"]["ExitCode"] == 6
    assert results.named("kill")["container"]["State"]["ExitCode"] == 5
    assert [list(result["actions"][0]) for result in results[1:6]] == [
        ["stopped", "timeout"],
        ["started"],
        ["restarted", "timeout"],
        ["removed", "created", "create_parameters"],
        ["killed", "signal"],
    ]
    assert results.named("restart")["container"]["Id"] == results[0]["container"]["Id"]
    assert results.named("recreate")["container"]["Id"] != results[0]["container"]["Id"]
    assert results.named("pause")["diff"]["after"] == {"running": True, "paused": True}
    assert results.named("pause")["container"]["State"]["Paused"] is True
    assert results.named("restart of a paused one")["container"]["State"]["Paused"] is False


def test_images_and_their_names(host: Host) -> None:
    results = host.play(
        [
            task("container", **web(), name_="make"),
            task("container", **web(image="bb:latest"), check_mode_=True, diff_=True, name_="other name"),
            task("container", **web(image="bb:latest", image_name_mismatch="ignore"), name_="other name ignored"),
            task("container", **web(image="other", comparisons={"image": "ignore"}, pull="never"), ignore_errors_=True),
            task("container", **web(image="other", pull="never"), ignore_errors_=True),
            task("container", name="web", recreate=True, force_kill=True, name_="without an image"),
            task("container", name="no-such", state="present", ignore_errors_=True),
        ]
    )
    assert results.named("other name")["diff"]["after"] == {"image_name": "bb:latest"}
    assert not results.named("other name ignored")["changed"]
    for failed in results[3:5]:
        assert failed["msg"] == "image other is not on this host, and pull is never"
    assert results.named("without an image")["container"]["Config"]["Image"] == "bb"
    assert results[6]["msg"] == "container no-such does not exist, and the task names no image to make it from"


def test_parts_of_volumes_trees_of_images_and_links(host: Host) -> None:
    image = {"type": "image", "source": "bb", "target": "/t", "subpath": "etc"}
    volume = {"source": "data", "target": "/v"}
    mounts = [image, {**volume, "subpath": "a"}]
    joined = {"name": "web", "image": "bb", "mounts": mounts, "networks": [{"name": "one", "links": ["db:data"]}]}
    look = "cat /v/f; ls /t/passwd; grep -c data /etc/hosts"
    results = host.play(
        [
            task("network", name="one"),
            task("container", **web(command="sh -c 'mkdir /v/a; echo x >/v/a/f'", mounts=[volume], detach=False)),
            task("container", name="db", image="bb", networks=[{"name": "one"}]),
            task("container", **joined),
            task("container_exec", container="web", argv=["sh", "-c", look]),
            task("container", **joined),
            task("container", state="absent", force_kill=True, containers=[{"name": "web"}, {"name": "db"}]),
            task("network", name="one", state="absent"),
            task("volume", name="data", state="absent"),
        ]
    )
    assert results[4]["stdout"].split() == ["x", "/t/passwd", "1"]
    assert not results[5]["changed"]


def test_what_is_refused_says_why(host: Host) -> None:
    named = {"com.docker.network.endpoint.ifname": "a b"}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"device_requests": [{"driver": "nvidia"}]}, "there are no device drivers"),
        ({"userns_mode": "keep-id"}, "a user's own Podman"),
        ({"storage_opts": {"size": "1G"}}, "there is no limit of space for one container"),
        ({"volume_driver": "nfs"}, "there is no other driver than local"),
        ({"mounts": [{"target": "/a", "type": "npipe", "source": "x"}]}, "use bind, volume, image or tmpfs"),
        ({"mounts": [{"target": "/a", "source": "v", "subpath": "../x"}]}, "without '..'"),
        ({"networks": [{"name": "n", "driver_opts": named}], "network_mode": "n"}, "endpoint.ifname: 'a b'"),
        ({"cgroup_parent": "a/../b"}, "cgroup_parent"),
        ({"security_opts": ["seccomp=/no/such/file"]}, "No such file or directory: /no/such/file"),
    ]
    results = host.play([task("container", **web(**options), ignore_errors_=True) for options, _text in wrong])
    for result, (_options, text) in zip(results, wrong):
        assert result["_ending"] == "failed"
        assert text in result["msg"]
    harmless = host.one("container", **web(device_requests=[], userns_mode="host", volume_driver="local"))
    assert harmless["changed"]
    assert not harmless.get("warnings")


@pytest.mark.skipif(not shutil.which("runc"), reason="needs runc")
def test_another_runtime_starts_it(host: Host) -> None:
    sleeping = {"command": "sleep 1000"}
    results = host.play(
        [
            task("container", **web(oci_runtime="runc", **sleeping)),
            task("container", **web(runtime="runc", **sleeping)),
            task("container_exec", container="web", command="cat /proc/1/comm"),
            task("container", **web(runtime="nonesuch", **sleeping), ignore_errors_=True),
            task("container", **web(runtime="skiff", **sleeping)),
        ]
    )
    assert results[0]["container"]["HostConfig"]["Runtime"] == "runc"
    assert results[2]["stdout"] == "sleep"
    assert "the OCI runtime 'nonesuch' is not on this host" in results[3]["msg"]
    assert results.changed == [True, False, True, False, True]
