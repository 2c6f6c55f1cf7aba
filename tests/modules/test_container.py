"""The `container` module: what a playbook gets, and what runs then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.modules.host import Host, task, web

pytestmark = pytest.mark.usefixtures("without_web")


def test_the_life_of_a_container(host: Host) -> None:
    results = host.play(
        [
            task("container", **web(), name_="would create", check_mode_=True, diff_=True),
            task("container_info", name="web", name_="still none"),
            task("container", **web(), name_="create", diff_=True),
            task("container", **web(), name_="unchanged", diff_=True),
            task("container", **web(hostname="a"), name_="would recreate", check_mode_=True, diff_=True),
            task("container", **web(), name_="not recreated"),
            task("container", **web(hostname="a"), name_="recreate", debug=True),
            task("container", **web(memory="64M", pids_limit=50, cpus=0.5), name_="update", diff_=True),
            task("container", **web(memory="256M"), name_="raise"),
            task("container", **web(restart=True), name_="restart"),
            task("container", **web(state="stopped", force_kill=True), name_="stop"),
            task("container", **web(state="stopped"), name_="stopped"),
            task("container", **web(), name_="start again"),
            task("container", name="web", state="absent", name_="would remove", check_mode_=True),
            task("container", name="web", state="absent", force_kill=True, name_="remove", diff_=True),
            task("container", name="web", state="absent", name_="absent"),
        ]
    )
    changed = {result["_task"] for result in results if result["changed"]}
    assert changed == {
        "would create", "create", "would recreate", "recreate", "update", "raise", "restart", "stop", "start again",
        "would remove", "remove",
    }  # fmt: skip
    assert results.named("would create")["diff"] == {
        "before": {"exists": False, "running": False},
        "after": {"exists": True, "running": True},
    }
    assert [next(iter(action)) for action in results.named("would create")["actions"]] == ["created", "started"]
    assert "container" not in results.named("would create")
    assert results.named("still none")["exists"] is False
    created = results.named("create")["container"]
    assert created["State"]["Status"] == "running"
    assert created["Name"] == "/web"
    assert results.named("unchanged")["diff"] == {"before": {}, "after": {}, "differences": []}
    assert results.named("would recreate")["diff"]["after"] == {"hostname": "a"}
    assert results.named("would recreate")["diff"]["differences"] == [{"hostname": {"parameter": "a", "container": ""}}]
    assert results.named("not recreated")["container"]["Id"] == created["Id"]
    recreated = results.named("recreate")
    assert recreated["container"]["Id"] != created["Id"]
    assert recreated["actions"][0]["removed"] == created["Id"]
    assert results.named("update")["diff"]["after"] == {"memory": 64 << 20, "pids_limit": 50, "cpus": 0.5}
    assert results.named("raise")["container"]["Id"] == recreated["container"]["Id"]
    assert results.named("stop")["container"]["State"]["Running"] is False
    assert "container" not in results.named("remove")


def test_a_container_that_cannot_be_made_anew_stays_and_runs(host: Host) -> None:
    results = host.play(
        [
            task("container", **web()),
            task("container", **web(command=["/no/such/program"]), ignore_errors_=True),
            task("container", **web(image="missing", pull="never"), ignore_errors_=True),
            task("container_info", name="web"),
        ]
    )
    created, broken, missing, after = results
    assert broken["_ending"] == "failed"
    assert "/no/such/program" in broken["msg"]
    assert missing["_ending"] == "failed"
    assert "missing" in missing["msg"]
    assert after["container"]["Id"] == created["container"]["Id"]
    assert after["container"]["State"]["Running"] is True


def test_a_job_to_its_end(host: Host) -> None:
    results = host.play(
        [
            task("container", **web(command="echo well done", detach=False, cleanup=True)),
            task("container", **web(command="sh -c 'echo oh; exit 3'", detach=False), ignore_errors_=True),
            task("container_info", name="web"),
        ]
    )
    good, bad, after = results
    assert good["status"] == 0
    assert good["container"]["Output"] == "well done\n"
    assert bad["_ending"] == "failed"
    assert bad["status"] == 3
    assert bad["msg"] == "oh\n"
    assert after["container"]["State"]["ExitCode"] == 3


def test_comparisons(host: Host) -> None:
    two = {"A": "1", "B": "2"}
    results = host.play(
        [
            task("container", **web(env=two, labels={"l": "1"})),
            task("container", **web(env={"A": "1"})),
            task("container", **web(env={"A": "1"}, comparisons={"*": "ignore", "env": "strict"})),
            task("container", name="web", state="stopped", force_kill=True),
            task("container", **web(env={"A": "1"}, comparisons={"nothing": "strict"}), ignore_errors_=True),
        ]
    )
    assert results.changed[:4] == [True, False, True, True]
    assert "comparisons" in results[4]["msg"]


def test_networks_change_while_it_runs(host: Host) -> None:
    one, two = {"name": "one"}, {"name": "two", "aliases": ["w"]}
    mine = {"name": "web", "image": "bb"}
    results = host.play(
        [
            task("network", name="one"),
            task("network", name="two"),
            task("container", **mine, networks=[one]),
            task("container", **mine, networks=[one, two]),
            task("container", **mine, networks=[one, two]),
            task("container", **mine, networks=[one], comparisons={"networks": "strict"}),
            task("network", name="one", connected=["web"]),
            task("network", name="one", labels={"a": "1"}),
            task("container_info", name="web"),
            task("container", name="web", state="absent", force_kill=True),
            task("network", name="one", state="absent"),
            task("network", name="two", state="absent"),
            task("network", name="two", state="absent"),
        ]
    )
    assert results.changed == [True, True, True, True, False, True, False, True, False, True, True, True, False]
    ids = {result["container"]["Id"] for result in (*results[2:6], results[8])}
    assert len(ids) == 1
    assert set(results[4]["container"]["NetworkSettings"]["Networks"]) == {"one", "two"}
    assert set(results[8]["container"]["NetworkSettings"]["Networks"]) == {"one"}


def test_several_at_once(host: Host) -> None:
    entries = [
        {"name": "user", "network_mode": "container:owner"},
        {"name": "owner", "network_mode": "none", "env": {"A": "1"}},
    ]
    results = host.play(
        [
            task("container", image="bb", containers=entries, check_mode_=True),
            task("container", image="bb", containers=entries),
            task("container", image="bb", containers=entries, diff_=True),
            task("container", image="bb", containers=[{"name": "x", "memory": "lots"}], ignore_errors_=True),
            task("container", image="bb", containers=[{"name": "x", "memoir": "1"}], ignore_errors_=True),
            task("container", image="bb", containers=[*entries, entries[0]], ignore_errors_=True),
            task("container", state="absent", force_kill=True, containers=[{"name": "user"}, {"name": "owner"}]),
        ]
    )
    assert results.changed == [True, True, False, False, False, False, True]
    made = results[1]["containers"]
    assert [(entry["name"], entry["changed"]) for entry in made] == [("user", True), ("owner", True)]
    assert made[1]["container"]["Config"]["Env"].count("A=1") == 1
    for failed in results[3:6]:
        assert failed["_ending"] == "failed"
    assert "memory" in results[3]["msg"]
    assert "memoir" in results[4]["msg"]
    assert "user" in results[5]["msg"]


def test_what_runs_is_what_was_asked_for(host: Host, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "env").write_text("# comment\nFROM_FILE=yes\nBOTH=file\n")
    (tmp_path / "page").write_text("hello")
    results = host.play(
        [
            task(
                "container",
                **web(
                    env={"BOTH": "task"},
                    env_file=str(tmp_path / "env"),
                    hostname="ship",
                    user="1000:1000",
                    working_dir="/tmp",
                    volumes=[f"{tmp_path}:/data:ro", "cache:/cache"],
                    tmpfs=["/scratch:size=1m"],
                    read_only=True,
                    cap_drop=["ALL"],
                    ulimits=["nofile:64:64"],
                ),
            ),
            task(
                "container_exec",
                container="web",
                argv=["sh", "-c", "echo $FROM_FILE $BOTH; hostname; id -u; pwd; cat /data/page; ulimit -n; touch /x"],
                ignore_errors_=True,
            ),
        ]
    )
    ran = results[1]
    assert ran["stdout"].splitlines() == ["yes task", "ship", "1000", "/tmp", "hello64"]
    assert ran["rc"] == 1
    assert "Read-only" in ran["stderr"]
    assert ran["_ending"] == "failed"


def test_wrong_options_are_sentences(host: Host) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"env": {"A": 1}}, "env: the value of A is not a text; put it into quotes"),
        ({"memory": "much"}, "memory: 'much' is not a size such as 512, 64m or 1.5g"),
        ({"volumes": ["a:b:c:d"]}, "volume 'a:b:c:d' is not TARGET, SOURCE:TARGET or SOURCE:TARGET:OPTIONS"),
        ({"env_file": "/no/such/file"}, "No such file or directory: /no/such/file"),
        ({"image": "no:such:image"}, "image"),
        ({"network_mode": "nowhere"}, "there is no network nowhere: create it first"),
    ]
    results = host.play([task("container", **web(**options), ignore_errors_=True) for options, _text in wrong])
    for result, (_options, text) in zip(results, wrong):
        assert result["_ending"] == "failed"
        assert text in result["msg"]
        assert "\n" not in result["msg"]


def test_old_options_are_taken(host: Host) -> None:
    result = host.one("docker_container", **web(docker_host="unix:///nowhere", kernel_memory="1G", timeout=5))
    assert result["changed"] is True
    warnings = " ".join(result["warnings"])
    assert "docker_host, timeout" in warnings
    assert "kernel_memory has no effect" in warnings
    assert "unix:///nowhere" not in warnings
