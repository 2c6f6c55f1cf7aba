"""The files by which a container finds others."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.networks import names
from runtime_lib.paths import Layout
from runtime_lib.store import Store

HOST = """# made by hand
nameserver 127.0.0.1
nameserver 192.0.2.53
nameserver fd00::1
search a.example b.example
options rotate
"""


def test_hosts_of_a_container_without_network_are_dockers() -> None:
    assert names.hosts_text("x") == (
        "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n"
        "ff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"
    )


def test_extra_hosts_stand_after_the_head() -> None:
    text = names.hosts_text("x", extra_hosts=[("db", "10.0.0.9")])
    assert text.endswith("ip6-allrouters\n10.0.0.9\tdb\n")


def test_servers_that_a_container_cannot_reach_are_left_out() -> None:
    assert names.resolv_text(HOST) == "nameserver 192.0.2.53\nsearch a.example b.example\noptions rotate\n"


@pytest.mark.parametrize(
    ("versions", "servers"),
    [([4], "192.0.2.53"), ([6], "fd00::1"), ([4, 6], "192.0.2.53 fd00::1"), ([6, 4], "192.0.2.53 fd00::1")],
)
def test_servers_of_each_version_that_leads_out(versions: list[int], servers: str) -> None:
    text = names.resolv_text(HOST + "nameserver ::1\nnameserver fe80::1\nnameserver fe80::1%eth0\n", versions=versions)
    assert [line.split()[1] for line in text.splitlines() if "nameserver" in line] == servers.split()


def test_a_container_with_ipv6_alone_gets_a_server_that_it_reaches() -> None:
    assert names.resolv_text("nameserver 127.0.0.53\n", versions=[6]).startswith("nameserver 2001:4860:4860::8888\n")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("options rotate\noptions timeout:1 edns0\n", "options rotate timeout:1 edns0\n"),
        ("domain a.example\n", "search a.example\n"),
        ("search b.example c.example\ndomain a.example\n", "search a.example\n"),
        ("domain a.example\nsearch b.example c.example\n", "search b.example c.example\n"),
    ],
)
def test_lines_count_as_they_do_on_the_host(lines: str, expected: str) -> None:
    assert names.resolv_text("nameserver 192.0.2.53\n" + lines) == "nameserver 192.0.2.53\n" + expected


def test_no_server_left_means_dockers_default() -> None:
    assert names.resolv_text("nameserver 127.0.0.53\n") == "nameserver 8.8.8.8\nnameserver 8.8.4.4\n"


def test_what_is_given_takes_the_place_of_the_hosts() -> None:
    assert names.resolv_text(HOST, ["10.0.0.1"], ["c.example"], ["ndots:2"]) == (
        "nameserver 10.0.0.1\nsearch c.example\noptions ndots:2\n"
    )
    assert "search" not in names.resolv_text(HOST, dns_search=["."])


def test_the_hosts_network_has_the_hosts_file() -> None:
    assert names.resolv_text(HOST, own_network=False) == HOST
    assert names.resolv_text(HOST, dns_options=["x"], own_network=False).count("nameserver") == 3


@pytest.mark.parametrize(
    ("dns", "search", "opts"),
    [(["localhost"], [], []), ([], ["a b"], []), ([], [], ["x\nnameserver 6.6.6.6"]), ([], ["\0"], [])],
)
def test_words_that_would_break_the_file(dns: list[str], search: list[str], opts: list[str]) -> None:
    with pytest.raises(InvalidSpec, match="dns"):
        names.resolv_text(HOST, dns, search, opts)


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "-a", "a/b", "a\0", "x" * 257])
def test_names_that_may_not_stand_in_hosts(name: str) -> None:
    with pytest.raises(InvalidSpec, match="host name"):
        names.check_name(name)


def place(store: Store, number: int, name: str, network: str) -> Path:
    """Put a container with an address and a hosts file into the store."""
    container_id = f"{number:064x}"
    with store.transaction() as db:
        db.execute("INSERT OR IGNORE INTO images VALUES ('i', '{}', 0, 0)")
        db.execute(
            "INSERT INTO containers (id, name, image_id, spec, phase, created) VALUES (?, ?, 'i', '', 'ready', 0)",
            (container_id, name),
        )
        db.execute(
            "INSERT INTO endpoints (id, container_id, network_id, interface, host_interface, mac, names)"
            " VALUES (?, ?, ?, 'eth0', 'sv0', '', ?)",
            (name, container_id, network, f'["{name}", "{container_id[:12]}"]'),
        )
        db.execute(
            "INSERT INTO leases (network_id, address, container_id) VALUES (?, ?, ?)",
            (network, f"10.1.0.{number}", container_id),
        )
    folder = Path(store.layout.container(container_id))
    folder.mkdir()
    (folder / "hosts").write_text("127.0.0.1\tlocalhost\n")
    return folder / "hosts"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(Layout(str(tmp_path), str(tmp_path / "run")))
    with store.transaction() as db:
        for name in ("net", "bridge"):
            spec = names_spec(name)
            db.execute(
                "INSERT INTO networks (id, name, driver, spec, created) VALUES (?, ?, 'bridge', ?, 0)",
                (name, name, spec),
            )
            subnet = "10.1.0.0/16" if name == "net" else "10.2.0.0/16"
            db.execute(
                "INSERT INTO subnets (subnet, network_id, position, gateway) VALUES (?, ?, 0, ?)",
                (subnet, name, subnet[:7] + "1"),
            )
    return store


def names_spec(name: str) -> str:
    from runtime_lib.networks.spec import NetworkSpec

    return NetworkSpec(name).to_json()


def test_neighbours_are_told_in_place_and_forgotten(store: Store) -> None:
    web, db = place(store, 2, "web", "net"), place(store, 3, "db", "net")
    inode = web.stat().st_ino
    names.refresh(store, "net")
    assert "10.1.0.3\tdb 000000000000\n" in web.read_text()
    assert "10.1.0.2\tweb 000000000000\n" in db.read_text()
    with store.transaction() as connection:
        connection.execute("DELETE FROM endpoints WHERE container_id = ?", (f"{3:064x}",))
    names.refresh(store, "net")
    assert "db" not in web.read_text()
    assert web.stat().st_ino == inode


def test_what_the_container_wrote_stays(store: Store) -> None:
    web = place(store, 2, "web", "net")
    names.refresh(store, "net")
    web.write_text(web.read_text().replace("localhost", "localhost mine") + "10.9.9.9\tlater\n")
    place(store, 3, "db", "net")
    names.refresh(store, "net")
    text = web.read_text()
    assert "localhost mine" in text
    assert "10.9.9.9\tlater" in text
    assert text.count("10.1.0.2\tweb") == 1
    assert "10.1.0.3\tdb" in text


def test_a_file_of_several_parts_is_read_whole(store: Store) -> None:
    web = place(store, 2, "web", "net")
    own = f"# {'x' * 150_000}\n10.9.9.9\tlast\n"
    web.write_text(own)
    names.refresh(store, "net")
    assert web.read_text().startswith(own + "# neighbours")
    with store.transaction() as connection:
        connection.execute("DELETE FROM endpoints")
    names.refresh(store, "net", f"{2:064x}")
    assert web.read_text() == own


def test_a_second_refresh_changes_nothing(store: Store) -> None:
    web = place(store, 2, "web", "net")
    names.refresh(store, "net")
    before = (web.read_text(), web.stat().st_mtime_ns)
    names.refresh(store, "net")
    assert (web.read_text(), web.stat().st_mtime_ns) == before


def test_the_default_bridge_tells_nobody(store: Store) -> None:
    web = place(store, 2, "web", "bridge")
    names.refresh(store, "bridge")
    assert web.read_text() == "127.0.0.1\tlocalhost\n"


def test_a_missing_or_hostile_file_does_not_stop_the_neighbours(store: Store) -> None:
    web, huge, gone = (place(store, number, f"c{number}", "net") for number in (2, 3, 4))
    huge.write_bytes(b"x" * 2_000_000)
    gone.unlink()
    names.refresh(store, "net")
    assert "c3" in web.read_text()
    assert huge.stat().st_size == 2_000_000
