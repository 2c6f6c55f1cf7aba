"""The installed copy of the library."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from runtime_lib import library
from runtime_lib.paths import Layout
from runtime_lib.store import Store

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(Layout(str(tmp_path / "root"), str(tmp_path / "run")))


def test_installing_twice_gives_the_same_complete_copy(store: Store) -> None:
    assert library.installed(store.layout) is None
    folder = library.install(store)
    assert library.install(store) == folder == library.installed(store.layout)
    originals = {path.relative_to(CHECKOUT / "runtime_lib") for path in (CHECKOUT / "runtime_lib").rglob("*.py")}
    copies = {path.relative_to(Path(folder) / "runtime_lib") for path in Path(folder).rglob("*.py")}
    assert copies == originals
    assert os.listdir(store.layout.library) == [os.path.basename(folder)]


def test_a_half_written_copy_does_not_count(store: Store) -> None:
    folder = Path(library.install(store))
    (folder / "runtime_lib" / ".complete").unlink()
    (folder / "runtime_lib" / "errors.py").write_text("broken(")
    assert library.installed(store.layout) is None
    library.install(store)
    assert "class SkiffError" in (folder / "runtime_lib" / "errors.py").read_text()


def run(code: str, path: str, *arguments: str) -> str:
    script = f"import sys; sys.path.insert(0, {path!r})\n{code}"
    return subprocess.run(
        [sys.executable, "-I", "-B", "-c", script, *arguments], capture_output=True, check=True, text=True
    ).stdout.strip()


def test_the_copy_knows_that_it_is_the_copy(store: Store) -> None:
    folder = library.install(store)
    code = (
        "from runtime_lib import library, paths\n"
        "sys.stdout.write(str(library.installed(paths.Layout(sys.argv[1], sys.argv[2]))))"
    )
    assert run(code, folder, store.layout.root, store.layout.run) == folder


def test_a_zipped_payload_installs_itself(store: Store, tmp_path: Path) -> None:
    payload = tmp_path / "payload.zip"
    with zipfile.ZipFile(payload, "w") as archive:
        for path in sorted((CHECKOUT / "runtime_lib").rglob("*.py")):
            archive.write(path, path.relative_to(CHECKOUT))
    code = (
        "from runtime_lib import library, paths, store\n"
        "sys.stdout.write(library.install(store.Store(paths.Layout(sys.argv[1], sys.argv[2]))))"
    )
    folder = run(code, str(payload), store.layout.root, store.layout.run)
    assert run(code, str(payload), store.layout.root, store.layout.run) == folder
    assert (Path(folder) / "runtime_lib" / "linux" / "libc.py").exists()
    assert list((Path(folder) / "runtime_lib" / "__pycache__").glob("errors.*.pyc"))


def test_other_content_is_another_copy(store: Store, tmp_path: Path) -> None:
    code = (
        "from runtime_lib import library, paths, store\n"
        "sys.stdout.write(library.install(store.Store(paths.Layout(sys.argv[1], sys.argv[2]))))"
    )
    folders = set()
    for number in range(2):
        payload = tmp_path / f"{number}.zip"
        with zipfile.ZipFile(payload, "w") as archive:
            for path in sorted((CHECKOUT / "runtime_lib").rglob("*.py")):
                data = path.read_bytes() + (b"# changed\n" * number if path.name == "errors.py" else b"")
                archive.writestr(zipfile.ZipInfo(str(path.relative_to(CHECKOUT))), data)
        folders.add(run(code, str(payload), store.layout.root, store.layout.run))
    assert len(folders) == 2


def test_the_host_command_runs_the_copy_of_its_own_installation(store: Store) -> None:
    folder = library.install(store)
    command = Path(store.layout.root, "bin", "skiff")
    assert command.stat().st_mode & 0o777 == 0o755
    text = command.read_text()
    assert folder in text
    assert store.layout.run in text
    compile(text, str(command), "exec")
    assert not os.path.lexists(library.COMMAND_LINK) or os.readlink(library.COMMAND_LINK) != str(command)
