"""What the `container` module changes while a container runs: limits, restart policy, log options, networks."""

from __future__ import annotations

import os

from tests.modules.host import Host, task, web


def test_limits_restart_policy_and_log_options_change_without_recreation(host: Host) -> None:
    swappiness = {"memory_swappiness": 10} if os.path.exists("/sys/fs/cgroup/memory") else {}
    new = {
        "cpus": 0.5,
        "pids_limit": 60,
        "memory": "32M",
        "restart_policy": "on-failure",
        "restart_retries": 3,
        "log_options": {"max-size": "2m", "max-file": 5, "labels": "team"},
        **swappiness,
    }
    old = web(memory="64M", memory_swap="64M", log_options={"max-size": "1m"}, labels={"team": "a"})
    results = host.play(
        [
            task("container", **old, name_="create"),
            task("container", **web(**new), name_="would change", check_mode_=True),
            task("container", **web(**new), name_="change"),
            task("container", **web(**new), name_="unchanged"),
            task("container", **web(log_driver="local"), name_="another driver"),
            task("container", name="web", state="absent", force_kill=True, name_="remove"),
        ]
    )
    assert [result["changed"] for result in results] == [True, True, True, False, True, True]
    created, changed, replaced = (results.named(name)["container"] for name in ("create", "change", "another driver"))
    assert (changed["Id"], changed["State"]["Pid"]) == (created["Id"], created["State"]["Pid"])
    assert replaced["Id"] != created["Id"]
    shown = changed["HostConfig"]
    assert (shown["NanoCpus"], shown["PidsLimit"], shown["Memory"]) == (500_000_000, 60, 32 << 20)
    assert shown["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert shown["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "2m", "max-file": "5", "labels": "team"}}


def test_a_job_whose_log_cannot_be_read_says_where_it_is(host: Host) -> None:
    job = web(name="job", command=["sh", "-c", "echo hello"], detach=False, log_driver="none", cleanup=True)
    result = host.one("container", **job)
    assert result["container"]["Output"] == "Result logged using `none` driver"
    assert result["status"] == 0


def test_options_of_logs_that_make_no_sense_are_sentences(host: Host) -> None:
    for options, told in (
        ({"log_driver": "fluentd"}, "use one of json-file, local, journald, syslog, none"),
        ({"log_options": {"tag": "{{ '{{' }}.Nothing}}"}}, "log option tag"),
        ({"log_driver": "syslog", "log_options": {"max-size": "1m"}}, "unknown to the log driver syslog"),
    ):
        result = host.one("container", **web(**options))
        assert result["_ending"] == "failed"
        assert told in result["msg"]


def test_the_first_network_stays_the_first_one_when_it_is_joined_anew(host: Host) -> None:
    """Else the next task would make the container again, for another network mode."""
    mac = {"mac_address": "02:42:00:00:00:77"}
    joined = {"name": "box", "image": "bb", "command": ["sleep", "1000"], "stop_timeout": 0, **mac}
    old = {**joined, "networks": [{"name": "front"}, {"name": "back"}]}
    new = {**joined, "networks": [{"name": "front", "aliases": ["www"]}, {"name": "back"}]}
    results = host.play(
        [
            task("network", name="front", ipam_config=[{"subnet": "10.88.1.0/24"}]),
            task("network", name="back", ipam_config=[{"subnet": "10.88.2.0/24"}]),
            task("container", **old),
            task("container", **new),
            task("container_exec", container="box", command="ip route"),
            task("container", **new),
            task("container", **new, restart=True),
            task("container_exec", container="box", command="cat /sys/class/net/eth0/address"),
            task("container", name="box", state="absent", force_kill=True),
            task("network", name="front", state="absent"),
            task("network", name="back", state="absent"),
        ]
    )
    assert [results.changed[number] for number in (2, 3, 5, 6)] == [True, True, False, True]
    assert results[4]["stdout"].splitlines()[0].strip() == "default via 10.88.1.1 dev eth0"
    created, changed = (results[number]["container"] for number in (2, 3))
    assert (changed["Id"], changed["State"]["Pid"]) == (created["Id"], created["State"]["Pid"])
    assert changed["HostConfig"]["NetworkMode"] == "front"
    assert changed["NetworkSettings"]["Networks"]["front"]["MacAddress"] == mac["mac_address"]
    assert results[7]["stdout"].strip() == mac["mac_address"]
