"""The `network` and `volume` modules and those that look at them."""

from __future__ import annotations

from tests.modules.host import Host, task


def test_networks(host: Host) -> None:
    subnet = {"ipam_config": [{"subnet": "10.89.1.0/24", "gateway": "10.89.1.254"}]}
    results = host.play(
        [
            task("network", name="n", check_mode_=True, diff_=True),
            task("network_info", name="n"),
            task("network", name="n"),
            task("network", name="n"),
            task("network", name="n", **subnet, check_mode_=True),
            task("network", name="n", **subnet, diff_=True),
            task("network", name="n", **subnet),
            task("network", name="n", **subnet, force=True),
            task("network", name="n", driver="overlay", ignore_errors_=True),
            task("network", name="n", scope="swarm", ignore_errors_=True),
            task("network", name="m", **subnet, ignore_errors_=True),
            task("network", name="bridge", ignore_errors_=True, check_mode_=True),
            task("network", name="m", **subnet, check_mode_=True, name_="doubtful"),
            task("network", name="n", state="absent", check_mode_=True),
            task("network", name="n", state="absent"),
            task("network", name="n", state="absent"),
        ]
    )
    assert results.changed == [True, False, True, False, True, True, False, True] + [False] * 4 + [True] * 3 + [False]
    assert results[0]["network"] is None
    assert results[1]["exists"] is False
    assert results[5]["network"]["IPAM"]["Config"] == [{"Subnet": "10.89.1.0/24", "Gateway": "10.89.1.254"}]
    assert results[5]["diff"]["after"]["ipam_config"] == [{"subnet": "10.89.1.0/24", "gateway": "10.89.1.254"}]
    for result, word in zip(results[8:12], ("overlay", "swarm", "10.89.1.0/24", "predefined")):
        assert result["_ending"] == "failed"
        assert word in result["msg"]
    assert "overlaps with network n" in results.named("doubtful")["warnings"][0]


def test_a_network_is_made_anew_around_its_containers(host: Host) -> None:
    subnets = {"ipam_config": [{"subnet": "10.89.2.0/24"}, {"subnet": "fd00:89:2::/64"}]}
    address = {"name": "n", "ipv4_address": "10.89.2.50", "ipv6_address": "fd00:89:2::50"}
    web = {"name": "web", "image": "bb", "command": "sleep 1000", "published_ports": ["127.0.0.1:18097:80"]}
    results = host.play(
        [
            task("network", name="plan", config_only=True, enable_ipv6=True, **subnets),
            task("network", name="plan", config_only=True, enable_ipv6=True, **subnets),
            task("network", name="n", config_from="plan"),
            task("network", name="n", config_from="plan"),
            task("container", **web, networks=[address]),
            task("container_info", name="web", name_="before"),
            task("network", name="n", internal=False, labels={"a": "1"}, check_mode_=True, diff_=True, name_="check"),
            task("network", name="n", config_from="plan", attachable=True, diff_=True, name_="anew"),
            task("network", name="n", config_from="plan", attachable=True),
            task("container_info", name="web", name_="after"),
            task("container", **web, networks=[address]),
            task("network", name="plan", state="absent", ignore_errors_=True, name_="used"),
            task("container", name="web", state="absent", force_kill=True),
            task("network", name="n", state="absent"),
            task("network", name="plan", state="absent"),
        ]
    )
    assert results.changed == [True, False, True, False, True, False, True, True] + [False] * 4 + [True] * 3
    assert results.named("check")["diff"]["reconnected"] == results.named("anew")["diff"]["reconnected"] == ["web"]
    assert results.named("check")["actions"][0]["reconnected"] == ["web"]
    before, after = (results.named(name)["container"]["NetworkSettings"] for name in ("before", "after"))
    assert after["Ports"] == before["Ports"] == {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18097"}]}
    changing = ("NetworkID", "EndpointID")
    for key, value in before["Networks"]["n"].items():
        assert key in changing or after["Networks"]["n"][key] == value
    assert after["Networks"]["n"]["GlobalIPv6Address"] == "fd00:89:2::50"
    assert "plan is in use by the networks n" in results.named("used")["msg"]


def test_a_container_keeps_a_network_that_it_cannot_join_in_another_way(host: Host) -> None:
    web = {"name": "web", "image": "bb", "command": "sleep 1000"}
    results = host.play(
        [
            task("network", name="n", ipam_config=[{"subnet": "10.89.3.0/24"}]),
            task("container", **web, networks=[{"name": "n", "ipv4_address": "10.89.3.9"}]),
            task("container", **web, networks=[{"name": "n", "ipv4_address": "10.89.3.1"}], ignore_errors_=True),
            task("container", **web, networks=[{"name": "n", "ipv4_address": "10.89.4.9"}], ignore_errors_=True),
            task("container", **web, networks=[{"name": "n", "ipv4_address": "10.89.3.9"}]),
            task("container", name="web", state="absent", force_kill=True),
            task("network", name="n", state="absent"),
        ]
    )
    assert results.changed == [True, True, False, False, False, True, True]
    assert "gateway" in results[2]["msg"]
    assert "not inside its subnets" in results[3]["msg"]


def test_volumes(host: Host) -> None:
    results = host.play(
        [
            task("volume", name="data", check_mode_=True, diff_=True),
            task("volume_info", name="data"),
            task("volume", name="data"),
            task("volume", name="data"),
            task("volume", name="data", labels={"a": "1"}),
            task("volume", name="data", labels={"a": "1"}, recreate="options-changed", diff_=True),
            task("volume", name="data", recreate="always"),
            task("volume", name="data", driver="nfs", ignore_errors_=True),
            task("volume_info", name="data"),
            task("container", name="user", image="bb", network_mode="none", state="present", volumes=["data:/d"]),
            task("volume", name="data", state="absent", ignore_errors_=True),
            task("container", name="user", state="absent"),
            task("volume", name="data", state="absent"),
            task("volume", name="data", state="absent"),
        ]
    )
    changed = [True, False, True, False, False, True, True, False, False, True, False, True, True, False]
    assert results.changed == changed
    assert results[5]["diff"] == {"before": {"labels.a": None}, "after": {"labels.a": "1"}}
    assert results[8]["volume"]["Mountpoint"].endswith("/volumes/data/_data")
    assert "user" in results[10]["msg"]
