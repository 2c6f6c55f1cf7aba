from __future__ import annotations

from typing import Any

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.linux import libc
from runtime_lib.oci import plan

OVERLAY = {
    "destination": "/",
    "type": "overlay",
    "source": "overlay",
    "options": ["lowerdir=/l/b:/l/a", "upperdir=/c/upper", "workdir=/c/work", "index=off"],
}


def config(**parts: Any) -> dict[str, Any]:
    return {"linux": {"namespaces": [{"type": "mount"}]}, **parts}


def test_an_overlay_at_the_root_is_the_root() -> None:
    root = plan.root(config(root={"path": "x", "readonly": True}, mounts=[OVERLAY]), "/bundle")
    assert (root.layers, root.upper, root.work, root.readonly) == (["/l/b", "/l/a"], "/c/upper", "/c/work", True)
    assert plan.mounts(config(mounts=[OVERLAY]), "/bundle") == []


def test_a_plain_root_is_relative_to_the_bundle() -> None:
    assert plan.root(config(root={"path": "rootfs"}), "/bundle").path == "/bundle/rootfs"
    assert plan.root(config(root={"path": "/abs"}), "/bundle").path == "/abs"


@pytest.mark.parametrize(
    "options",
    [[], ["upperdir=/u", "workdir=/w"], ["lowerdir=/l", "upperdir=/u"], ["lowerdir=l"], ["lowerdir=/l:"]],
)
def test_incomplete_overlays_are_refused(options: list[str]) -> None:
    with pytest.raises(InvalidSpec, match="overlay at /"):
        plan.root(config(mounts=[{**OVERLAY, "options": options}]), "/bundle")


def test_no_root_is_refused() -> None:
    with pytest.raises(InvalidSpec, match=r"root\.path"):
        plan.root(config(), "/bundle")


def test_mounts_keep_their_order() -> None:
    entries = [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/data", "type": "bind", "source": "data", "options": ["rbind"]},
        {"destination": "/x", "source": "/y", "options": ["bind"]},
    ]
    planned = plan.mounts(config(mounts=entries), "/bundle")
    assert [(each.destination, each.kind, each.source) for each in planned] == [
        ("/proc", "proc", "proc"),
        ("/data", "bind", "/bundle/data"),
        ("/x", "bind", "/y"),
    ]
    assert [each.needs_real_folder for each in planned] == [True, False, False]


@pytest.mark.parametrize("destination", ["", "relative", "/", "//", "/.", "/a\0b"])
def test_destinations_must_be_below_the_root(destination: str) -> None:
    with pytest.raises(InvalidSpec, match="destination"):
        plan.mounts(config(mounts=[{"destination": destination, "type": "tmpfs"}]), "/bundle")


@pytest.mark.parametrize("entry", [{"type": "none"}, {}, {"type": "bind", "source": ""}])
def test_mounts_say_what_they_are(entry: dict[str, str]) -> None:
    with pytest.raises(InvalidSpec):
        plan.mounts(config(mounts=[{"destination": "/x", **entry}]), "/bundle")


def test_namespaces() -> None:
    section = {"namespaces": [{"type": "mount"}, {"type": "network", "path": "/proc/1/ns/net"}]}
    assert plan.namespaces({"linux": section}) == {"mount": "", "network": "/proc/1/ns/net"}


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [{"type": "mount", "path": "/x"}],
        [{"type": "mount"}, {"type": "mount"}],
        [{"type": "mount"}, {"type": "net"}],
    ],
)
def test_wrong_namespaces_are_refused(entries: list[dict[str, str]]) -> None:
    with pytest.raises(InvalidSpec, match="namespace"):
        plan.namespaces({"linux": {"namespaces": entries}})


@pytest.mark.parametrize(
    ("options", "text", "flags"),
    [
        ([], "", libc.MS_SLAVE | libc.MS_REC),
        (["rbind", "rprivate"], "", libc.MS_SLAVE | libc.MS_REC),
        (["rbind", "rshared"], "", libc.MS_SHARED | libc.MS_REC),
        (["rbind", "rshared"], "rprivate", libc.MS_PRIVATE | libc.MS_REC),
    ],
)
def test_shared_binds_need_the_hosts_peer_group(options: list[str], text: str, flags: int) -> None:
    entry = {"destination": "/x", "type": "bind", "source": "/y", "options": options}
    wanted = config(mounts=[entry])
    wanted["linux"]["rootfsPropagation"] = text
    assert plan.propagation(wanted, plan.mounts(wanted, "/bundle")) == flags
