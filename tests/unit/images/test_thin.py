from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from runtime_lib.errors import CorruptData
from runtime_lib.images import archive, thin
from tests.support.archives import config, digest, docker_archive


@pytest.mark.parametrize("missing", [(), (1,), (0, 1)])
def test_only_missing_layers_are_written(tmp_path: Path, missing: tuple[int, ...]) -> None:
    layers = (b"lower", b"upper" * 1000)
    path = tmp_path / "a.tar"
    path.write_bytes(docker_archive(["web:1"], *layers))
    target = os.open(tmp_path / "b.tar", os.O_WRONLY | os.O_CREAT)
    with archive.opened(str(path), str(tmp_path)) as members:
        (source,) = archive.images(members, "a.tar")
        assert thin.diff_ids(source) == [digest(layer) for layer in layers]
        thin.write(members, source, "web:2", [digest(layers[at]) for at in missing], target)
    os.close(target)
    with tarfile.open(tmp_path / "b.tar") as written:
        names = [name for name in written.getnames() if name.endswith(".layer")]
        assert names == [f"{digest(layers[at])[7:]}.layer" for at in missing]
    with archive.opened(str(tmp_path / "b.tar"), str(tmp_path)) as members:
        (again,) = archive.images(members, "b.tar")
    assert (again.names, again.config) == (("web:2",), config(*layers))


def test_a_damaged_configuration_is_told() -> None:
    with pytest.raises(CorruptData):
        thin.diff_ids(archive.Source((), b"{}", ()))
