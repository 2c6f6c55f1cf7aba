"""The byte-compiled copy of this library on the host, which outlives the task that brought it.

A module's payload is deleted when its task ends, and has no byte code. So the first task installs the library into
`<root>/lib/<content hash>/runtime_lib`; later tasks, the host command and the monitors all run from there.
The host command is `<root>/bin/skiff`, a few lines that run the copy which was installed last. A link to it that is
called `skiff-oci` is the low-level runtime's command.

Every process that runs from a copy holds a lease on it (`linux.lease`). Whoever installs a copy removes those that
nobody has used for a day: none that is leased, that the host command names, or that a play may be about to use.
"""

from __future__ import annotations

import os
import sys
import zipimport
import zlib

from .linux import lease

PACKAGE = "runtime_lib"
COMMAND_LINK = "/usr/local/bin/skiff"
_COMMAND = """#!{python} -ISB
import sys
sys.path.insert(0, {folder!r})
{environment}if sys.argv[0].rpartition("/")[2] == "skiff-oci":
    from runtime_lib.oci.command import console
else:
    from runtime_lib.cli.main import console
raise SystemExit(console())
"""
_YOUNG = 86400.0  # seconds after its last use in which a copy stays
_LOADER = globals()["__loader__"]  # a zipimporter while the code is a task's payload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .paths import Layout
    from .store import Store


def running_from(layout: Layout) -> str | None:
    """Return the installed folder that this code was imported from, or None when it runs from anywhere else."""
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return folder if os.path.dirname(folder) == layout.library else None


def installed(layout: Layout) -> str | None:
    """Return the folder of this very library on the host, leased, or None when it is not installed there."""
    here = running_from(layout)
    if here:
        lease.hold(_mark(here))
        return here
    folder = f"{layout.library}/{_content_hash()}"
    return folder if lease.hold(_mark(folder)) else None


def install(store: Store) -> str:
    """Return the folder of this library on the host, leased, after copying and compiling it where needed."""
    return installed(store.layout) or _install(store)


def _install(store: Store) -> str:
    import shutil

    folder = f"{store.layout.library}/{_content_hash()}"
    with store.lock("library", os.path.basename(folder)):
        if lease.hold(_mark(folder)):
            return folder
        os.makedirs(store.layout.library, mode=0o755, exist_ok=True)
        fresh = f"{folder}.{os.getpid()}.tmp"
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            _write_tree(fresh, folder)
            shutil.rmtree(folder, ignore_errors=True)
            os.rename(fresh, folder)
            _write_command(store.layout, folder)
        except OSError as error:
            for half in (fresh, folder):
                shutil.rmtree(half, ignore_errors=True)
            raise OSError(error.errno, error.strerror, error.filename or store.layout.library) from error
        store.write_out()
        with open(_mark(folder), "wb"):
            pass
        lease.hold(_mark(folder))
    prune(store)
    return folder


def command(layout: Layout) -> str:
    """Return the path of the host command, which stays the same when another copy is installed."""
    return f"{layout.root}/bin/skiff"


def commanded(layout: Layout) -> bool:
    """Whether the host command runs this very library."""
    folder = installed(layout)
    return folder is not None and repr(folder) in _command_text(layout)


def point_command(store: Store) -> None:
    """Install this library, and have the host command run it."""
    _write_command(store.layout, install(store))


def _mark(folder: str) -> str:
    """Return the file that says that a copy is complete; leases are on it."""
    return f"{folder}/{PACKAGE}/.complete"


def prune(store: Store) -> list[str]:
    """Remove the copies that nobody uses, and what killed installations have left; return their names.

    A copy of a version that did not know leases yet stays: nobody can say who runs from it.
    """
    from contextlib import suppress

    from .errors import Busy

    removed = []
    for name in sorted(os.listdir(store.layout.library)):
        copy = name[: -len(".tmp")].rpartition(".")[0] if name.endswith(".tmp") else name
        with suppress(Busy), store.lock("library", copy, patience=0.0):  # who installs that copy holds it
            if _unused(store.layout, name):
                _remove(f"{store.layout.library}/{name}")
                removed.append(name)
    return removed


def _unused(layout: Layout, name: str) -> bool:
    """Whether a copy is to go; when it is, nobody can lease it any more."""
    folder = f"{layout.library}/{name}"
    if not os.path.exists(_mark(folder)):
        return True
    leased = os.path.exists(f"{folder}/{PACKAGE}/linux/lease.py")
    if not leased or folder in _command_text(layout) or abs(lease.age(_mark(folder))) < _YOUNG:
        return False
    return lease.revoke(_mark(folder))


def _remove(folder: str) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)  # what is left of it does not count, and goes the next time


def _command_text(layout: Layout) -> str:
    try:
        with open(command(layout), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def _write_command(layout: Layout, folder: str) -> None:
    from contextlib import suppress

    from .paths import DEFAULT_ROOT
    from .store import write_file

    default = layout.root == DEFAULT_ROOT
    values = {"SKIFF_ROOT": layout.root, "SKIFF_RUN": layout.run}
    environment = "" if default else f"import os\nos.environ.update({values!r})\n"
    os.makedirs(f"{layout.root}/bin", mode=0o755, exist_ok=True)
    before = _command_text(layout)
    for name in os.listdir(layout.library):
        if f"{layout.library}/{name}" in before:
            lease.touch(_mark(f"{layout.library}/{name}"))  # a command that has just begun may not have its lease yet
    text = _COMMAND.format(python=os.path.realpath(sys.executable), folder=folder, environment=environment)
    write_file(command(layout), text.encode(), 0o755, durable=True)
    if default and not os.path.lexists(COMMAND_LINK):
        with suppress(OSError):  # a convenience: where /usr is read-only, the command is still <root>/bin/skiff
            os.symlink(command(layout), COMMAND_LINK)


def _write_tree(folder: str, final: str) -> None:
    import compileall
    from py_compile import PycInvalidationMode

    for name, source in _sources():
        path = f"{folder}/{PACKAGE}/{name}"
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        with open(path, "wb") as file:
            file.write(source)
    # Unchecked: nobody edits the copy, so no start has to compare time stamps.
    mode = PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(folder, quiet=2, stripdir=folder, prependdir=final, invalidation_mode=mode)
    for base, _folders, files in os.walk(folder):
        os.chmod(base, 0o755)
        for name in files:
            os.chmod(f"{base}/{name}", 0o644)


def _content_hash() -> str:
    """Return a name for the content of this library: the same content gives the same name."""
    total = 0
    for name, mark in _marks():
        total = zlib.crc32(f"{name} {mark}\n".encode(), total)
    return f"{sys.version_info[0]}.{sys.version_info[1]}-{total:08x}"


def _marks() -> list[tuple[str, str]]:
    """Return (file, mark of its content): CRCs of a zip's directory, or size and time of files: nothing is read."""
    if isinstance(_LOADER, zipimport.zipimporter):
        prefix = _LOADER.prefix
        listing = _LOADER._files  # type: ignore[attr-defined]
        return sorted((name[len(prefix) :], str(entry[7])) for name, entry in listing.items() if _ours(name, prefix))
    base = os.path.dirname(os.path.abspath(__file__))
    marks = []
    for path in _walk(base):
        status = os.stat(f"{base}/{path}")
        marks.append((path, f"{status.st_size} {status.st_mtime_ns}"))
    return sorted(marks)


def _sources() -> Iterator[tuple[str, bytes]]:
    if isinstance(_LOADER, zipimport.zipimporter):
        prefix = _LOADER.prefix
        for name in sorted(_LOADER._files):  # type: ignore[attr-defined]
            if _ours(name, prefix):
                yield name[len(prefix) :], _LOADER.get_data(name)
        return
    base = os.path.dirname(os.path.abspath(__file__))
    for path in sorted(_walk(base)):
        with open(f"{base}/{path}", "rb") as file:
            yield path, file.read()


def _ours(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and name.endswith((".py", ".json"))


def _walk(base: str) -> Iterator[str]:
    for folder, folders, files in os.walk(base):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in files:
            if name.endswith((".py", ".json")):
                yield os.path.relpath(f"{folder}/{name}", base)
