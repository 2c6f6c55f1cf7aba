"""Images whose configuration, root file system or accounts are an attack (gate G3): the host stays as it is.

Each is loaded and run for real. Either a sentence says why it cannot be, or it runs as what is inside it; and it can
be removed.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.security.conftest import make_archive
from tests.support import rootfs
from tests.support.alone import alone
from tests.support.archives import config, docker_archive, member, tar
from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
LIMIT = 120.0  # seconds; a guard against hanging, each takes a tenth of one
SECRET = "the-hosts-own-value"
SHOW = ["/bin/sh", "-c", "pwd; id -u; id -G; env"]
Members = list[tuple[tarfile.TarInfo, bytes]]


@dataclass
class Case:
    """One image; `out` in its texts is the path of the host's folder that it wants to reach.

    `said` is a part of the sentence that refuses it, or "" when it runs; then `seen` is a part of its output.
    """

    defaults: dict[str, object] = field(default_factory=dict)
    members: Callable[[str], Members] = lambda _out: []
    said: str = ""
    seen: str = "\n"


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, kind=tarfile.SYMTYPE, linkname=target)


def folder(name: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, kind=tarfile.DIRTYPE, mode=0o755)


def user(text: str, said: str = "", seen: str = "\n") -> Case:
    return Case({"User": text}, said=said, seen=seen)


def account(*members: tuple[tarfile.TarInfo, bytes], said: str = "", seen: str = "\n") -> Case:
    return Case({"User": "u1"}, lambda _out: [folder("etc"), *members], said, seen)


def leading_out(name: str) -> Case:
    return Case(members=lambda out: [link(name, out)])


NOWHERE = "where nothing can be mounted"
NO_USER = "is not in the image's /etc/passwd, and is not a number up to 2147483647"
NO_GROUP = "is not in the image's /etc/group, and is not a number up to 2147483647"
TOO_LONG = "Argument list too long"
CONFIGURATIONS = {
    "a working directory that links to the host": Case({"WorkingDir": "/w"}, lambda out: [link("w", out)], "/w"),
    "one below such a link": Case({"WorkingDir": "/w/sub"}, lambda out: [link("w", out)], "/w"),
    "one that is a descriptor": Case({"WorkingDir": "/proc/self/fd/3"}, said="cannot change to the working directory"),
    "one that climbs": Case({"WorkingDir": "/../../../opt"}, seen="/opt\n"),
    "one that is relative": Case({"WorkingDir": "a/b"}, seen="/a/b\n"),
    "one that is a file": Case({"WorkingDir": "/etc/passwd"}, said="Not a directory: /etc/passwd"),
    "one that is too long": Case({"WorkingDir": "/" + "d/" * 3000}, said="too long"),
    "a volume that climbs": Case({"Volumes": {"/../../../opt": {}}}),
    "a volume without a path": Case({"Volumes": {"": {}}}, said=NOWHERE),
    "a volume that is the root": Case({"Volumes": {"/": {}}}, said=NOWHERE),
    "a volume that is procfs": Case({"Volumes": {"/proc": {}}}, said=NOWHERE),
    "a volume that is /dev": Case({"Volumes": {"/dev": {}}}, said=NOWHERE),
    "a relative volume": Case({"Volumes": {"data": {}}}, said=NOWHERE),
    "a volume through a link": Case({"Volumes": {"/v/x": {}}}, lambda out: [link("v", out)]),
    "a volume with links in it": Case(
        {"Volumes": {"/v": {}}}, lambda out: [folder("v"), link("v/x", out), link("v/shadow", "/etc/shadow")]
    ),
    "many volumes": Case({"Volumes": {f"/v{number}": {} for number in range(200)}}),
    "a variable without a value": Case({"Env": ["SECRET"]}),
    "all variables": Case({"Env": ["*"]}),
    "a variable without a name": Case({"Env": ["=x"]}),
    "an empty variable": Case({"Env": [""]}),
    "a home with a line of passwd": Case({"Env": ["HOME=/root\nevil::0:0::/:/bin/sh"]}),
    "variables for the loader and the interpreter": Case(
        {"Env": ["PATH=/nowhere", "LD_PRELOAD=/evil.so", "PYTHONPATH=/evil", "PYTHONSTARTUP=/evil"]}, seen="/evil"
    ),
    "a long variable": Case({"Env": ["A=" + "x" * 140_000]}, said=TOO_LONG),
    "megabytes of variables": Case({"Env": [f"A{number}={'x' * 1000}" for number in range(3000)]}, said=TOO_LONG),
    "an empty command": Case({"Cmd": [""]}, said="name a program to run"),
    "no command": Case({"Cmd": None}, said="no command was given"),
    "the interpreter as the program": Case({"Cmd": ["/proc/self/exe"]}, said="was not found"),
    "a long argument": Case({"Cmd": ["/bin/sh", "-c", "true", "x" * 140_000]}, said=TOO_LONG),
    "labels of engines": Case({"Labels": {"io.skiff.id": "x", "com.docker.compose.project": "p", "a\nb": "c\nd"}}),
    "a port that is none": Case({"ExposedPorts": {"99999/tcp": {}, "http": {}, "1-65535/tcp": {}}}),
    "health checks that are none": Case({"Healthcheck": {"Test": "CMD true", "Interval": "5s", "Timeout": 10**30}}),
    "a health check of a negative interval": Case({"Healthcheck": {"Test": ["CMD", "true"], "Interval": -5}}),
    "a stop signal that is none": Case({"StopSignal": "SIGFOO"}),
    "a host name of two lines": Case({"Hostname": "evil\n127.0.0.1 bank", "Domainname": "x"}),
    "values of other types": Case({"Memory": "x", "CpuShares": -4, "Tty": "no", "ArgsEscaped": "yes"}),
}
USERS = {
    "2^31": user("2147483648", NO_USER),
    "2^32": user("4294967296", NO_USER),
    "negative": user("-1", NO_USER),
    "hexadecimal": user("0x0", NO_USER),
    "a blank": user(" 0", NO_USER),
    "a full-width digit": user("１", NO_USER),
    "an underscore": user("1_0", NO_USER),
    "three parts": user("1:2:3", NO_GROUP),
    "a superscript group": user("1000:²", NO_GROUP),
    "a line": user("root\n", NO_USER),
    "long": user("a" * 100_000, NO_USER),
    "climbing": user("../root", NO_USER),
    "the highest": user("2147483647:2147483647", seen="2147483647\n2147483647\n"),
}
ACCOUNTS = {
    "a link out": account(link("etc/passwd", "/../../../../etc/shadow"), said=NO_USER),
    "a link to itself": account(link("etc/passwd", "passwd"), said="Too many levels of symbolic links"),
    "a pipe": account(member("etc/passwd", kind=tarfile.FIFOTYPE, mode=0o644), said="not a regular file"),
    "a pipe of groups": account(member("etc/group", kind=tarfile.FIFOTYPE, mode=0o644), said="not a regular file"),
    "an endless device": account(
        member("etc/passwd", kind=tarfile.CHRTYPE, devmajor=1, devminor=5, mode=0o644), said="cannot read /etc/passwd"
    ),
    "a folder": account(folder("etc/passwd"), said="not a regular file"),
    "huge": account(member("etc/passwd", b"u:x:5:5::/:/bin/sh\n" * 700_000), said="larger than 10485760 bytes"),
    "in too many groups": account(
        member("etc/group", b"".join(b"g%d:x:%d:u1\n" % (number, number) for number in range(70_000))),
        said="more than a process can have",
    ),
    "no text": account(member("etc/passwd", bytes(range(256)) * 10), said=NO_USER),
    "a number that wraps to root": account(
        member("etc/passwd", b"u1:x:4294967296:0::/:/bin/sh\nu1:x:7:7::/:/bin/sh\n"), seen="7\n7"
    ),
}
ROOTS = {
    **{f"/{name} -> host": leading_out(name) for name in ("dev", "etc", "tmp", "run")},
    "/proc -> host": Case(members=lambda out: [link("proc", out)], said="mount /proc: Too many levels"),
    "/sys -> host": Case(members=lambda out: [link("sys", out)], said="mount /sys: Too many levels"),
    "/dev/pts -> host": Case(members=lambda out: [folder("dev"), link("dev/pts", out)]),
    "/dev/shm -> host": Case(members=lambda out: [folder("dev"), link("dev/shm", out)]),
    "/dev/null -> sysctl": Case(
        members=lambda _out: [folder("dev"), link("dev/null", "/proc/sys/kernel/core_pattern")]
    ),
    "/etc/hosts -> host": Case(members=lambda out: [folder("etc"), link("etc/hosts", f"{out}/victim")]),
    "/etc/resolv.conf -> host": Case(members=lambda out: [folder("etc"), link("etc/resolv.conf", f"{out}/victim")]),
    "/etc/hostname -> host": Case(members=lambda out: [folder("etc"), link("etc/hostname", f"{out}/new")]),
    "/etc/mtab -> host": Case(members=lambda out: [folder("etc"), link("etc/mtab", f"{out}/new")]),
    "/.dockerenv -> host": Case(members=lambda out: [link(".dockerenv", f"{out}/new")]),
    "/proc is a file": Case(members=lambda _out: [member("proc", b"x")], said="mount /proc: Not a directory"),
    "/etc is a file": Case(members=lambda _out: [member("etc", b"x")], said="Not a directory"),
    "/dev is a file": Case(members=lambda _out: [member("dev", b"x")], said="mount /dev: Not a directory"),
}
CASES = {
    f"{kind}: {name}": case
    for kind, cases in (("config", CONFIGURATIONS), ("user", USERS), ("accounts", ACCOUNTS), ("root", ROOTS))
    for name, case in cases.items()
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of a root file system."""
    place = tmp_path_factory.mktemp("base")
    return make_archive(place, rootfs.make(place / "bb"))


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Iterator[Skiff]:
    """A host whose commands have something secret in their environment."""
    with alone(tmp_path_factory.mktemp("hostile"), base) as found:
        found.environment.update({"SECRET": SECRET, "AWS_SECRET_ACCESS_KEY": SECRET, "ANSIBLE_BECOME_PASSWORD": SECRET})
        yield found


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    """A folder of the host; nothing may come into it and nothing may be changed there."""
    place = tmp_path / "out"
    place.mkdir(mode=0o700)
    (place / "victim").write_text("precious")
    before = (place.stat(), (place / "victim").stat())
    yield place
    assert os.listdir(place) == ["victim"]
    assert (place / "victim").read_text() == "precious"
    after = (place.stat(), (place / "victim").stat())
    for one, other in zip(before, after):
        assert (one.st_mode, one.st_uid, one.st_gid, one.st_ctime_ns) == (
            other.st_mode,
            other.st_uid,
            other.st_gid,
            other.st_ctime_ns,
        )


@pytest.mark.parametrize("name", CASES)
def test_the_host_stays_as_it_is(host: Skiff, base: Path, out: Path, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    members = case.members(str(out))
    layers = [base.read_bytes(), *([tar(*members)] if members else [])]
    document = config(*layers, config={"Cmd": SHOW, **case.defaults})
    archive = tmp_path / "image.tar"
    archive.write_bytes(docker_archive(["evil:1"], *layers, document=document))
    host.run("load", "-i", str(archive), timeout=LIMIT)
    try:
        result = host.run("run", "--name", "e", "--network=none", "evil:1", check=False, timeout=LIMIT)
        assert SECRET not in result.stdout + result.stderr
        if case.said:
            assert case.said in result.stderr
            assert result.stderr.startswith("skiff: ")
            assert result.returncode in (125, 126, 127)
        else:
            assert (result.returncode, case.seen in result.stdout) == (0, True), result
            host.run("inspect", "e", timeout=LIMIT)
    finally:
        host.run("rm", "-f", "-v", "e", check=False, timeout=LIMIT)
        host.run("rmi", "-f", "evil:1", timeout=LIMIT)
    assert host.states() == {}
