"""playbooks/mariadb.yml: the data outlives the container, and a backup outlives the volume."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.modules.host import task
from tests.sites.site import BASE, PACKAGES, Site, until

SITE = "mariadb"
FOLDERS = ()
VARIABLES: dict[str, Any] = {"mariadb_image": BASE, "mariadb_packages": PACKAGES, "mariadb_password": "a-secret"}
# Prints the number of each row when the server has acknowledged it; ends when the server goes away.
WRITE = """\
n=0
while :; do
  n=$((n+1))
  echo "INSERT INTO paid VALUES ($0, $n); SELECT $n;"
done | mariadb --skip-reconnect -n -h mariadb -u shop -p"$1" -BN shop"""
CLIENTS = (1, 2)


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


@contextmanager
def clients(site: Site, folder: Path) -> Iterator[list[Path]]:
    """Have clients write rows for a block, which takes the server away; give the files with what was acknowledged."""
    skiff = site.host.inside(f"{site.host.root}/bin/skiff", "run", "--rm", "--network", "mariadb", BASE)
    environment = {**os.environ, "SKIFF_ROOT": site.host.root}
    files = [folder / f"acknowledged-{client}" for client in CLIENTS]
    processes: list[subprocess.Popen[bytes]] = []
    with ExitStack() as stack:
        for client, path in zip(CLIENTS, files):
            output = stack.enter_context(path.open("wb"))
            words = [*skiff, "sh", "-c", WRITE, str(client), VARIABLES["mariadb_password"]]
            started = subprocess.Popen(words, stdout=output, stderr=subprocess.DEVNULL, env=environment)
            processes.append(stack.enter_context(started))
        try:
            yield files
        except BaseException:
            for process in processes:
                process.kill()  # the server is still there: they would write for ever
            raise


def acknowledged(files: list[Path]) -> list[int]:
    """Return how many rows of each client the server has acknowledged by now."""
    return [path.read_bytes().count(b"\n") for path in files]


def test_a_backup_while_clients_write_has_every_acknowledged_row(site: Site, tmp_path: Path) -> None:
    assert site.run()
    ask(site, "CREATE TABLE paid (client INT, n INT, PRIMARY KEY (client, n)) ENGINE=InnoDB")
    archive = str(tmp_path / "mariadb.tar.zst")
    with clients(site, tmp_path) as files:
        until(lambda: min(acknowledged(files)) > 100, "the clients write")
        before = acknowledged(files)
        backup = {"volume": "mariadb", "path": archive, "compression": "zstd", "pause": True}
        assert site.host.play([task("volume_backup", **backup)]).changed == [True]
        seen = acknowledged(files)
        until(lambda: all(now > then for now, then in zip(acknowledged(files), seen)), "the clients write on")
        lost = [
            task("container", name="mariadb", state="absent", force_kill=True),
            task("volume", name="mariadb", state="absent"),
        ]
        assert site.host.play(lost).changed == [True, True]
    restore = task("volume_restore", volume="mariadb", path=archive)
    assert site.host.play([task("volume", name="mariadb"), restore, restore]).changed == [True, True, False]
    assert site.run() == ["Run the server"]
    rows = ask(site, "SELECT MAX(n), COUNT(*) FROM paid GROUP BY client ORDER BY client").splitlines()
    for row, least, most in zip(rows, before, acknowledged(files), strict=True):
        last, count = (int(word) for word in row.split())
        assert last == count, "a row is missing between others"
        assert least <= last <= most + 1
    site.remove()
