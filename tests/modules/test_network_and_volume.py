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
            task("network", name="n", enable_ipv6=True, ignore_errors_=True),
            task("network", name="m", **subnet, ignore_errors_=True),
            task("network", name="n", state="absent", check_mode_=True),
            task("network", name="n", state="absent"),
            task("network", name="n", state="absent"),
        ]
    )
    assert results.changed == [True, False, True, False, True, True, False, True] + [False] * 3 + [True, True, False]
    assert results[0]["network"] is None
    assert results[1]["exists"] is False
    assert results[5]["network"]["IPAM"]["Config"] == [{"Subnet": "10.89.1.0/24", "Gateway": "10.89.1.254"}]
    assert results[5]["diff"]["after"]["ipam_config"] == [{"subnet": "10.89.1.0/24", "gateway": "10.89.1.254"}]
    for result, word in zip(results[8:11], ("overlay", "IPv6", "10.89.1.0/24")):
        assert result["_ending"] == "failed"
        assert word in result["msg"]


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
