"""The modules that show or clear away: container_info, container_logs, host_info, prune."""

from __future__ import annotations

from tests.modules.host import Host, task


def run(name: str, **options: object) -> dict[str, object]:
    return task("container", name=name, image="bb", network_mode="none", **options)


def test_views_and_prune(host: Host) -> None:
    output = ["sh", "-c", "echo one; echo two >&2; printf three"]
    results = host.play(
        [
            run("web", command="sleep 1000", labels={"shop": "books"}),
            run("job", command=output, detach=False, labels={"shop": "books"}),
            task("volume", name="data", labels={"a": "b"}),
            task("container_info", name="web"),
            task("container_info", name="none"),
            task("container_info", names=["web", "none", "job"]),
            task("container_info", filters={"label": {"shop": "books"}, "status": "exited"}),
            task("container_info"),
            task("container_info", filters={"nothing": 1}, ignore_errors_=True),
            task("container_logs", name="job"),
            task("container_logs", name="job", tail=1, timestamps=True, since="1h"),
            task("container_logs", name="job", until="2020-01-02"),
            task("container_logs", name="none", ignore_errors_=True),
            task("host_info", containers=True, images=True, networks=True, volumes=True, disk_usage=True),
            task(
                "host_info",
                containers=True,
                containers_all=True,
                containers_filters={"name": "job"},
                verbose_output=True,
            ),
            task("docker_host_info"),
            task("prune", containers=True, volumes=True, check_mode_=True, diff_=True),
            task("prune", containers=True, containers_filters={"label": "shop=other"}),
            task("prune", containers=True, volumes=True, volumes_filters={"all": True}, networks=True),
            task("prune", containers=True, volumes=True, images=True, builder_cache=True),
            task("prune", containers=True, containers_filters={"nothing": 1}, ignore_errors_=True),
            task("container", name="web", state="absent", force_kill=True),
        ]
    )
    found = [[entry["Name"] for entry in result["containers"]] for result in results[3:8]]
    assert found == [["/web"], [], ["/web", "/job"], ["/job"], ["/job", "/web"]]
    assert [result["exists"] for result in results[3:8]] == [True, False, False, True, True]
    assert results[3]["container"]["Name"] == "/web"
    assert results[4]["container"] is None
    assert sorted(results[9]["lines"]) == ["one", "three", "two"]
    assert results[9]["stdout_lines"] == ["one", "three"]
    assert results[9]["stderr_lines"] == ["two"]
    assert len(results[10]["lines"]) == 1
    assert "Z " in results[10]["lines"][0]
    assert results[11]["lines"] == []
    host_info = results[13]
    assert host_info["host_info"]["ContainersRunning"] == 1
    assert [set(entry) for entry in host_info["containers"]] == [
        {"Id", "Image", "Command", "Created", "Status", "Ports", "Names"}
    ]
    assert {"Driver": "local", "Name": "data"} in host_info["volumes"]
    assert {"Id", "Driver", "Name", "Scope"} == set(host_info["networks"][0])
    assert set(host_info["images"][0]) == {"Id", "RepoTags", "Created", "Size"}
    assert host_info["disk_usage"]["LayersSize"] > 0
    assert [entry["State"] for entry in results[14]["containers"]] == ["exited"]
    assert results[15]["can_talk_to_docker"] is True
    assert "containers" not in results[15]
    seen, other, done, nothing = results[16:20]
    assert seen["containers"] == done["containers"] == results[6]["containers"][0]["Id"].split()
    assert seen["diff"]["before"]["container"] == ["job"]
    assert [seen["changed"], other["changed"], done["changed"], nothing["changed"]] == [True, False, True, False]
    assert "data" in done["volumes"]
    for result, word in ((results[8], "nothing"), (results[12], "none"), (results[20], "nothing")):
        assert result["_ending"] == "failed"
        assert word in result["msg"]
