"""playbooks/mariadb.yml: the data outlives the container."""

from __future__ import annotations

from tests.sites.site import BASE, PACKAGES, Site

SITE = "mariadb"
FOLDERS = ()
VARIABLES = {"mariadb_image": BASE, "mariadb_packages": PACKAGES, "mariadb_password": "a-secret"}


def ask(site: Site, query: str) -> str:
    """Ask the server over the network, as the site's user, from a container of its own."""
    words = ("mariadb", "-h", "mariadb", "-u", "shop", f"-p{VARIABLES['mariadb_password']}", "-BN", "shop", "-e", query)
    return site.skiff("run", "--rm", "--network", "mariadb", BASE, *words)


def container(site: Site) -> str:
    return site.skiff("ps", "-q", "--no-trunc", "--filter", "name=mariadb")


def test_the_site(site: Site) -> None:
    assert "Run the server" in site.check()
    assert site.run()
    assert site.run() == []
    assert site.check() == []
    ask(site, "CREATE TABLE orders (id INT PRIMARY KEY, what TEXT)")
    ask(site, "INSERT INTO orders VALUES (1, 'an anchor'), (2, 'a sail')")
    before = container(site)
    assert site.run(mariadb_max_connections=77) == ["Run the server"]
    assert container(site) != before
    assert ask(site, "SELECT @@max_connections") == "77\n"
    assert ask(site, "SELECT what FROM orders ORDER BY id") == "an anchor\na sail\n"
    site.skiff("kill", "mariadb")
    assert site.run(mariadb_max_connections=77) == ["Run the server"]
    assert ask(site, "SELECT COUNT(*) FROM orders") == "2\n"
    site.remove()
