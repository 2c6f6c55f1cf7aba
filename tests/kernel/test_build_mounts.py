"""RUN --mount, --network and --security on the real kernel, also with sources that want to lead out of their tree."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from runtime_lib.build import cachemounts, secrets
from runtime_lib.build.agent import Forwarder
from runtime_lib.build.build import build, fingerprint
from runtime_lib.build.mount import RunMount
from runtime_lib.build.secrets import Secret
from runtime_lib.errors import Busy, CommandFailed, InvalidSpec
from runtime_lib.images import layers
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.support.builder import Builder
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
SECRET = "s3cr3t-value"


def changes(builder: Builder, result: object) -> list[str]:
    """Return what the top layer of an image holds."""
    folder = layers.folders(builder.store, result.image.layers)[0]  # type: ignore[attr-defined]
    return sorted(os.path.relpath(os.path.join(base, name), folder) for base, a, b in os.walk(folder) for name in a + b)


def test_a_bind_shows_context_stage_and_image(builder: Builder) -> None:
    builder.file("dir/a", "a\n")
    builder.file("dir/no", "no\n")
    builder.file(".dockerignore", "dir/no\n")
    result = builder.build(
        "FROM base AS first\nRUN mkdir /s; echo stage > /s/f\nFROM base\nARG what=dir\nWORKDIR /w\n"
        "RUN --mount=target=/ctx,source=$what --mount=type=bind,from=first,src=/s/f,target=here "
        "--mount=from=base,target=/other/image (ls /ctx; cat /ctx/a here; ls -d /other/image/bin;"
        "touch /ctx/x /other/image/x; echo $?) > /out 2>/err\n"
    )
    assert builder.read(result, "/out") == "a\na\nstage\n/other/image/bin\n1\n"
    assert builder.read(result, "/err").count("Read-only file system") == 2
    assert changes(builder, result) == ["err", "out"]


def test_a_writable_bind_keeps_nothing(builder: Builder) -> None:
    builder.file("dir/a", "a\n")
    result = builder.build(
        "FROM base\nRUN --mount=target=/c,rw --mount=from=base,target=/b,rw "
        "echo new > /c/dir/a; touch /c/new /b/new; cat /c/dir/a > /out; ls /b/new >> /out\nRUN ls / > /all\n"
    )
    assert builder.read(result, "/out") == "new\n/b/new\n"
    assert (builder.context / "dir/a").read_text() == "a\n"
    assert not (builder.context / "new").exists()
    assert not {"b", "c"} & set(builder.read(result, "/all").split())


def test_the_key_of_a_run_has_the_content_of_its_binds(builder: Builder) -> None:
    text = "FROM base\nRUN --mount=target=/c,source=dir cat /c/a > /out\n"
    builder.file("dir/a", "1")
    first = builder.build(text)
    builder.file("elsewhere", "2")
    assert builder.build(text).image.id == first.image.id
    builder.file("dir/a", "2")
    assert fingerprint(builder.store, builder.spec(text)).changed
    assert builder.read(builder.build(text), "/out") == "2"


def test_a_cache_outlives_builds_and_is_in_no_layer(builder: Builder) -> None:
    text = (
        "FROM base\nRUN --mount=type=cache,target=/c/d,id=mine,mode=0700,uid=7 "
        "stat -c '%a %u' /c/d > /out; ls /c/d >> /out; touch /c/d/{}\n"
    )
    assert builder.read(builder.build(text.format("one")), "/out") == "700 7\n"
    second = builder.build(text.format("two"))
    assert builder.read(second, "/out") == "700 7\none\n"
    assert changes(builder, second) == ["out"]
    other = builder.build("FROM base\nRUN --mount=type=cache,target=/c/d ls /c/d > /out\n")
    assert builder.read(other, "/out") == ""
    (found, _other) = sorted(cachemounts.listing(builder.store), key=lambda one: one.ident, reverse=True)
    assert found.ident == "mine"
    with builder.store.lock("build-cache", found.name), pytest.raises(Busy):
        cachemounts.remove(builder.store, found.name)
    cachemounts.remove(builder.store, found.name)
    assert [one.ident for one in cachemounts.listing(builder.store)] == ["/c/d"]


def test_a_cache_starts_with_what_from_names(builder: Builder) -> None:
    text = (
        "FROM base AS first\nRUN mkdir -p /s/sub; echo x > /s/sub/f; chown 5:6 /s/sub\nFROM base\n"
        "RUN --mount=type=cache,target=/c,from=first,source=/s/sub "
        "stat -c '%u %g' /c > /out; cat /c/f >> /out; echo y > /c/f\n"
    )
    assert builder.read(builder.build(text), "/out") == "5 6\nx\n"
    assert builder.read(builder.build(text, nocache=True), "/out") == "5 6\nx\n"  # another first, so another cache


class Background:
    """A build in a thread of its own; its command says "in" and waits for /gate when it is to."""

    def __init__(self, builder: Builder, sharing: str, waits: bool) -> None:
        self.said: list[str] = []
        self.layout = builder.layout
        command = "while [ ! -e /gate ]; do sleep 0.1; done" if waits else "true"
        text = f"FROM base\nRUN --mount=type=cache,target=/c,id=x,sharing={sharing} ls /c; echo in; {command}\n"
        self.spec = builder.spec(text, names=(), output=self.said.append)
        self.thread = threading.Thread(target=self._build, daemon=True)
        self.thread.start()

    def _build(self) -> None:
        store = Store(self.layout)
        build(store, self.spec)
        store.close()

    def until(self, text: str) -> None:
        until(lambda: text in "".join(self.said), 60)


@pytest.mark.parametrize("sharing", ["private", "shared", "locked"])
def test_two_runs_and_one_cache(builder: Builder, sharing: str) -> None:
    one = Background(builder, sharing, True)
    one.until("in\n")
    two = Background(builder, sharing, False)
    if sharing == "locked":
        two.until("Step 2")
        assert two.thread.is_alive()
    else:
        two.thread.join(60)
    assert ("in\n" in "".join(two.said)) is (sharing != "locked")
    _release(builder.layout, builder.store.query("SELECT id FROM containers ORDER BY created LIMIT 1")[0]["id"])
    one.thread.join(60)
    two.until("in\n")
    two.thread.join(60)
    assert [cache.name.partition(".")[2] for cache in cachemounts.listing(builder.store)] == (
        ["", "1"] if sharing == "private" else [""]
    )


def _release(layout: Layout, container: str) -> None:
    state = json.loads(Path(f"{layout.bundle(container)}/state.json").read_text())
    Path(f"/proc/{state['pid']}/root/gate").touch()


def test_a_tmpfs_is_gone_afterwards(builder: Builder) -> None:
    result = builder.build(
        "FROM base\nRUN --mount=type=tmpfs,target=/t/u,size=1m cp /bin/busybox /t/u 2>/err; rm /t/u/*;"
        "echo 'echo ran' > /t/u/x;"
        "chmod +x /t/u/x; (/t/u/x; stat -f -c %T /t/u) > /out\n"
    )
    assert builder.read(result, "/out") == "ran\ntmpfs\n"
    assert changes(builder, result) == ["err", "out"]


def test_a_secret_is_on_no_disk(builder: Builder, tmp_path: Path) -> None:
    text = (
        "FROM base\nRUN --mount=type=secret,id=key --mount=type=secret,id=other,target=/k/o,mode=0440,uid=3,gid=4 "
        "--mount=type=secret,id=none (stat -c '%n %a %u %g' /run/secrets/* /k/o; wc -c < /run/secrets/key) > /out;"
        "grep -q {value} /run/secrets/key; echo again; stat -f -c %T /run/secrets/key >> /out\n"
    ).replace("{value}", SECRET[:4])
    (tmp_path / "file").write_text("from a file")
    given = {"key": Secret("value", SECRET), "other": Secret("file", str(tmp_path / "file"))}
    result = builder.build(text, secrets=given)
    assert builder.read(result, "/out") == f"/run/secrets/key 400 0 0\n/k/o 440 3 4\n{len(SECRET)}\ntmpfs\n"
    assert changes(builder, result) == ["out"]
    assert SECRET not in result.log + str(result.image.config) + repr(given)
    found = subprocess.run(["grep", "-r", "-l", SECRET, builder.layout.root, builder.layout.run], capture_output=True)
    assert found.stdout == b""
    assert not list(Path("/dev/shm").glob(f"skiff-build-{os.getpid()}:*"))
    assert builder.build(text, secrets={}).image.id == result.image.id  # the value is no part of the key


def test_a_secret_as_a_variable(builder: Builder, tmp_path: Path) -> None:
    text = "FROM base\nRUN --mount=type=secret,id=key,env=KEY echo ${#KEY} > /out\n"
    with pytest.raises(InvalidSpec, match="would be written to a disk|line 2"):
        if secrets.in_memory(builder.layout.run):
            raise InvalidSpec("line 2: this run folder is in memory")
        builder.build(text, secrets={"key": Secret("value", SECRET)})
    run = Path(f"/dev/shm/{tmp_path.name}-{os.getpid()}")
    moved = Layout(builder.layout.root, str(run))
    builder.store.close()
    builder.layout, builder.store = moved, Store(moved)
    try:
        result = builder.build(text, secrets={"key": Secret("value", SECRET)})
        assert builder.read(result, "/out") == f"{len(SECRET)}\n"
        assert SECRET not in result.log + str(result.image.config)
        assert subprocess.run(["grep", "-r", "-l", SECRET, builder.layout.root, run]).returncode == 1
    finally:
        subprocess.run(["rm", "-r", run], check=True)


@pytest.mark.parametrize("kind", ["secret,id=key", "ssh,id=key"])
def test_what_is_required(builder: Builder, kind: str) -> None:
    assert builder.build(f"FROM base\nRUN --mount=type={kind} true\n")
    with pytest.raises(InvalidSpec, match="Dockerfile line 2: the .* key is required; give it with --"):
        builder.build(f"FROM base\nRUN --mount=type={kind},required true; false\n")


def test_secrets_of_a_killed_build_are_removed(builder: Builder) -> None:
    builder.file("Dockerfile", "FROM base\nRUN --mount=type=secret,id=PATH echo in; sleep 1000\n")
    program = builder.program(builder.spec((builder.context / "Dockerfile").read_text()))
    assert program.stdout is not None
    for line in program.stdout:
        if line == "in\n":
            break
    left = f"skiff-build-{program.pid}:*"
    places = [builder.layout.run, "/dev/shm", "/run"]
    assert [path for place in places for path in Path(place).glob(left)]
    program.send_signal(signal.SIGKILL)
    program.wait()
    program.stdout.close()
    builder.build("FROM base\nRUN true\n")
    assert not [path for place in places for path in Path(place).glob(left)]


def test_an_agent_is_forwarded(builder: Builder, tmp_path: Path) -> None:
    place = tmp_path / "agent"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        result = builder.build(
            "FROM base\nUSER 1000\nRUN --mount=type=ssh,uid=1000,required=true "
            "(stat -c '%F %a %u' $SSH_AUTH_SOCK; echo $SSH_AUTH_SOCK) > /tmp/out\n",
            ssh={"default": str(place)},
        )
    assert builder.read(result, "/tmp/out").splitlines() == ["socket 600 1000", "/run/buildkit/ssh_agent.0"]
    assert changes(builder, result) == ["tmp", "tmp/out"]


def test_what_is_said_to_an_agent(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(str(tmp_path / "agent"))
        listener.listen()
        with Forwarder(str(tmp_path / "way"), str(tmp_path / "agent"), RunMount("ssh", "", uid=7)):
            assert os.stat(tmp_path / "way").st_uid == 7
            client.connect(str(tmp_path / "way"))
            client.sendall(b"question")
            with listener.accept()[0] as agent:
                assert agent.recv(100) == b"question"
                agent.sendall(b"answer")
                assert client.recv(100) == b"answer"
            assert client.recv(100) == b""


def test_networks_and_rights(builder: Builder) -> None:
    text = (
        "FROM base\nRUN {} ls /sys/class/net | wc -l > /out; grep CapEff /proc/self/status >> /out; "
        "ls -l /proc/self/ns/net > /net\n"
    )
    alone = builder.build(text.format("--network=none"), network="")
    assert builder.read(alone, "/out").startswith("1\n")
    assert builder.build(text.format("--network=default")).image.id  # that of the build
    with pytest.raises(InvalidSpec, match="line 2: RUN --network=host is not allowed"):
        builder.build(text.format("--network=host"))
    with pytest.raises(InvalidSpec, match="line 2: RUN --security=insecure is not allowed"):
        builder.build("FROM base AS unused\n" + text.format("--security=insecure").partition("\n")[2] + "FROM base\n")
    host = builder.build(text.format("--network=host"), allow=("network.host",))
    assert os.readlink("/proc/self/ns/net") in builder.read(host, "/net")
    plain = builder.read(builder.build(text.format("--security=sandbox")), "/out").split()[-1]
    rights = builder.read(builder.build(text.format("--security=insecure"), allow=("security.insecure",)), "/out")
    assert int(rights.split()[-1], 16) > int(plain, 16)


def test_rights_that_a_base_image_leaves(builder: Builder) -> None:
    builder.build("FROM base\nONBUILD RUN --security=insecure true\n", names=("trap",))
    with pytest.raises(InvalidSpec, match="security=insecure is not allowed"):
        builder.build("FROM trap\nRUN true\n")


@pytest.mark.parametrize("source", ["/out", "/up/x", "/out/canary"])
@pytest.mark.parametrize("origin", ["context", "stage"])
@pytest.mark.parametrize("rw", ["ro", "rw"])
def test_links_in_a_source_stay_inside(builder: Builder, tmp_path: Path, source: str, origin: str, rw: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "canary").write_text("host")
    os.symlink(outside, builder.context / "out")
    os.symlink("../" * 20, builder.context / "up")
    builder.file("x", "context")
    stage = "" if origin == "context" else "from=bad,"
    text = (
        f"FROM base AS bad\nCOPY . /\nFROM base\nRUN --mount=target=/m,{stage}source={source},{rw} "
        "cat /m /m/* > /seen 2>/dev/null; echo gone > /m/canary; echo gone > /m; true\n"
    )
    seen = ""
    with suppress(InvalidSpec):
        seen = builder.read(builder.build(text), "/seen")
    assert "host" not in seen
    assert (outside / "canary").read_text() == "host"


@pytest.mark.parametrize("kind", ["id=../../../../{out}", "id={out}", "id=x,source=/../../{out}"])
def test_ids_and_sources_of_caches_stay_inside(builder: Builder, tmp_path: Path, kind: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "canary").write_text("host")
    mount = f"type=cache,{kind.format(out=outside)},target=/c"
    text = f"FROM base\nRUN --mount={mount} ls /c > /seen; rm -rf /c/*; ln -s / /c/up; true\n"
    seen = ""
    with suppress(InvalidSpec):
        seen = builder.read(builder.build(text), "/seen")
    assert seen == ""
    assert (outside / "canary").read_text() == "host"


def test_a_cache_whose_source_is_swapped(builder: Builder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "canary").write_text("host")
    builder.build(f"FROM base\nRUN --mount=type=cache,target=/c,id=x ln -s {outside} /c/link; mkdir /c/real\n")
    with pytest.raises(InvalidSpec, match="is not in the cache"):
        builder.build("FROM base\nRUN --mount=type=cache,target=/c,id=x,source=link rm -rf /c/*\n")
    assert (outside / "canary").read_text() == "host"


@pytest.mark.parametrize(
    "command", ["rm -r /p; ln -s {out} /p", "mv /p /q; ln -s {out} /p", "mv /p/q /r; ln -s {out} /p/q"]
)
def test_mount_points_that_become_links(builder: Builder, tmp_path: Path, command: str) -> None:
    outside = tmp_path / "outside"
    (outside / "q/m").mkdir(parents=True)
    (outside / "m").mkdir()
    builder.build(
        f"FROM base\nRUN --mount=type=tmpfs,target=/p/q/m umount /p/q/m; {command.format(out=outside)}; true\n"
    )
    assert (outside / "q/m").is_dir()
    assert (outside / "m").is_dir()


def test_mount_points_behind_links_of_the_image(builder: Builder) -> None:
    result = builder.build(
        "FROM base\nRUN mkdir /real; ln -s /real /link; ln -s nowhere/deep /dangling\n"
        "RUN --mount=type=tmpfs,target=/link/a --mount=type=tmpfs,target=/dangling/b --mount=type=tmpfs,target=/var/new"
        " --mount=from=base,source=/etc/passwd,target=/link/file touch /made\n"
    )
    assert changes(builder, result) == ["made"]


def test_a_run_that_fails_lets_its_mounts_go(builder: Builder) -> None:
    with pytest.raises(CommandFailed):
        builder.build(
            "FROM base\nRUN --mount=type=secret,id=key --mount=type=cache,target=/c,sharing=locked false\n",
            secrets={"key": Secret("value", SECRET)},
        )
    assert builder.build("FROM base\nRUN --mount=type=cache,target=/c,sharing=locked true\n")
