"""ADD of addresses and repositories, and contexts from elsewhere, with servers on loopback."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.build import download
from runtime_lib.build.build import build, fingerprint
from runtime_lib.build.spec import BuildSpec
from runtime_lib.desired.prune import plan
from runtime_lib.errors import CommandFailed, InvalidSpec, SkiffError
from tests.support.builder import Builder
from tests.support.web import Web, git, publish

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
MODIFIED = "Tue, 02 Jan 2024 03:04:05 GMT"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    (tmp_path / "web").mkdir()
    server = Web(tmp_path / "web")
    yield server
    server.close()


@pytest.fixture
def repository(tmp_path: Path, web: Web) -> Path:
    """A repository with two branches, a tag, a folder, and links and hooks that want to lead out."""
    work = tmp_path / "work"
    (work / "sub/deep").mkdir(parents=True)
    git(work, "init", "--quiet")
    (work / "f").write_text("first")
    (work / "sub/deep/g").write_text("g")
    (work / "run").write_text("#!/bin/sh\n")
    (work / "run").chmod(0o755)
    os.symlink("/etc", work / "out")
    (work / "Dockerfile").write_text("FROM base\nCOPY . /ctx/\n")
    git(work, "add", "-A")
    git(work, "commit", "--quiet", "-m", "first")
    git(work, "tag", "v1")
    git(work, "checkout", "--quiet", "-b", "other")
    (work / "f").write_text("other")
    git(work, "commit", "--quiet", "-am", "other")
    git(work, "checkout", "--quiet", "main")
    (work / "f").write_text("second")
    git(work, "commit", "--quiet", "-am", "second")
    publish(work, web.folder / "repo.git")
    return work


def tar(**files: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def test_a_file_of_the_web(builder: Builder, web: Web) -> None:
    web.answers["/a/some%20name.txt"] = (200, {"Last-Modified": MODIFIED, "ETag": '"1"'}, b"content")
    url = f"{web.url}/a/some%20name.txt"
    text = f'FROM base\nARG url\nADD $url /d/\nADD --chown=u1 --chmod=0644 ["{url}?x", "/named"]\n'
    result = builder.build(text, args={"url": url})
    status = builder.status(result, "/d/some name.txt")
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_mtime) == (0o600, 0, 1704164645)
    named = builder.status(result, "/named")
    assert (stat.S_IMODE(named.st_mode), named.st_uid, builder.read(result, "/named")) == (0o644, 1000, "content")
    asked = len(web.asked)
    assert builder.build(text, args={"url": url}).image.id == result.image.id
    assert all(headers["If-None-Match"] == '"1"' for _path, headers in web.asked[asked:])
    web.answers["/a/some%20name.txt"] = (200, {"ETag": '"2"'}, b"new")
    assert fingerprint(builder.store, builder.spec(text, args={"url": url})).changed
    assert builder.read(builder.build(text, args={"url": url}), "/d/some name.txt") == "new"


def test_a_checksum(builder: Builder, web: Web) -> None:
    (web.folder / "f").write_text("content")
    good = hashlib.sha256(b"content").hexdigest()
    text = f"FROM base\nADD --checksum=sha256:{good} {web.url}/f /f\n"
    result = builder.build(text)
    asked = len(web.asked)
    assert builder.build(text).image.id == result.image.id
    assert len(web.asked) == asked  # the content is known
    with pytest.raises(CommandFailed, match="Dockerfile line 2: .*/f has the checksum sha256:.* not sha256:0000"):
        builder.build(f"FROM base\nADD --checksum=sha256:{'0' * 64} {web.url}/f /f\n")


def test_an_archive_is_unpacked_on_demand_only(builder: Builder, web: Web) -> None:
    (web.folder / "a.tar.gz").write_bytes(tar(x__y="in it"))
    result = builder.build(f"FROM base\nADD {web.url}/a.tar.gz /d/\nADD --unpack {web.url}/a.tar.gz /e/\n")
    assert stat.S_ISREG(builder.status(result, "/d/a.tar.gz").st_mode)
    assert builder.read(result, "/e/x/y") == "in it"


def test_several_sources(builder: Builder, web: Web, repository: Path) -> None:
    builder.file("local", "local")
    (web.folder / "f").write_text("web")
    result = builder.build(f"FROM base\nADD local {web.url}/f {web.url}/repo.git#v1:sub /d/\n")
    assert [builder.read(result, f"/d/{name}") for name in ("local", "f", "deep/g")] == ["local", "web", "g"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((404, {}, b""), "the server says 404"),
        ((302, {"Location": "file:///etc/passwd"}, b""), "is not allowed"),
        ((302, {"Location": "ftp://127.0.0.1/x"}, b""), "neither http nor https"),
        ((200, {"Content-Length": "100"}, b"short"), "cannot fetch|of 100 bytes"),
    ],
)
def test_what_cannot_be_fetched(
    builder: Builder, web: Web, answer: tuple[int, dict[str, str], bytes], message: str
) -> None:
    web.answers["/f"] = answer
    with pytest.raises(CommandFailed, match=message) as error:
        builder.build(f"FROM base\nADD {web.url}/f /f\n")
    assert str(error.value).startswith("Dockerfile line 2: ")
    assert "root:" not in str(error.value)


@pytest.mark.parametrize(
    ("ref", "content"),
    [("", "second"), ("#main", "second"), ("#other", "other"), ("#v1", "first"), ("#{commit}", "first")],
)
def test_a_repository(builder: Builder, web: Web, repository: Path, ref: str, content: str) -> None:
    commit = git(repository, "rev-parse", "v1")
    text = f"FROM base\nADD {web.url}/repo.git{ref.format(commit=commit)} /r\n"
    result = builder.build(text)
    assert builder.read(result, "/r/f") == content
    assert stat.S_IMODE(builder.status(result, "/r/run").st_mode) == 0o755
    assert stat.S_ISLNK(builder.status(result, "/r/out").st_mode)
    with pytest.raises(FileNotFoundError):
        builder.status(result, "/r/.git")
    assert builder.build(text).image.id == result.image.id


def test_parts_and_checks_of_a_repository(builder: Builder, web: Web, repository: Path) -> None:
    commit = git(repository, "rev-parse", "v1")
    url = f"{web.url}/repo.git"
    result = builder.build(
        f"FROM base\nADD {url}#v1:sub/deep /a/\nADD --keep-git-dir --checksum={commit} {url}#v1 /b\n"
    )
    assert builder.read(result, "/a/g") == "g"
    assert builder.read(result, "/b/.git/HEAD").startswith(commit)
    for text, message in (
        (f"ADD --checksum={'0' * 40} {url}#v1 /b", f"is at the commit {commit}"),
        (f"ADD {url}#nothere /b", "cannot fetch"),
        (f"ADD {url}#v1:nothere /b", "has no folder nothere"),
        (f"ADD {url}#v1:out /b", "has no folder out|cannot"),
        (f"ADD {url}#--upload-pack=x /b", "is not the name of"),
        (f"ADD {web.url}/nothing.git /b", "cannot fetch"),
    ):
        with pytest.raises(SkiffError, match=message) as error:
            result = builder.build(f"FROM base\n{text}\n")
            assert "passwd" not in os.listdir(builder.context)
            with pytest.raises(FileNotFoundError):
                builder.read(result, "/b/passwd")
            raise InvalidSpec("Dockerfile line 2: cannot, as it is inside")
        assert str(error.value).startswith("Dockerfile line 2: ")


def test_a_hostile_repository(builder: Builder, web: Web, tmp_path: Path) -> None:
    work = tmp_path / "evil"
    work.mkdir()
    git(work, "init", "--quiet")
    (work / ".gitmodules").write_text(f'[submodule "s"]\n\tpath = s\n\turl = ext::sh -c touch% {tmp_path}/owned\n')
    (work / ".gitattributes").write_text("f filter=evil\n")
    (work / "f").write_text("x")
    git(work, "add", "-A")
    git(work, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},s")
    git(work, "commit", "--quiet", "-m", "x")
    publish(work, web.folder / "evil.git")
    with pytest.raises(CommandFailed, match="cannot fetch"):
        builder.build(f"FROM base\nADD {web.url}/evil.git /r\n")
    assert not (tmp_path / "owned").exists()
    for url in ("file:///etc/passwd", f"file://{web.folder}/evil.git", "ext::sh -c id", "ftp://x/y"):
        with pytest.raises(InvalidSpec):
            builder.build(f'FROM base\nADD ["{url}", "/r"]\n')


def test_contexts_from_elsewhere(builder: Builder, web: Web, repository: Path) -> None:
    (web.folder / "ctx.tar.gz").write_bytes(tar(Dockerfile="FROM base\nCOPY f /f\n", f="in the archive"))
    (web.folder / "plain").write_text("FROM base\nRUN echo plain > /f\n")

    def built(path: str, **more: object) -> str:
        result = build(builder.store, BuildSpec(path, names=("made",), network="none", **more))  # type: ignore[arg-type]
        return builder.read(result, "/ctx/f" if "repo" in path else "/f")

    assert built(f"{web.url}/repo.git#other") == "other"
    assert built(f"{web.url}/ctx.tar.gz") == "in the archive"
    assert built(f"{web.url}/plain") == "plain\n"
    assert built("-", stream=io.BytesIO(tar(Dockerfile="FROM base\nCOPY f /f\n", f="stream"))) == "stream"
    assert built("-", stream=io.BytesIO(b"FROM base\nRUN echo text > /f\n")) == "text\n"


def test_a_dockerfile_that_is_a_link_out(builder: Builder, web: Web, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "host").write_text("FROM base\nLABEL secret=1\n")
    (repository / "Dockerfile").unlink()
    os.symlink(tmp_path / "host", repository / "Dockerfile")
    git(repository, "commit", "--quiet", "-am", "link")
    publish(repository, web.folder / "link.git")
    with pytest.raises(SkiffError) as error:
        build(builder.store, BuildSpec(f"{web.url}/link.git", names=("made",)))
    assert "secret" not in str(error.value)


def test_what_was_fetched_is_pruned(builder: Builder, web: Web) -> None:
    (web.folder / "file").write_text("x" * 1000)
    builder.build(f"FROM base\nADD {web.url}/file /f\n")
    (kept,) = download.listing(builder.store)
    assert (kept.url, kept.size) == (f"{web.url}/file", 1000)
    with builder.store.lock("download", kept.name):  # a build uses it
        for step in plan(builder.store, {"builder_cache": {}}):
            step.apply(builder.store)
    assert download.listing(builder.store) == [kept]
    assert plan(builder.store, {"downloads": {"until": ["1h"]}}) == ()
    (step,) = plan(builder.store, {"downloads": {}})
    assert (step.size, step.name) == (1000, kept.url)
    step.apply(builder.store)
    assert download.listing(builder.store) == []
