"""The installed copy of the library."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
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


DAY = 86400.0


def age(folder: Path, seconds: float = 2 * DAY) -> None:
    """Make a copy one that was last used so long ago."""
    then = time.time() - seconds
    os.utime(folder / "runtime_lib" / ".complete", (then, then))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installed copy, for tests that need many of them."""
    folder = tmp_path_factory.mktemp("library")
    return Path(library.install(Store(Layout(str(folder / "root"), str(folder / "run")))))


Unused = Callable[[str], Path]


@pytest.fixture
def unused(store: Store, copy: Path) -> Unused:
    """A function that makes another copy on a host that has one already, which nobody has used for two days."""
    shutil.copytree(copy, Path(store.layout.library, copy.name))

    def make(name: str) -> Path:
        folder = Path(store.layout.library, name)
        shutil.copytree(copy, folder)
        age(folder)
        return folder

    return make


def test_what_nobody_uses_is_removed_when_a_copy_is_installed(store: Store, unused: Unused) -> None:
    names = ["3.9-11111111", "3.9-22222222"]
    for name in names:
        unused(name)
    assert library.prune(store) == names
    assert os.listdir(store.layout.library) == [os.path.basename(library.install(store))]


def test_installing_prunes(store: Store, unused: Unused, tmp_path: Path) -> None:
    old = unused("3.9-11111111")
    payload = tmp_path / "payload"
    shutil.copytree(CHECKOUT / "runtime_lib", payload / "runtime_lib", ignore=shutil.ignore_patterns("__pycache__"))
    errors = payload / "runtime_lib" / "errors.py"
    errors.write_text(errors.read_text() + "# changed\n")
    code = (
        "from runtime_lib import library, paths, store\n"
        "sys.stdout.write(library.install(store.Store(paths.Layout(sys.argv[1], sys.argv[2]))))"
    )
    fresh = run(code, str(payload), store.layout.root, store.layout.run)
    assert not old.exists()
    assert fresh in Path(store.layout.root, "bin", "skiff").read_text()


def test_a_copy_in_use_stays(store: Store, unused: Unused) -> None:
    folder = unused("3.9-11111111")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\nfrom runtime_lib.linux import lease\n"
        "lease.hold(sys.argv[1] + '/runtime_lib/.complete')\n"
        "sys.stdout.write('held\\n'); sys.stdout.flush(); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == "held\n"
        age(folder)
        assert library.prune(store) == []
    assert library.prune(store) == [folder.name]


def test_a_copy_that_was_used_lately_stays(store: Store, unused: Unused) -> None:
    folder = unused("3.9-11111111")
    age(folder, DAY / 2)
    assert library.prune(store) == []
    age(folder, -DAY / 2)
    assert library.prune(store) == [], "the clock was set back"


def test_the_copy_of_the_host_command_stays(store: Store, unused: Unused) -> None:
    folder = unused("3.9-11111111")
    Path(store.layout.root, "bin").mkdir()
    Path(store.layout.root, "bin", "skiff").write_text(f"sys.path.insert(0, {str(folder)!r})\n")
    assert library.prune(store) == []


def test_a_copy_that_knows_no_leases_stays(store: Store, unused: Unused) -> None:
    folder = unused("3.9-11111111")
    (folder / "runtime_lib" / "linux" / "lease.py").unlink()
    assert library.prune(store) == []


def test_what_a_killed_installation_has_left_goes_but_not_what_is_being_installed(store: Store) -> None:
    names = ["3.9-11111111", "3.9-22222222.17.tmp"]
    for name in names:
        Path(store.layout.library, name, "runtime_lib").mkdir(parents=True)
    with store.lock("library", "3.9-11111111"), store.lock("library", "3.9-22222222"):
        assert library.prune(store) == []
    assert library.prune(store) == names
