"""Copies of the library on a host that differ in their version of the schema."""

from __future__ import annotations

import compileall
import re
import shutil
from pathlib import Path

from runtime_lib import schema
from tests.support.skiff import CHECKOUT, Skiff

NEXT = schema.VERSION + 1
_ADDED = """\
    {version}: (
        "CREATE TABLE sails (id INTEGER)",
        "ALTER TABLE containers ADD COLUMN sail TEXT NOT NULL DEFAULT 'red'",
    ),
"""


def today(root: Path) -> Skiff:
    """Return the command of a copy of this library in the installation `root`."""
    return Skiff(root, _copy(root, "3.0-today"))


def newer(root: Path, readable: int = schema.READABLE) -> Skiff:
    """Return the command of a library that knows one version more, in the same installation."""
    copy = _copy(root, f"3.0-newer-{readable}")
    add_version(copy / "runtime_lib", readable)
    compileall.compile_dir(str(copy), quiet=2, force=True)
    return Skiff(root, copy)


def add_version(package: Path, readable: int = schema.READABLE) -> None:
    """Make a copy of the library one that knows a version more, which older ones may go on with from `readable` on."""
    file = package / "schema.py"
    text = re.sub(r"(?m)^VERSION = .*$", f"VERSION = {NEXT}", file.read_text())
    text = re.sub(r"(?m)^READABLE = .*$", f"READABLE = {readable}", text)
    text = text.replace("MIGRATIONS = {\n", "MIGRATIONS = {\n" + _ADDED.format(version=NEXT))
    file.write_text(text)


def _copy(root: Path, name: str) -> Path:
    folder = root / "lib" / name
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CHECKOUT / "runtime_lib", folder / "runtime_lib", ignore=ignored)
    compileall.compile_dir(str(folder), quiet=2)
    (folder / "runtime_lib" / ".complete").touch()
    return folder
