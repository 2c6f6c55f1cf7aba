"""The import order of docs/architecture.md, held by reading every import of every file."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "runtime_lib"
PLUGINS = ROOT / "collection" / "plugins"

# A seat may import itself and every seat before it.
ORDER = ["errors", "records", "patterns", "moments", "conditions", "jsontext", "eventlog", "paths", "schema", "linux"]
ORDER += ["strictjson", "store", "library", "registry", "oci", "monitor"]
ENGINE = ["images", "volumes", "networks"]  # side by side: none of them knows another one
ABOVE = ["containers", "build", "desired", "cli"]


def allowed(seat: str) -> set[str]:
    if seat in ENGINE:
        return {*ORDER, seat}
    if seat in ORDER:
        return set(ORDER[: ORDER.index(seat) + 1])
    return {*ORDER, *ENGINE, *ABOVE[: ABOVE.index(seat) + 1]}


def imports(path: Path) -> list[tuple[int, str, int]]:
    """Return (relative level, module, line) of every import, those inside functions too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(0, alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level and not node.module:
                found += [(node.level, alias.name, node.lineno) for alias in node.names]
            else:
                found.append((node.level, node.module or "", node.lineno))
    return found


def library_files() -> list[Path]:
    return sorted(path for path in LIBRARY.rglob("*.py") if path != LIBRARY / "__init__.py")


def seat_of(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", library_files(), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_library_imports_only_downwards(path: Path) -> None:
    package = path.relative_to(LIBRARY).parent.parts
    for level, module, line in imports(path):
        where = f"{path}:{line}"
        if level == 0:
            top = module.split(".")[0]
            assert top != "runtime_lib", f"{where}: only relative imports inside the library"
            assert top not in ("ansible", "ansible_collections"), f"{where}: Ansible belongs under collection/"
            if top in ("ctypes", "pyroute2"):
                assert package[:1] == ("linux",), f"{where}: {top} belongs under linux/"
            continue
        target = (*package[: len(package) - level + 1], *module.split("."))
        assert target[0] in allowed(seat_of(path)), f"{where}: {seat_of(path)} may not import {target[0]}"


@pytest.mark.parametrize("path", sorted(LIBRARY.rglob("__init__.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_packages_hold_no_code(path: Path) -> None:
    body = ast.parse(path.read_text()).body
    assert len(body) == 1, f"{path} must hold a docstring and nothing else: it is always shipped"
    assert isinstance(body[0], ast.Expr)


@pytest.mark.parametrize("path", sorted((PLUGINS / "modules").glob("*.py")), ids=lambda p: p.name)
def test_modules_reach_the_library_through_the_runner(path: Path) -> None:
    for _level, module, line in imports(path):
        assert "runtime_lib" not in module, f"{path}:{line}: only module_utils/runner.py knows runtime_lib"


def test_the_links_of_the_checkout() -> None:
    assert (ROOT / "plugins").resolve() == PLUGINS
    assert (ROOT / "meta").resolve() == ROOT / "collection" / "meta"
    assert (ROOT / "roles").resolve() == ROOT / "collection" / "roles"
    assert (PLUGINS / "module_utils" / "runtime_lib").resolve() == LIBRARY
