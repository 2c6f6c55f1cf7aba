"""Builds on the real kernel: what a RUN sees and leaves, the cache, hostile contexts, failures and kills."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import tarfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest

from runtime_lib.build.build import build, fingerprint
from runtime_lib.build.spec import BuildSpec
from runtime_lib.errors import CommandFailed, CorruptData, ImageNotFound, InvalidSpec, NotFound, SkiffError
from runtime_lib.images import catalog, layers
from tests.support.builder import Builder

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def test_a_run_is_a_container(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_SECRET", "do-not-leak")
    result = builder.build(
        "FROM base\nENV a=1\nARG b\nUSER u1\nWORKDIR /w\nUSER 0\n"
        "RUN env | sort > /env; id > /id; pwd > /pwd; cat /proc/*/environ /proc/*/cmdline > /all 2>/dev/null;"
        "grep Cap /proc/self/status > /caps; ls /sys/class/net > /net\n",
        args={"b": "2", "http_proxy": "http://proxy", "unused": "x"},
    )
    environment = builder.read(result, "/env").split()
    assert {"a=1", "b=2", "http_proxy=http://proxy"} < set(environment)
    assert builder.read(result, "/pwd") == "/w\n"
    assert builder.read(result, "/id").startswith("uid=0")
    assert builder.read(result, "/net") == "lo\n"
    assert "do-not-leak" not in builder.read(result, "/all")
    assert "CapInh:\t0000000000000000" in builder.read(result, "/caps")
    assert "http_proxy" not in str(result.image.config)
    assert "unused" in result.log


def test_output_comes_while_it_runs(builder: Builder) -> None:
    seen: list[str] = []
    first = threading.Event()

    def output(text: str) -> None:
        seen.append(text)
        if text == "first\n":
            first.set()

    text = "FROM base\nRUN echo first; while [ ! -e /gate ]; do sleep 0.1; done; echo second >&2; printf last\n"
    thread = threading.Thread(target=builder.build, args=(text,), kwargs={"output": output})
    thread.start()
    assert first.wait(120)
    container = builder.store.query("SELECT id FROM containers")[0]["id"]
    state = json.loads(Path(f"{builder.layout.bundle(container)}/state.json").read_text())
    Path(f"/proc/{state['pid']}/root/gate").touch()
    thread.join(120)
    assert "second\n" in "".join(seen)
    assert "last" in "".join(seen[2:])


def test_a_run_leaves_nothing_of_the_runtime(builder: Builder) -> None:
    result = builder.build("FROM base\nRUN true\nRUN echo mine > /etc/hosts.mine; rm -r /home\n")
    assert [step.cached for step in result.steps] == [True, False, False]
    assert len(result.image.layers) == 2
    assert [entry.get("empty_layer", False) for entry in result.image.config["history"][1:]] == [True, False]
    (folder, _) = layers.folders(builder.store, result.image.layers)
    found = sorted(
        os.path.relpath(os.path.join(base, name), folder) for base, a, b in os.walk(folder) for name in a + b
    )
    assert found == ["etc", "etc/hosts.mine", "home"]


def relink(path: Path) -> None:
    path.unlink()
    path.symlink_to("elsewhere")


def test_the_same_inputs_are_not_built_again(builder: Builder) -> None:
    text = "FROM base\nRUN head -c 16 /dev/urandom > /random\nCOPY data /data/\nLABEL a=b\n"
    builder.file("data/x", "1")
    builder.file("data/y", "2")
    assert (
        fingerprint(builder.store, builder.spec(text)).missing
        == "Dockerfile line 2: RUN head -c 16 /dev/urandom > /random"
    )
    first = builder.build(text)
    assert first.changed
    os.utime(builder.context / "data/x", (1, 1))
    builder.file("data/.other", "").unlink()
    assert fingerprint(builder.store, builder.spec(text)).changed is False
    second = builder.build(text)
    assert (second.image.id, second.changed, [step.cached for step in second.steps]) == (
        first.image.id,
        False,
        [True] * 4,
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b.file("data/x", "other"),
        lambda b: b.file("data/new", ""),
        lambda b: (b.context / "data/x").chmod(0o600),
        lambda b: (b.context / "data/x").unlink(),
        lambda b: (b.context / "data/x").rename(b.context / "data/z"),
        lambda b: relink(b.context / "data/link"),
    ],
    ids=["content", "new", "mode", "gone", "name", "link"],
)
def test_a_changed_context_is_copied_again(builder: Builder, change: Callable[[Builder], object]) -> None:
    builder.file("data/x", "1")
    os.symlink("somewhere", builder.context / "data/link")
    text = "FROM base\nRUN head -c 16 /dev/urandom > /random\nCOPY data /data/\n"
    first = builder.build(text)
    change(builder)
    assert fingerprint(builder.store, builder.spec(text)).missing == "Dockerfile line 3: COPY data /data/"
    second = builder.build(text)
    assert [step.cached for step in second.steps] == [True, True, False]
    assert builder.read(first, "/random") == builder.read(second, "/random")


@pytest.mark.parametrize(
    ("before", "after", "again"),
    [
        ("ENV a=1\nRUN echo $a", "ENV a=2\nRUN echo $a", True),
        ("ARG a=1\nRUN echo $a", "ARG a=2\nRUN echo $a", True),
        ("USER 0\nRUN id", "USER 1\nRUN id", True),
        ('SHELL ["/bin/sh", "-c"]\nRUN id', 'SHELL ["/bin/sh", "-ec"]\nRUN id', True),
        ("WORKDIR /a\nRUN id", "WORKDIR /b\nRUN id", True),
        ("VOLUME /a\nRUN id", "VOLUME /b\nRUN id", False),
        ("LABEL a=1\nRUN id", "LABEL a=2\nRUN id", False),
        ("RUN id\nCMD a", "RUN id\nCMD b", False),
        ("RUN id\nHEALTHCHECK CMD a", "RUN id\nHEALTHCHECK CMD b", False),
    ],
)
def test_what_a_run_depends_on(builder: Builder, before: str, after: str, again: bool) -> None:
    first = builder.build(f"FROM base\n{before}\n")
    second = builder.build(f"FROM base\n{after}\n")
    assert (second.steps[-1].cached and second.steps[-2].cached) is not again
    assert first.image.id != second.image.id


def test_another_base_or_nocache_builds_again(builder: Builder) -> None:
    text = "FROM base\nRUN head -c 16 /dev/urandom > /random\n"
    first = builder.build(text)
    assert builder.build(text, nocache=True).image.id != first.image.id
    builder.build("FROM base\nRUN touch /other\n", names=("base",))
    assert [step.cached for step in builder.build(text).steps] == [True, False]


def test_only_needed_stages_are_built(builder: Builder) -> None:
    text = (
        "FROM base AS unused\nRUN false\nFROM base AS maker\nRUN echo made > /made\n"
        "FROM base AS middle\nCOPY --from=maker /made /a\nFROM middle\nCOPY --from=1 /made /b\n"
    )
    result = builder.build(text)
    assert builder.read(result, "/a") == builder.read(result, "/b") == "made\n"
    assert builder.build(text).changed is False
    assert builder.build(text, target="maker", names=("maker",)).steps[-1].text == "RUN echo made > /made"
    with pytest.raises(CommandFailed):
        builder.build(text, target="unused")


def test_a_failing_run_changes_nothing_and_keeps_the_steps_before(builder: Builder) -> None:
    first = builder.build("FROM base\nLABEL a=1\n")
    with pytest.raises(CommandFailed) as error:
        builder.build("FROM base\nRUN head -c 16 /dev/urandom > /random\nRUN echo oops >&2; exit 42\n")
    assert error.value.exit_code == 42
    assert str(error.value).startswith("Dockerfile line 3: the command '/bin/sh -c echo oops")
    assert "oops" in str(error.value)
    assert catalog.find(builder.store, "made").id == first.image.id
    fixed = builder.build("FROM base\nRUN head -c 16 /dev/urandom > /random\nRUN true\n")
    assert [step.cached for step in fixed.steps] == [True, True, False]
    assert builder.counted()[0] == 0


def test_a_program_that_is_not_there(builder: Builder) -> None:
    with pytest.raises(CommandFailed) as error:
        builder.build('FROM base\nRUN ["nothere"]\n')
    assert error.value.exit_code == 127


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("FROM nothere\n", ImageNotFound, "Dockerfile line 1: image 'nothere' is not on this host"),
        (
            "FROM base\nRUN touch /x\nCOPY nothere /x\n",
            InvalidSpec,
            "Dockerfile line 3: nothere is not in the build context",
        ),
        ("FROM base\nCOPY a a /x\n", InvalidSpec, "Dockerfile line 2: the destination '/x' of several sources"),
        ("FROM base\nCOPY --chown=nobodyhere a /x\n", InvalidSpec, "nobodyhere"),
        ("FROM base\nCOPY a /bin\nCOPY a /etc/passwd/x\n", InvalidSpec, "/etc/passwd is a file"),
        ("FROM base\nCOPY --from=later a /x\nFROM base AS later\n", ImageNotFound, "line 2: image 'later'"),
        ("FROM scratch\nRUN x\n", InvalidSpec, "RUN has no program"),
        ("FROM base\nRUN true\nRUN --mount=type=cache x\n", InvalidSpec, "line 3: --mount=type=cache: target='' is no"),
    ],
)
def test_wrong_input_names_its_line(builder: Builder, text: str, kind: type[SkiffError], message: str) -> None:
    builder.file("a", "")
    with pytest.raises(kind) as error:
        builder.build(text, target="0" if "later" in text else "")
    assert message in str(error.value)
    assert catalog.resolve(builder.store, "made") is None


def test_a_missing_context(builder: Builder) -> None:
    with pytest.raises(NotFound, match="does not exist"):
        build(builder.store, BuildSpec(str(builder.context / "no")))
    with pytest.raises(NotFound, match="there is no file Dockerfile"):
        build(builder.store, BuildSpec(str(builder.context)))
    builder.file("file", "")
    with pytest.raises(InvalidSpec, match="cannot read the build context"):
        build(builder.store, BuildSpec(str(builder.context / "file")))


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    path = tmp_path / "canary"
    path.write_text("secret of the host")
    return path


def test_nothing_outside_the_context_is_read(builder: Builder, canary: Path) -> None:
    os.symlink(canary, builder.context / "absolute")
    os.symlink("../canary", builder.context / "relative")
    os.symlink("..", builder.context / "up")
    os.symlink("/proc/self/root" + str(canary), builder.context / "magic")
    for source in ("absolute", "relative", "up/canary", "magic"):
        with pytest.raises(SkiffError) as error:
            builder.build(f"FROM base\nCOPY {source} /x\n")
        assert "secret" not in str(error.value)
    builder.file("Dockerfile", "")
    (builder.context / "Dockerfile").unlink()
    os.symlink(canary, builder.context / "Dockerfile")
    with pytest.raises(SkiffError) as error:
        build(builder.store, BuildSpec(str(builder.context)))
    assert "secret" not in str(error.value)
    with pytest.raises(SkiffError):
        build(builder.store, BuildSpec(str(builder.context), "../canary"))


def test_links_in_the_base_stay_inside(builder: Builder, canary: Path) -> None:
    builder.file("data", "new")
    target = str(canary.parent)
    result = builder.build(
        f"FROM base\nRUN ln -s {target} /out; ln -s /../../../../../..{target}/canary /up; ln -s /var/real /var/link\n"
        "COPY data /out/canary\nCOPY data /up\nCOPY data /var/link/deep/data\nADD data /out/more/\n"
    )
    assert canary.read_text() == "secret of the host"
    assert not (canary.parent / "more").exists()
    assert builder.read(result, f"{target}/canary") == "new"
    assert builder.read(result, "/var/real/deep/data") == "new"


def test_a_hostile_archive_stays_inside(builder: Builder, canary: Path) -> None:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind, link in (("out", tarfile.SYMTYPE, str(canary.parent)), ("up", tarfile.SYMTYPE, "../" * 20)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, link
            archive.addfile(member)
        for name in ("out/canary", "up/tmp/canary", "plain"):
            member = tarfile.TarInfo(name)
            member.size = 3
            archive.addfile(member, BytesIO(b"bad"))
    (builder.context / "a.tar").write_bytes(buffer.getvalue())
    with suppress(CorruptData):  # a link into nowhere is no folder
        builder.build("FROM base\nADD a.tar /t/\n")
    assert canary.read_text() == "secret of the host"


def test_ignored_files_do_not_exist_for_a_copy(builder: Builder) -> None:
    builder.file("secret", "s")
    os.symlink("secret", builder.context / "link")
    builder.file(".dockerignore", "secret\n")
    for source in ("secret", "link"):
        with pytest.raises(InvalidSpec):
            builder.build(f"FROM base\nCOPY {source} /x\n")
    result = builder.build("FROM base\nCOPY . /x/\nCOPY s* /x/\n")
    with pytest.raises(FileNotFoundError):
        builder.status(result, "/x/secret")


def test_modes_and_owners(builder: Builder) -> None:
    builder.file("suid", "", 0o4755)
    os.setxattr(
        builder.file("capable", "", 0o755),
        "security.capability",
        bytes.fromhex("0100000200200000000000000000000000000000"),
    )
    result = builder.build("FROM base\nCOPY --chown=u1:extra suid capable /x/\nCOPY --chmod=0640 suid /y\n")
    suid, shown = builder.status(result, "/x/suid"), builder.status(result, "/y")
    assert (stat.S_IMODE(suid.st_mode), suid.st_uid, suid.st_gid) == (0o4755, 1000, 4242)
    assert (stat.S_IMODE(shown.st_mode), shown.st_uid) == (0o640, 0)


def test_documents(builder: Builder) -> None:
    result = builder.build("FROM base\nENV v=1\nCOPY <<a /x\n$v\na\nCOPY <<'b' /d/\n$v\nb\nRUN <<E\necho $v > /r\nE\n")
    assert [builder.read(result, path) for path in ("/x", "/d/b", "/r")] == ["1\n", "$v\n", "1\n"]


def test_a_killed_build_is_cleared_away_by_the_next(builder: Builder) -> None:
    spec = builder.spec("FROM base\nRUN echo started; sleep 1000\n")
    process = builder.program(spec)
    assert process.stdout
    while process.stdout.readline() != "started\n":
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    process.stdout.close()
    assert builder.counted()[:2] == (1, 2)
    builder.build("FROM base\nLABEL a=1\n")
    assert builder.counted() == (0, 2, [])


def test_two_builds_at_once(builder: Builder) -> None:
    text = "FROM base\nRUN head -c 100000 /dev/urandom > /random\nCOPY Dockerfile /\nRUN ls / > /list\n"
    spec = builder.spec(text)
    programs = [builder.program(spec) for _ in range(3)]
    assert [process.wait(120) for process in programs] == [0, 0, 0]
    for process in programs:
        assert process.stdout
        assert "Successfully built" in process.stdout.read()
        process.stdout.close()
    assert builder.counted()[0] == 0
    assert all(step.cached for step in builder.build(text).steps)


def test_a_full_build_from_an_empty_image(builder: Builder) -> None:
    shutil.copy("/bin/busybox", builder.context / "busybox")
    result = builder.build(
        'FROM scratch\nCOPY busybox /bin/sh\nRUN ["/bin/sh", "-c", "echo x > /y"]\nCMD ["/bin/sh"]\n'
    )
    assert builder.read(result, "/y") == "x\n"
    assert sorted(os.listdir(layers.folders(builder.store, result.image.layers)[0])) == ["y"]
    assert time.time_ns() - result.image.created < 600 * 10**9


@pytest.mark.parametrize("text", ["FROM base\nRUN echo 1 > /f\nCOPY src /c\n", "FROM base\nWORKDIR /w\nENV a=1\n"])
def test_one_time_for_everything(builder: Builder, text: str) -> None:
    builder.file("src/a", "a")
    made = []
    for label in ("1", "2"):
        spec = builder.spec(
            text, args={"SOURCE_DATE_EPOCH": "1700000000"}, nocache=True, labels={"x": "y"}, names=(label,)
        )
        made.append(build(builder.store, spec).image)
    assert made[0].id == made[1].id
    document = made[0].config
    assert document["created"] == "2023-11-14T22:13:20Z"
    own = document["history"][len(catalog.find(builder.store, "base").config["history"]) :]
    assert {entry["created"] for entry in own} == {"2023-11-14T22:13:20Z"}
    layer = layers.find(builder.store, made[0].layers[-1])
    assert layer
    tree = f"{builder.layout.layers}/{layer.folder}"
    assert all(
        os.lstat(os.path.join(top, name)).st_mtime <= 1700000000
        for top, *names in os.walk(tree)
        for name in sum(names, [])
    )


def test_another_platform(builder: Builder) -> None:
    made = builder.build(
        "FROM scratch\nARG TARGETARCH\nLABEL a=$TARGETARCH\nCOPY Dockerfile /\n", platform="linux/s390x"
    )
    assert (made.image.config["architecture"], made.image.defaults["Labels"]) == ("s390x", {"a": "s390x"})
    with pytest.raises(InvalidSpec, match=r"image 'base' on this host is for linux/.*, not for linux/s390x; pull"):
        builder.build("FROM --platform=linux/s390x base\n")
    builder.build(
        "FROM --platform=$BUILDPLATFORM base AS b\nRUN echo 1 > /f\nFROM scratch\nCOPY --from=b /f /\n",
        platform="s390x",
    )
    with pytest.raises(InvalidSpec, match="RUN needs a program for s390x"):
        builder.build("FROM made\nRUN echo\n")


def test_stages_without_the_cache(builder: Builder) -> None:
    text = "FROM base AS a\nRUN echo 1 > /f\nFROM base AS b\nCOPY --from=a /f /f\nRUN echo 2 > /g\n"
    builder.build(text)
    done = {step.text: step.cached for step in builder.build(text, nocache_filter=("b",)).steps}
    assert (done["RUN echo 1 > /f"], done["RUN echo 2 > /g"]) == (True, False)
    with pytest.raises(InvalidSpec, match="no stage of the Dockerfile"):
        builder.build(text, nocache_filter=("c",))


def test_checks_warn(builder: Builder) -> None:
    text = "FROM base as a\nENV a b\nCMD x\nCMD y\n"
    log = builder.build(text).log
    for line in (
        "[Warning] FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)",
        '[Warning] LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key value"',
        "[Warning] JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior",
        "[Warning] MultipleInstructionsDisallowed: Multiple CMD instructions",
    ):
        assert line in log
    assert "[Warning]" not in builder.build(f"# check=skip=all\n{text}").log
    with pytest.raises(InvalidSpec, match="check=error=true: FromAsCasing"):
        builder.build(f"# check=error=true\n{text}")
