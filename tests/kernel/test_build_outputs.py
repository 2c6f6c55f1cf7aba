"""Where the outcome of a build goes, contexts with names, and limits of RUN."""

from __future__ import annotations

import io
import json
import os
import stat
import tarfile
from pathlib import Path

import pytest

from runtime_lib.build.outputs import Output, parse
from runtime_lib.containers.parts import Ulimit
from runtime_lib.errors import CommandFailed, InvalidSpec
from runtime_lib.images import archive, catalog
from tests.support.builder import Builder

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
SOME = """FROM base AS b
RUN mkdir /d; echo x > /d/f; chown 5:6 /d/f; chmod 4750 /d/f; ln -s /etc /d/out; mknod /d/n c 1 3
"""


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("/a", Output("local", "/a")),
        ("-", Output("tar", "-")),
        ("type=oci,dest=/a", Output("oci", "/a")),
        ("type=oci,dest=/a,tar=false", Output("oci", "/a", unpacked=True)),
        ("type=docker", Output("docker")),
        ('type=image,"name=a,b",push=true', Output("image", names=("a", "b"), push=True)),
        ("type=registry,name=a", Output("image", names=("a",), push=True)),
    ],
)
def test_outputs(text: str, output: Output) -> None:
    assert parse(text) == output


@pytest.mark.parametrize("text", ["type=odd", "type=tar", "type=local,dest=-", "type=image,dest=/x", "type=oci,x=1"])
def test_wrong_outputs(text: str) -> None:
    with pytest.raises(InvalidSpec, match="output"):
        parse(text)


def test_archives(builder: Builder, tmp_path: Path) -> None:
    outputs = (
        Output("docker", f"{tmp_path}/docker.tar"),
        Output("oci", f"{tmp_path}/oci.tar"),
        Output("oci", f"{tmp_path}/layout", unpacked=True),
        Output("tar", f"{tmp_path}/files.tar"),
    )
    result = builder.build(SOME, names=("site:1",), outputs=outputs)
    assert catalog.resolve(builder.store, "site:1") is None  # it was to go elsewhere
    for name in ("docker.tar", "oci.tar", "layout"):
        assert archive.sources(builder.store, f"{tmp_path}/{name}") == [(result.image.id, ("site:1",))]
    with tarfile.open(tmp_path / "files.tar") as found:
        member = found.getmember("d/f")
        assert (member.uid, member.gid, member.mode) == (5, 6, 0o4750)
    assert not list(tmp_path.glob(".skiff-*"))
    builder.build(SOME, names=("site:1",), outputs=(*outputs, Output("image", names=("other",))))
    assert catalog.find(builder.store, "other").id == catalog.find(builder.store, "site:1").id == result.image.id


def test_a_folder_gets_nothing_dangerous(builder: Builder, tmp_path: Path) -> None:
    target = tmp_path / "target"
    (target / "d").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    os.symlink(tmp_path / "outside", target / "bin")
    (target / "d/kept").write_text("kept")
    builder.build(SOME, outputs=(Output("local", str(target)),))
    status = (target / "d/f").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, (target / "d/f").read_text()) == (0o750, 5, "x\n")
    assert os.readlink(target / "d/out") == "/etc"
    assert not (target / "d/n").exists()
    assert (target / "d/kept").read_text() == "kept"
    assert os.listdir(tmp_path / "outside") == []
    assert not (target / "bin").is_symlink()


def test_a_failing_build_writes_nothing(builder: Builder, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed):
        builder.build("FROM base\nRUN false\n", outputs=(Output("tar", f"{tmp_path}/x.tar"),))
    assert not (tmp_path / "x.tar").exists()


def test_outputs_that_cannot_be_written(builder: Builder, tmp_path: Path) -> None:
    os.mknod(tmp_path / "device", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    for text in ("type=tar,dest={}/device", "type=docker,dest={}/no/x.tar", "{}/device"):
        with pytest.raises(InvalidSpec, match="cannot write"):
            builder.build("FROM base\n", outputs=(parse(text.format(tmp_path)),))
    assert stat.S_ISCHR((tmp_path / "device").stat().st_mode)


def test_contexts_with_names(builder: Builder, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "sub").mkdir(parents=True)
    (other / "sub/f").write_text("other")
    (other / "no").write_text("no")
    (other / ".dockerignore").write_text("no\n")
    builder.build("FROM base\nRUN echo named > /n\n", names=("named:1",), outputs=(Output("oci", f"{tmp_path}/n.tar"),))
    builder.build("FROM base\nRUN echo image > /n\n", names=("image:1",))
    contexts = {
        "src": str(other),
        "lay": f"oci-layout://{tmp_path}/n.tar:1",
        "img": "docker-image://image:1",
        "stage": "docker-image://image:1",
    }
    result = builder.build(
        "FROM base AS stage\nRUN false\nFROM lay\nCOPY --from=src . /c/\n"
        "COPY --from=img /n /i\nCOPY --from=stage /n /s\n"
        "RUN --mount=from=src,target=/m ls /m > /seen; cat /m/sub/f >> /seen\n",
        contexts=contexts,
    )
    assert builder.read(result, "/n") == "named\n"
    assert builder.read(result, "/i") == builder.read(result, "/s") == "image\n"
    assert builder.read(result, "/c/sub/f") == "other"
    assert builder.read(result, "/seen") == "sub\nother"
    for name, value, message in (
        ("src", str(other), "FROM needs an image"),
        ("src", "ftp://x", "is no folder"),
        ("src", f"oci-layout://{tmp_path}/n.tar:2", "0 images of that tag"),
    ):
        with pytest.raises(InvalidSpec, match=message):
            builder.build("FROM src\n", contexts={name: value})


def test_limits_of_a_run(builder: Builder) -> None:
    result = builder.build(
        "FROM base\nRUN ulimit -n > /n; nproc > /p\n",
        container={"ulimits": (Ulimit("nofile", 77, 88),), "cpuset_cpus": "0"},
        etc_hosts={"h": "10.1.2.3"},
    )
    assert builder.read(result, "/n") == "77\n"
    assert builder.read(result, "/p") == "1\n"


def test_the_command(builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: object) -> None:
    from runtime_lib.cli import main

    monkeypatch.setenv("SKIFF_ROOT", builder.layout.root)
    monkeypatch.setenv("SKIFF_RUN", builder.layout.run)
    monkeypatch.setenv("KEY", "s3cr3t")
    builder.file(
        "Dockerfile", "FROM base\nRUN --mount=type=secret,id=KEY --mount=type=secret,id=f wc -c < /run/secrets/f\n"
    )
    (tmp_path / "f").write_text("four")
    words = [
        "build",
        "-t",
        "x:1",
        "--network=none",
        "--secret",
        "id=KEY",
        "--secret",
        f"id=f,src={tmp_path}/f",
        "--ulimit",
    ]
    words += [
        "nofile=50:60",
        "--iidfile",
        f"{tmp_path}/id",
        "--metadata-file",
        f"{tmp_path}/meta",
        str(builder.context),
    ]
    assert main.main(words) == 0
    text = capfdbinary.readouterr().out  # type: ignore[attr-defined]
    assert b"\n4\n" in text
    assert b"s3cr3t" not in text
    meta = json.loads((tmp_path / "meta").read_text())
    assert meta == {"containerimage.config.digest": (tmp_path / "id").read_text(), "image.name": "x:1"}
    assert main.main(["build", "-o", "-", "--network=none", str(builder.context)]) == 0
    with tarfile.open(fileobj=io.BytesIO(capfdbinary.readouterr().out)) as found:  # type: ignore[attr-defined]
        assert "bin/busybox" in found.getnames()
    builder.file("Dockerfile", "FROM base\nCOPY nothere /\n")
    assert main.main(["build", "--iidfile", f"{tmp_path}/id", str(builder.context)]) == 1
    assert not (tmp_path / "id").exists(), "the id of the build before"
