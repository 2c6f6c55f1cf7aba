from __future__ import annotations

import pytest

from runtime_lib.containers.inspect_host import host_config
from runtime_lib.containers.inspect_long import long_form
from runtime_lib.containers.mounts import parse_mount, parse_tmpfs, parse_volume
from runtime_lib.containers.parts import Mount
from runtime_lib.containers.spec import ContainerSpec
from runtime_lib.errors import InvalidSpec


@pytest.mark.parametrize(
    ("text", "mount"),
    [
        ("/data", Mount("volume", "/data")),
        ("name:/data", Mount("volume", "/data", "name")),
        ("name:/data:ro,nocopy", Mount("volume", "/data", "name", read_only=True, copy=False)),
        ("/a:/b", Mount("bind", "/b", "/a", create_source=True)),
        ("/a:/b:idmap", Mount("bind", "/b", "/a", create_source=True, idmap="")),
        ("n:/b:ro,idmap=uids=0-1-2", Mount("volume", "/b", "n", read_only=True, idmap="uids=0-1-2")),
        ("/a:/b:rslave,ro,z", Mount("bind", "/b", "/a", read_only=True, create_source=True, propagation="rslave")),
    ],
)
def test_volumes(text: str, mount: Mount) -> None:
    assert parse_volume(text) == mount


@pytest.mark.parametrize(
    "text", ["", ":", "data", "a:b", "/a:/b:odd", "/a:/b:ro:x", "./a:/b", "n:/b:rshared", "/a::ro", "/a:/b:ro,rw"]
)
def test_wrong_volumes(text: str) -> None:
    with pytest.raises(InvalidSpec):
        parse_volume(text)


@pytest.mark.parametrize(
    ("text", "mount"),
    [
        ("type=bind,source=/a,target=/b,readonly", Mount("bind", "/b", "/a", read_only=True)),
        ("type=bind,src=/a,dst=/b,bind-propagation=shared", Mount("bind", "/b", "/a", propagation="shared")),
        ("src=name,target=/b,volume-nocopy", Mount("volume", "/b", "name", copy=False)),
        ("target=/b,volume-label=a=b,volume-opt=type=tmpfs",
         Mount("volume", "/b", labels={"a": "b"}, volume_options={"type": "tmpfs"})),
        ("type=tmpfs,destination=/b,tmpfs-size=1m,tmpfs-mode=1770",
         Mount("tmpfs", "/b", tmpfs_size=1 << 20, tmpfs_mode=0o1770)),
        ('type=VOLUME,src=nn,dst=/b,volume-driver=local,volume-opt=type=nfs,"volume-opt=o=addr=nas,""ro"""',
         Mount("volume", "/b", "nn", volume_options={"type": "nfs", "o": 'addr=nas,"ro"'})),
        ("type=bind,src=/a,dst=/b,idmap", Mount("bind", "/b", "/a", idmap="")),
        ("type=bind,src=/a,dst=/b,idmap=false", Mount("bind", "/b", "/a")),
        ("type=bind,src=/a,dst=/b,idmap=uids=0-1-2;gids=@0-0-1",
         Mount("bind", "/b", "/a", idmap="uids=0-1-2;gids=@0-0-1")),
        ("type=image,src=bb,dst=/b,image-subpath=etc", Mount("image", "/b", "bb", read_only=True, subpath="etc")),
        ("src=nn,dst=/b,volume-subpath=a/b,ro", Mount("volume", "/b", "nn", read_only=True, subpath="a/b")),
        ("type=bind,src=/a,dst=/b,readonly,bind-recursive=readonly",
         Mount("bind", "/b", "/a", read_only=True, read_only_tree=True)),
    ],
)  # fmt: skip
def test_long_mounts(text: str, mount: Mount) -> None:
    assert parse_mount(text) == mount


@pytest.mark.parametrize(
    "text", ["", "type=odd,target=/a", "type=bind,source=/a", "target=a", "target=/a,odd=1", "target=/a,readonly=maybe",
             "type=tmpfs,target=/a,tmpfs-mode=9", "type=bind,source=/a,target=/b,volume-nocopy",
             "target=/b,bind-propagation=rslave", "type=tmpfs,target=/b,image-subpath=x", "type=tmpfs, target=/b",
             "target=/b,volume-driver=none",
             'target=/b,"volume-opt=x', 'target=/b,"volume-opt=x"y', "target=/b,"],
)  # fmt: skip
def test_wrong_long_mounts(text: str) -> None:
    with pytest.raises(InvalidSpec):
        parse_mount(text)


def test_tmpfs() -> None:
    assert parse_tmpfs("/run") == ("/run", "")
    assert parse_tmpfs("/run:size=1m,exec") == ("/run", "size=1m,exec")


@pytest.mark.parametrize(("text", "told"), [
    ("n:/a:ro,nocopy", {}), ("n:/a", {}), ("n:/a:nocopy,ro", {"mode": "nocopy,ro"}), ("/a:/b:rw", {"mode": "rw"}),
])  # fmt: skip
def test_unusual_options_are_kept(text: str, told: dict[str, str]) -> None:
    assert parse_volume(text).told == told


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("type=bind,src=/a,dst=/b", {"Type": "bind", "Source": "/a", "Target": "/b"}),
        ("type=bind,src=/a,dst=/b,ro,bind-recursive=readonly,bind-create-mountpoint=true,bind-propagation=rprivate",
         {"Type": "bind", "Source": "/a", "Target": "/b", "ReadOnly": True, "BindOptions":
          {"Propagation": "rprivate", "CreateMountpoint": True, "ReadOnlyForceRecursive": True}}),
        ("dst=/b,volume-subpath=x", {"Type": "volume", "Target": "/b",
                                     "VolumeOptions": {"Subpath": "x", "DriverConfig": {}}}),
        ("type=image,src=bb,dst=/b,image-subpath=etc",
         {"Type": "image", "Source": "bb", "Target": "/b", "ImageOptions": {"Subpath": "etc"}}),
    ],
)  # fmt: skip
def test_long_form_is_shown(text: str, shown: dict[str, object]) -> None:
    assert long_form(parse_mount(text)) == shown


def test_mounts_of_earlier_versions() -> None:
    """They were stored without a word of their form."""
    stored = [
        {"kind": "bind", "target": "/a", "source": "/x", "create_source": True, "read_only": True},
        {"kind": "bind", "target": "/b", "source": "/y"},
        {"kind": "volume", "target": "/c", "source": "data", "copy": False},
        {"kind": "tmpfs", "target": "/d"},
    ]
    told = host_config(ContainerSpec.from_json({"mounts": stored}))
    assert told["Binds"] == ["/x:/a:ro", "data:/c:nocopy"]
    assert [one["Target"] for one in told["Mounts"]] == ["/b", "/d"]


def test_older_versions_start_plain_mounts() -> None:
    """They refuse what has a setting that they do not know: an empty one is none."""
    for mount in (parse_volume("/a:/b:ro"), parse_mount("src=n,dst=/a"), parse_mount("type=bind,src=/a,dst=/b,ro")):
        assert not mount.told
    assert parse_mount("src=n,dst=/a").short is False
