"""What users and files get wrong: one sentence that names the thing, Docker's exit code, and nothing half-made."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support import rootfs
from tests.support.skiff import Skiff

SLEEP = ("busybox", "sleep", "1000")
PASSWD_FIFO = "cannot read /etc/passwd"


def refused(result: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """The call ended with this code, and said one sentence with these words."""
    assert result.returncode == code, result.stderr
    assert result.stderr.startswith("skiff: ")
    assert result.stderr.count("\n") == 1, result.stderr
    assert all(character.isprintable() for character in result.stderr[:-1])
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--nonsense",), "--nonsense"),
        (("-m", "lots"), "lots"),
        (("-m", "1k"), "6 MiB"),
        (("--cpus", "x"), "cpus"),
        (("-p", "99999:80"), "99999:80"),
        (("-p", "80:80/xyz"), "tcp, udp or sctp"),
        (("-v", "/a:b"), "absolute path"),
        (("-v", "/a:/b:zz"), "zz"),
        (("--mount", "type=foo,target=/x"), "bind, volume, image, tmpfs"),
        (("--mount", "type=bind,source=/nowhere,target=/x"), "/nowhere"),
        (("--user", "stranger"), "stranger"),
        (("-w", "relative"), "relative"),
        (("-e", "=x"), "=x"),
        (("--name", "a b"), "a b"),
        (("--restart", "sometimes"), "on-failure"),
        (("--network", "nowhere"), "nowhere"),
        (("--network", "container:nobody"), "nobody"),
        (("--ip", "203.0.113.1"), "203.0.113.1"),
        (("--cap-add", "EVERYTHING"), "EVERYTHING"),
        (("--device", "/dev/nothing"), "/dev/nothing"),
        (("--ulimit", "foo=1"), "nofile"),
        (("--sysctl", "kernel.panic=1"), "kernel.panic"),
        (("--stop-signal", "NOISE"), "NOISE"),
        (("--log-opt", "max-size=x"), "max-size"),
        (("--env-file", "/nowhere"), "/nowhere"),
    ],
)
def test_values_of_options(shared: Skiff, words: tuple[str, ...], named: str) -> None:
    refused(shared.run("run", "--rm", *words, "busybox", "true", check=False), 125, named)


@pytest.mark.parametrize("image", ["missing", "busybox:missing", "UPPER", "with\nnewline", "with\x1bescape"])
def test_missing_images(shared: Skiff, image: str) -> None:
    refused(shared.run("run", "--rm", "--pull", "never", image, "true", check=False), 125, "image")


@pytest.mark.parametrize(
    ("program", "code"), [("/missing", 127), ("missing", 127), ("/etc/passwd", 126), ("/etc", 126)]
)
def test_programs_that_cannot_run(shared: Skiff, program: str, code: int) -> None:
    refused(shared.run("run", "--rm", "--network", "none", "busybox", program, check=False), code, program)


@pytest.mark.parametrize("name", ["X Y", "new\nline", "esc\x1bape", "a" * 300])
def test_names_for_images(shared: Skiff, archive: Path, name: str) -> None:
    refused(shared.run("tag", "busybox", name, check=False), 1, "image name")
    refused(shared.run("import", str(archive), name, check=False), 1, "image name")


@pytest.mark.parametrize("verb", ["start", "stop", "rm", "kill", "logs", "wait", "top", "pause", "attach", "restart"])
def test_missing_containers(shared: Skiff, verb: str) -> None:
    refused(shared.run(verb, "nobody", check=False), 1, "nobody")


def test_names_ports_and_subnets_that_are_taken(skiff: Skiff) -> None:
    skiff.run("run", "-d", "--name", "web", "-p", "127.0.0.1:18100:80", *SLEEP)
    refused(skiff.run("create", "--name", "web", *SLEEP, check=False), 1, "'web' belongs to container")
    taken = skiff.run("run", "--rm", "-p", "18100:80", *SLEEP, check=False)
    refused(taken, 125, "18100", "taken by container web")
    with socket.create_server(("127.0.0.1", 18101)):
        taken = skiff.run("run", "--rm", "-p", "18101:80", *SLEEP, check=False)
    refused(taken, 125, "18101", "process of the host")
    skiff.run("network", "create", "--subnet", "10.123.0.0/24", "one")
    refused(skiff.run("network", "create", "one", check=False), 1, "one")
    refused(skiff.run("network", "create", "--subnet", "10.123.0.0/25", "two", check=False), 1, "network one")
    far = skiff.run("run", "--rm", "--network", "one", "--ip", "10.124.0.9", *SLEEP, check=False)
    refused(far, 125, "10.124.0.9", "10.123.0.0/24")
    gateway = skiff.run("run", "--rm", "--network", "one", "--ip", "10.123.0.1", *SLEEP, check=False)
    refused(gateway, 125, "10.123.0.1")
    assert skiff.states() == {"web": "running"}


def test_a_host_without_pyroute2(skiff: Skiff) -> None:
    words = ("run", "--rm", "busybox", "true")
    refused(skiff.run(*words, before="sys.modules['pyroute2'] = None", check=False), 125, "python3-pyroute2")
    assert skiff.states() == {}
    skiff.run("run", "--rm", "--network", "none", "busybox", "true", before="sys.modules['pyroute2'] = None")


def test_a_host_without_nft(skiff: Skiff) -> None:
    lacking = "import os; given = os.access; os.access = lambda path, *rest: 'nft' not in path and given(path, *rest)"
    refused(skiff.run("run", "--rm", "busybox", "true", before=lacking, check=False), 125, "package nftables")
    assert skiff.states() == {}


def test_a_kernel_without_overlayfs(skiff: Skiff) -> None:
    trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsopen", "-e", "inject=fsopen:error=ENODEV"]
    words = skiff.command("run", "--rm", "--network", "none", "busybox", "true")
    result = subprocess.run([*trace, *words], env=skiff.environment, text=True, capture_output=True, check=False)
    refused(result, 125, "modprobe overlay")
    assert skiff.states() == {}


def test_kernels_before_6_5(skiff: Skiff) -> None:
    trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsconfig"]
    # The first layer, and the question what the kernel knows: Linux < 6.7 has no `lowerdir+`.
    inject = ["-e", "inject=fsconfig:error=EINVAL:when=2..4+2"]
    words = skiff.command("create", "-v", "programs:/bin", *SLEEP)
    subprocess.run([*trace, *inject, *words], env=skiff.environment, check=True)
    assert os.path.lexists(f"{skiff.layout.volume('programs')}/_data/sh")
    skiff.run("rm", skiff.run("ps", "-aq").stdout.strip())
    skiff.run("volume", "rm", "programs")


def test_somebody_who_is_not_root(skiff: Skiff, tmp_path: Path) -> None:
    for root in (skiff.root, str(tmp_path / "other")):
        stranger = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from runtime_lib.cli.main import console; console()"
        words = [os.path.realpath(sys.executable), "-ISB", "-c", code, str(Path(__file__).parents[2]), "ps"]
        environment = {**skiff.environment, "SKIFF_ROOT": root}
        result = subprocess.run([*stranger, *words], env=environment, text=True, capture_output=True, check=False)
        refused(result, 1, "root")


def test_damaged_archives(skiff: Skiff, archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    cases = {
        "empty.tar": b"",
        "cut.tar": whole[: len(whole) // 2],
        "words.tar": b"no archive at all, but long enough to be taken for one\n" * 40,
    }
    before = sorted(os.listdir(skiff.layout.layers))
    for name, content in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        refused(skiff.run("import", str(path), "damaged", check=False), 1, name)
        refused(skiff.run("load", "-i", str(path), check=False), 1, name)
    refused(skiff.run("load", "-i", str(archive), check=False), 1, "import")
    refused(skiff.run("load", "-i", "/nowhere.tar", check=False), 1, "/nowhere.tar")
    assert sorted(os.listdir(skiff.layout.layers)) == before
    assert skiff.run("images", "--format", "{{.Repository}}").stdout == "busybox\n"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("FROM busybox\nFOO bar\n", 1, ("line 2", "FOO")),
        ("FROM busybox\nRUN exit 7\n", 7, ("line 2", "code 7")),
        ('FROM busybox\nRUN ["/missing"]\n', 127, ("line 2", "/missing")),
        ("FROM busybox\nCOPY missing /x\n", 1, ("line 2", "missing")),
        ("FROM missing\n", 1, ("line 1", "missing")),
        ("RUN true\n", 1, ("line 1", "FROM")),
        ("", 1, ("FROM",)),
    ],
)
def test_dockerfiles(shared: Skiff, tmp_path: Path, text: str, code: int, words: tuple[str, ...]) -> None:
    (tmp_path / "Dockerfile").write_text(text)
    refused(shared.run("build", "--network", "none", str(tmp_path), check=False), code, *words)


def test_an_image_whose_passwd_is_a_fifo(skiff: Skiff, tmp_path: Path) -> None:
    tree = rootfs.make(tmp_path / "rootfs")
    (tree / "etc" / "passwd").unlink()
    os.mkfifo(tree / "etc" / "passwd")
    subprocess.run(["tar", "-C", tree, "-cf", tmp_path / "fifo.tar", "."], check=True)
    skiff.run("import", str(tmp_path / "fifo.tar"), "fifo")
    result = skiff.run("run", "--rm", "--network", "none", "fifo", "true", check=False, timeout=120)
    refused(result, 125, "/etc/passwd")
    assert skiff.states() == {}


def test_a_damaged_database(skiff: Skiff) -> None:
    skiff.run("run", "-d", "--name", "web", "--network", "none", *SLEEP)
    database = Path(skiff.layout.database)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = database.read_bytes()
    for damaged in (os.urandom(20000), whole[:8192] + bytes(byte ^ 0x55 for byte in whole[8192:])):
        database.write_bytes(damaged)
        for words in (("ps",), ("images",), ("rm", "-f", "web"), ("run", "--rm", "busybox", "true")):
            refused(skiff.run(*words, check=False), 125 if words[0] == "run" else 1, skiff.layout.database)
    database.write_bytes(whole)
    assert skiff.states() == {"web": "running"}
