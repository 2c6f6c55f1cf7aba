from __future__ import annotations

from pathlib import Path

import pytest

from runtime_lib.errors import HostLacks
from runtime_lib.linux import selinux


def test_a_label_is_refused_where_it_would_count(tmp_path: Path) -> None:
    folder = str(tmp_path)
    selinux.refuse("process.selinuxLabel", "container_t", folder)
    (tmp_path / "enforce").write_text("0")
    assert selinux.enabled(folder)
    selinux.refuse("process.selinuxLabel", "", folder)
    selinux.refuse("process.selinuxLabel", None, folder)
    with pytest.raises(HostLacks, match="process.selinuxLabel 'container_t': Skiff sets no labels"):
        selinux.refuse("process.selinuxLabel", "container_t", folder)
