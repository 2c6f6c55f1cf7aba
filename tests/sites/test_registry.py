"""playbooks/registry.yml: images are pushed to it, outlive it, and are pulled on another host."""

from __future__ import annotations

from pathlib import Path

from tests.sites.site import BASE, KEPT, PACKAGES, Site
from tests.support.registry import HASH, PASSWORD, USER

SITE = "registry"
FOLDERS = ("registry_folder", "registry_login_folder")
HOST = "127.0.0.1:5000"
VARIABLES = {
    "registry_image": BASE,
    "registry_packages": PACKAGES,
    "registry_htpasswd": [f"{USER}:{HASH}"],
    "registry_user": USER,
    "registry_password": PASSWORD,
    "registry_images": [KEPT],
}


class OtherHost:
    """Another host, that shares nothing with the site's but the network; it pulls with an account of its own."""

    def __init__(self, site: Site, folder: Path) -> None:
        self._site = site
        self._words = [
            "env",
            f"SKIFF_ROOT={folder}/root",
            f"DOCKER_CONFIG={folder}/docker",
            f"{site.host.root}/bin/skiff",
        ]

    def skiff(self, *words: str) -> str:
        return self._site.host.run(*self._words, *words)


def test_the_site(site: Site, tmp_path: Path) -> None:
    name = f"{HOST}/{KEPT}"
    assert "Run the server" in site.check()
    assert "Push" in site.run()
    assert site.run() == []
    assert site.check() == []
    other = OtherHost(site, tmp_path / "other")
    other.skiff("login", "-u", USER, "-p", PASSWORD, HOST)
    other.skiff("pull", name)
    assert other.skiff("images", "-q", "--no-trunc") == site.skiff("images", "-q", "--no-trunc", name)
    assert other.skiff("run", "--rm", "--network=none", name, "echo", "here") == "here\n"
    # The server is replaced, and the images are still there.
    assert site.run(registry_published_ports=[f"{HOST}:5000", "127.0.0.1:5001:5000"]) == ["Run the server"]
    other.skiff("rmi", name)
    other.skiff("pull", name)
    other.skiff("rmi", name)
    site.remove()
