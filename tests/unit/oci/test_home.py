from __future__ import annotations

import pytest

from runtime_lib.oci import home

PASSWD = b"root:x:0:0:root:/root:/bin/sh\nbad:x:5:5\nu:x:1000:1000::/home/u:\nrel:x:7:7::home:\nagain:x:0:0::/other:\n"


@pytest.mark.parametrize(("uid", "path"), [(0, "/root"), (1000, "/home/u"), (5, ""), (7, ""), (42, "")])
def test_find(uid: int, path: str) -> None:
    assert home.find(PASSWD, uid) == path
