"""Which ids a container with a user namespace gets."""

from __future__ import annotations

import pytest

from runtime_lib.containers import userns
from runtime_lib.containers.spec import ContainerSpec
from runtime_lib.errors import HostLacks, InvalidSpec

SUBUID = "# comment\nalice:100000:65536\ncontainers:200000:131072\nbroken:x:1\n\ncontainers:500000:65536\n"


def mode(text: str, **more: str) -> ContainerSpec:
    return ContainerSpec(image="bb", userns_mode=text, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["network_mode", "pid_mode", "ipc_mode", "uts_mode"])
@pytest.mark.parametrize("value", ["host", "container:db"])
def test_namespaces_of_others(key: str, value: str) -> None:
    with pytest.raises(InvalidSpec, match=f"{key} {value} cannot be combined"):
        userns.check(mode("auto", **{key: value}))
    userns.check(mode("host", **{key: value}))


def test_pools() -> None:
    assert userns.pool(SUBUID) == ([(200000, 131072), (500000, 65536)], [])
    assert userns.pool(SUBUID + "skiff:9000:10\n") == ([(9000, 10)], [])
    assert userns.pool("alice:1879048192:5") == ([userns.DEFAULT], [(1879048192, 5)])
    assert userns.pool("") == ([userns.DEFAULT], [])


def test_the_lowest_free_range() -> None:
    spans = [(500, 100), (100, 50)]
    assert userns.free(spans, [], 50, "x") == 100
    assert userns.free(spans, [(149, 1)], 50, "x") == 500
    assert userns.free(spans, [(100, 20), (125, 5)], 5, "x") == 120
    assert userns.free(spans, [(100, 50), (500, 40), (545, 10)], 6, "x") == 555
    with pytest.raises(HostLacks, match="no 101 ids in a row.*in /etc/subuid"):
        userns.free(spans, [], 101, "/etc/subuid")
