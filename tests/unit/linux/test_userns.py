"""The id maps of user namespaces, as data."""

from __future__ import annotations

import os

from runtime_lib.linux import userns

MAPS = [{"containerID": 0, "hostID": 1000, "size": 10}, {"containerID": 100, "hostID": 5000, "size": 1}]


def test_ids_outside() -> None:
    assert [userns.outside(MAPS, number) for number in (0, 9, 10, 100, 101)] == [1000, 1009, -1, 5000, -1]
    assert userns.outside([], 0) == -1


def test_the_map_of_a_process() -> None:
    (first, *_others) = userns.mappings(os.getpid())
    assert first["size"] > 0
    assert userns.outside(userns.mappings(os.getpid(), "gid_map"), os.getgid()) >= 0
