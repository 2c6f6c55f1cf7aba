from __future__ import annotations

import pytest

from runtime_lib.containers.mounts import parse_mount, parse_tmpfs, parse_volume
from runtime_lib.containers.parts import Mount
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
