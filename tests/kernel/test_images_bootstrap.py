"""Base images from a package mirror: here a folder with one package, so no network is needed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from runtime_lib.errors import CommandFailed
from runtime_lib.images import bootstrap, catalog, layers
from runtime_lib.images.bootstrap import Recipe
from runtime_lib.records import replace
from runtime_lib.store import Store

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(not shutil.which("mmdebstrap"), reason="needs mmdebstrap"),
]
CONTROL = """Package: tiny
Version: 1
Architecture: all
Maintainer: nobody <nobody@example.org>
Description: tiny
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    mirror, tree = tmp_path / "mirror", tmp_path / "tiny"
    mirror.mkdir()
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "usr" / "bin").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(CONTROL)
    (tree / "usr" / "bin" / "tiny").write_text("#!/bin/sh\n")
    package = mirror / "tiny.deb"
    subprocess.run(["dpkg-deb", "-b", tree, package], check=True, capture_output=True)
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    more = f"Filename: ./tiny.deb\nSize: {package.stat().st_size}\nSHA256: {digest}\n\n"
    (mirror / "Packages").write_text(CONTROL + more)
    for parent in tmp_path.parents:
        if os.stat(parent).st_mode & 0o001 == 0 and parent != Path("/"):
            os.chmod(parent, 0o711)  # apt reads as a user of its own
    os.chmod(tmp_path, 0o711)
    return Recipe("base:1", "none", ("tiny",), f"deb [trusted=yes] copy:{mirror} ./", variant="extract")


def test_a_recipe_becomes_an_image_once(store: Store, recipe: Recipe) -> None:
    assert bootstrap.present(store, recipe) is None
    image = bootstrap.bootstrap(store, recipe)
    (tree,) = layers.folders(store, image.layers)
    assert (Path(tree) / "usr" / "bin" / "tiny").read_text() == "#!/bin/sh\n"
    assert not list((Path(tree) / "var" / "cache" / "apt" / "archives").glob("*.deb"))
    assert image.names == ("base:1",)
    assert image.defaults["Labels"][bootstrap.LABEL] == recipe.digest
    assert bootstrap.present(store, recipe) == bootstrap.bootstrap(store, recipe) == image
    assert bootstrap.present(store, replace(recipe, packages=())) is None


def test_a_package_that_does_not_exist_is_named(store: Store, recipe: Recipe) -> None:
    wrong = replace(recipe, packages=("tinny",))
    with pytest.raises(CommandFailed, match="Unable to locate package tinny"):
        bootstrap.bootstrap(store, wrong)
    assert catalog.listing(store) == []
    assert os.listdir(store.layout.layers) == []
