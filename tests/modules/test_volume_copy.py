"""The module volume_copy: the content of a volume of another host, sent only when it differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.modules.host import Host, Results, local, task
from tests.support.trees import described, rich_tree


def play(first: Host, second: Host, tasks: list[dict[str, Any]], *arguments: str) -> Results:
    """Run tasks on a host called `second`, beside one called `first`."""
    hosts = {"first": local(first.root), "second": local(second.root), "bare": local(f"{first.root}-none")}
    return first.beside(hosts, tasks, *arguments)


def content(host: Host, name: str) -> Path:
    return Path(host.layout.volume(name)) / "_data"


def test_the_content_goes_from_host_to_host(host: Host, other: Host, archive: Path) -> None:
    host.play([task("volume", name="data")])
    rich_tree(content(host, "data") / "tree")
    copy = {"volume": "data", "source_host": "first"}
    user = {"name": "user", "image": "bb", "network_mode": "none", "volumes": ["data:/d"], "command": ["sleep", "1000"]}
    results = play(
        host,
        other,
        [
            task("volume_copy", **copy, check_mode_=True, diff_=True),
            task("volume_info", name="data"),
            task("volume_copy", **copy),
            task("volume_copy", **copy, check_mode_=True),
            task("volume_copy", **copy, pause=True),
            task("image", name="bb", source="import", load_path=str(archive)),
            task("container", **user),
            task("volume_copy", **copy),
            task("container_exec", container="user", argv=["touch", "/d/more"]),
            task("volume_copy", **copy, check_mode_=True, ignore_errors_=True),
            task("volume_copy", **copy, ignore_errors_=True),
            task("container", name="user", state="stopped", stop_timeout=0),
            task("volume_copy", **copy, compression="gzip", diff_=True),
            task("volume_copy", **copy, force=True),
            task("volume_copy", volume="own", source_host="second", source_volume="data"),
        ],
    )
    assert results.changed[:5] == [True, False, True, False, False]
    assert results[0]["diff"]["before"] == {"exists": False}
    assert results[1]["exists"] is False
    assert results[2]["bytes_sent"] > 10_000
    assert results[4]["bytes_sent"] == results[7]["bytes_sent"] == 0
    assert [result["_ending"] for result in results[9:11]] == ["failed"] * 2
    assert all("user runs on it: stop that first" in result["msg"] for result in results[9:11])
    assert results.changed[11:] == [True] * 4
    assert results[12]["diff"]["before"]["content"] != results[12]["diff"]["after"]["content"]
    assert results[12]["bytes_sent"] < results[13]["bytes_sent"]
    before = described(content(host, "data"))
    assert described(content(other, "data")) == described(content(other, "own")) == before


def test_what_cannot_be_copied(host: Host, other: Host) -> None:
    results = play(
        host,
        other,
        [
            task("volume_copy", volume="no", source_host="third", ignore_errors_=True),
            task("volume_copy", volume="no", source_host="bare", ignore_errors_=True),
            task("volume_copy", volume="no", source_host="first", ignore_errors_=True),
            task("volume_copy", volume="../no", source_host="first", source_volume="data", ignore_errors_=True),
            task("volume_copy", volume="no", ignore_errors_=True),
            task("volume_copy", volume="no", source_host="first", async_=60, poll_=1, ignore_errors_=True),
            task("volume_info", name="no"),
        ],
    )
    said = ("no host 'third'", "never used there", "no volume no", "volume name '../no'", "source_host", "async")
    for result, words in zip(results, said):
        assert result["_ending"] == "failed", result
        assert words in result["msg"]
    assert results[6]["exists"] is False
