"""The sites of `playbooks/` on one host: each is run as its users run it, with one base image for all of them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.modules.host import CHECKOUT, Host, tool
from tests.sites.site import BASE, KEPT, PACKAGES, Site

ROLE = [
    {
        "hosts": "localhost",
        "gather_facts": False,
        "roles": [{"role": "image", "vars": {"image_name": BASE, "image_packages": PACKAGES}}],
    }
]


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host with the base image, made by the sites' own role from the machine's mirror."""
    if os.geteuid() != 0:
        pytest.skip("sites are made as root")
    for name in ("ansible-playbook", "unshare", "nsenter", "ip", "curl"):
        if not shutil.which(tool(name)):
            pytest.skip(f"{name} is missing: run make dev")
    folder = tmp_path_factory.mktemp("sites")
    collections = folder / "collections"
    (collections / "ansible_collections" / "skiff").mkdir(parents=True)
    (collections / "ansible_collections" / "skiff" / "containers").symlink_to(CHECKOUT)
    host = Host(folder, collections)
    try:
        (folder / "roles").symlink_to(CHECKOUT / "playbooks" / "roles")
        book = folder / "image.yml"
        book.write_text(json.dumps(ROLE))
        os.environ["SKIFF_ROOT"] = host.root  # a site does not say where the installation is
        made = host.book(book, outside=True)[-1]
        assert made["_ending"] == "ok", made
        host.one("image", name=BASE, source="local", repository=KEPT)
        yield host
    finally:
        os.environ.pop("SKIFF_ROOT", None)
        host.close()


@pytest.fixture
def site(host: Host, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    """The site that the test's file names in SITE; it is taken down at the end, whatever has happened."""
    host.one("image", name=KEPT, source="local", repository=BASE)
    module = request.module
    site = Site(host, module.SITE, {**module.VARIABLES, **{name: str(tmp_path) for name in module.FOLDERS}})
    yield site
    site.remove_if_there()
