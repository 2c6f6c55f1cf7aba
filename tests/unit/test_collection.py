"""What the Ansible community asks of a collection and no linter holds (docs/inclusion.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGINS = ROOT / "collection" / "plugins"
ROLES = ROOT / "collection" / "roles"
# ansible-core's plugin types that are of use here, and the folder for shared code of the controller.
ALLOWED = {
    "action", "callback", "connection", "doc_fragments", "filter", "inventory", "lookup", "modules", "module_utils",
    "plugin_utils", "test",
}  # fmt: skip
OURS = [path for path in sorted(PLUGINS.rglob("*.py")) if "runtime_lib" not in path.parts]
MODULES = sorted((PLUGINS / "modules").glob("*.py"))


def test_only_plugin_types_that_ansible_knows() -> None:
    assert {entry.name for entry in PLUGINS.iterdir() if entry.name != "__pycache__"} <= ALLOWED


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(PLUGINS)))
def test_every_plugin_names_its_licence(path: Path) -> None:
    assert "# SPDX-License-Identifier: GPL-3.0-or-later" in path.read_text().splitlines()[:6]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_module_is_in_the_action_group_and_has_its_attributes(path: Path) -> None:
    text = path.read_text()
    groups = (ROOT / "collection" / "meta" / "runtime.yml").read_text().partition("plugin_routing:")[0]
    assert f"\n    - {path.stem}\n" in groups
    for fragment in ("attributes", "attributes.action_groups"):
        assert f"  - skiff.containers.{fragment}\n" in text
    for part in ('DOCUMENTATION = r"""', 'EXAMPLES = r"""', 'RETURN = r"""', "version_added: "):
        assert part in text


def test_every_role_says_what_it_takes() -> None:
    assert [role.name for role in ROLES.glob("*/") if not (role / "meta" / "argument_specs.yml").is_file()] == []


def test_no_sanity_test_is_ignored() -> None:
    assert not list(ROOT.glob("tests/sanity/ignore*.txt"))
