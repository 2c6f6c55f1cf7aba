"""The same build contexts in Docker's classic builder and in ours: every path, the configuration and the history."""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
import subprocess
import tarfile
import uuid
from io import BytesIO
from pathlib import Path

import pytest

from runtime_lib.build.build import build
from runtime_lib.build.spec import BuildSpec
from runtime_lib.containers.tree import image_tree
from runtime_lib.images import layers, rootfs
from runtime_lib.networks import catalog as networks
from runtime_lib.paths import Layout
from runtime_lib.store import Store

ENGINE = shlex.split(os.environ.get("SKIFF_DOCKER", ""))  # conftest.py has started one
BUSYBOX = Path("/bin/busybox")
# What Docker's export adds for the container, and what is the host's in any case.
OWN = re.compile(r"\.dockerenv|(dev|proc|sys)(/.*)?|etc/(hosts|hostname|resolv\.conf|mtab)")
HASH = re.compile(r"(file|dir|multi):[0-9a-f]{64}")


pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not BUSYBOX.exists(), reason="needs busybox-static"),
    pytest.mark.skipif(not ENGINE, reason="needs a Docker Engine: install docker.io, or name a client in SKIFF_DOCKER"),
]


class Docker:
    """A client of the engine."""

    def __init__(self, command: list[str]) -> None:
        self.command = command

    def __call__(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
        call = [*self.command, *arguments]
        done = subprocess.run(call, input=stdin, capture_output=True, env=environment, check=False)
        assert done.returncode == 0, done.stdout.decode()[-2000:] + done.stderr.decode()[-2000:]
        return done.stdout


@pytest.fixture(scope="module")
def docker():
    return Docker(ENGINE)


def base_tar() -> bytes:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for folder, mode in (("bin", 0o755), ("etc", 0o755), ("real", 0o755), ("real/run", 0o711), ("tmp", 0o1777)):
            member = tarfile.TarInfo(folder)
            member.type, member.mode = tarfile.DIRTYPE, mode
            archive.addfile(member)
        archive.add(BUSYBOX, "bin/busybox")
        for name in ("sh", "echo", "ls", "mkdir", "chmod", "chown", "ln", "id", "rm", "cat", "touch", "mv", "pwd"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
        for name, target in (("myrun", "real/run"), ("abs", "/real/run")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
        for name, text in (("etc/passwd", "joe:x:77:78::/:/bin/sh\n"), ("etc/group", "grp:x:99:\njoe:x:79:\n")):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    opened = Store(Layout(str(root), str(root / "run")))
    yield opened
    for network in networks.listing(opened):
        if network.name not in ("host", "none"):
            networks.remove(opened, network.name)
    opened.close()


@pytest.fixture(scope="module")
def base(store, docker):
    name = f"skiff-oracle-{uuid.uuid4().hex[:8]}"
    content = base_tar()
    docker("import", "-", name, stdin=content)
    rootfs.import_rootfs(store, BytesIO(content), name)
    yield name
    docker("image", "rm", "-f", name)


@pytest.fixture
def context(tmp_path):
    """A context with all that a COPY may meet."""
    folder = tmp_path / "context"
    for name in ("dir/sub", "locked", "archive/x", "empty", "many"):
        (folder / name).mkdir(parents=True)
    for name, text in (("one", "1"), ("two", "2"), ("dir/a", "a"), ("dir/sub/b", "b"), ("archive/x/y", "y")):
        (folder / name).write_text(text)
    for number in range(3):
        (folder / f"many/f{number}.txt").write_text(str(number))
    (folder / "locked/f").write_text("f")
    os.chown(folder / "locked/f", 55, 66)
    os.chmod(folder / "locked", 0o700)
    # No setuid bit: the classic builder loses it by a late chown, BuildKit and ours keep it.
    os.chmod(folder / "locked/f", 0o755)
    os.chmod(folder / "two", 0o600)
    os.symlink("a", folder / "dir/link")
    os.symlink("dir", folder / "to-dir")
    os.symlink("/etc/passwd", folder / "absolute")
    os.mkfifo(folder / "dir/fifo")
    os.link(folder / "dir/a", folder / "dir/hard")
    os.chown(folder / "archive/x", 7, 8)
    for name, mode in (
        ("plain.tar", "w"),
        ("packed.tar.gz", "w:gz"),
        ("packed.tar.xz", "w:xz"),
        ("packed.tar.bz2", "w:bz2"),
    ):
        with tarfile.open(folder / name, mode) as archive:
            archive.add(folder / "archive", ".")
    (folder / "one.gz").write_bytes(
        subprocess.run(["gzip", "-nc", folder / "one"], capture_output=True, check=True).stdout
    )
    return folder


CASES = {
    "config": """
        ENV a "foo" 'b'  c
        ENV b=x\\ y c="q r"'s' d=
        LABEL x y z
        LABEL "com.x"="v 1" q=$a
        ENV A1=one A2=$A1 PATH=/x:$PATH
        EXPOSE 80 443/udp 9000-9003
        ENV P="81 82"
        EXPOSE $P
        VOLUME /v1 /v2
        VOLUME ["/v3"]
        USER 1000
        CMD echo hi
        ENTRYPOINT ["/bin/sh"]
        STOPSIGNAL SIGTERM
        ARG foo=1 bar
        SHELL ["/bin/sh","-ec"]
        MAINTAINER me <a@b>
        ONBUILD RUN echo hi
        """,
    "command reset": """
        CMD ["first"]
        ENTRYPOINT exec $HOME
        CMD []
        """,
    "expansion": """
        ENV e=1 empty=
        ENV f=${e:-no}.${none:-${e}x}.${e:+yes}.${none:+no}.${empty:-was} g=\\$e h="\\$e \\"q\\"" i='$e' j=$e$e k=${e}_
        LABEL l=a\\ b m="a\\
        b" n=$nothing o=x#y
        WORKDIR /a/b/$e
        WORKDIR rel
        """,
    "run": """
        ARG who=me
        ENV name=value
        RUN echo $who $name > /made && chmod 640 /made && chown 3:4 /made
        RUN ["/bin/sh", "-c", "ln -s /made /to-made; mkdir -p /deep/er; rm -r /tmp"]
        RUN echo nothing
        WORKDIR /work
        USER joe
        RUN id > /tmp-id || cd /work; touch /work/no || true
        USER 0
        RUN pwd > /pwd && id > /id; \\
          # a comment in between

          mkdir /etc/made
        """,
    "copy": """
        COPY locked /t1
        COPY locked /real/run
        COPY locked archive/ /t2/
        COPY dir /t3/deep/er
        COPY to-dir /t4
        COPY to-dir /t4f/
        COPY one /t5
        COPY one /t6/
        COPY one /real
        COPY one two /abs/
        COPY o?e tw[n-p] /t7/
        COPY many/*.txt /t8/
        COPY m* /t9/
        COPY two /myrun/x/y
        COPY --chown=joe two /t10/q/
        COPY --chown=joe:grp dir /t11/q
        COPY --chown=12 locked /t12
        COPY --chown=5:6 one /t13/a/b
        COPY ["one", "/with blank/"]
        COPY . /all
        COPY dir/link /t14/
        COPY empty /t15
        USER joe
        COPY one /t16
        WORKDIR /w
        COPY one .
        COPY one two ./
        COPY one rel
        COPY dir/../one ./up
        COPY /two /root-of-context
        """,
    "replace": """
        RUN mkdir -p /d/sub /d/a /e; echo x > /d/sub/b; echo long > /old; ln -s /old /link; chmod 700 /d
        COPY dir /d/
        COPY one /old
        COPY two /link
        """,
    "add": """
        ADD packed.tar.gz /t1
        ADD plain.tar /t2/
        ADD one.gz /t3/
        ADD packed.tar.xz packed.tar.bz2 /t4/n/
        ADD one /t5
        ADD --chown=joe plain.tar /t6
        ADD packed.tar.gz /myrun
        ADD dir /t7
        """,
    "stages": """
        RUN echo built > /out
        FROM {base} AS second
        COPY --from=first /out /etc/passwd /in/
        COPY --from=0 /real /r
        FROM second
        RUN cat /in/out > /last
        """,
    "from scratch": """
        RUN mkdir /empty
        FROM scratch
        COPY --from=first /bin/busybox /bin/
        COPY one /x/
        RUN ["/bin/busybox", "mkdir", "/y"]
        CMD ["/bin/busybox"]
        """,
    "ignore": """
        COPY . /all
        """,
}


@pytest.mark.parametrize("case", CASES)
def test_the_same_image(case, docker, store, base, context):
    text = "\n".join(line.strip() for line in CASES[case].strip().splitlines()).replace("{base}", base)
    (context / "Dockerfile").write_text(f"FROM {base} AS first\n{text}\n")
    if case == "ignore":
        (context / ".dockerignore").write_text(
            "*.gz\n**/sub\n# no\nmany\n!many/f1.txt\ndir/h*\n/arch*/x\nDockerfile\n!dir/sub/b\n"
        )
    theirs = docker("build", "-q", "--no-cache", "--build-arg", "who=you", str(context)).decode().strip()
    try:
        ours = build(store, BuildSpec(str(context), args={"who": "you"}))
        assert summary(ours.image.config) == summary(docker_config(docker, theirs))
        expected, tree = docker_tree(docker, theirs), our_tree(store, ours.image)
        if "etc" not in tree:
            expected.pop("etc")  # made for the container, as OWN
        assert tree == expected
    finally:
        docker("image", "rm", "-f", theirs)


def docker_config(docker: Docker, image: str) -> dict:
    with tarfile.open(fileobj=BytesIO(docker("save", image))) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        return json.load(archive.extractfile(manifest[0]["Config"]))


def summary(document: dict) -> dict:
    config = {key: value for key, value in document["config"].items() if value and key not in ("Image", "Hostname")}
    history = [
        (HASH.sub(r"\1", entry.get("created_by", "")), entry.get("empty_layer", False), entry.get("author"))
        for entry in document["history"][1:]
    ]
    return {
        "config": config,
        "history": history,
        "author": document.get("author"),
        "layers": len(document["rootfs"]["diff_ids"]),
        "platform": (document["architecture"], document["os"]),
    }


def docker_tree(docker: Docker, image: str) -> dict:
    container = docker("create", image, "/nothing").decode().strip()
    try:
        with tarfile.open(fileobj=BytesIO(docker("export", container))) as archive:
            return {
                member.name: described(
                    member.mode
                    | {b"2": stat.S_IFLNK, b"5": stat.S_IFDIR, b"6": stat.S_IFIFO}.get(member.type, stat.S_IFREG),
                    member.uid,
                    member.gid,
                    member.linkname if member.issym() else "",
                    archive.extractfile(member).read() if member.isreg() or member.islnk() else b"",
                )
                for member in archive
                if not OWN.fullmatch(member.name)
            }
    finally:
        docker("rm", container)


def our_tree(store, image) -> dict:
    found = {}
    with image_tree(layers.folders(store, image.layers)) as root:
        top = f"/proc/self/fd/{root.descriptor}/"
        for folder, folders, files in os.walk(top):
            for name in folders + files:
                path = os.path.join(folder, name)
                status = os.lstat(path)
                link = os.readlink(path) if stat.S_ISLNK(status.st_mode) else ""
                content = Path(path).read_bytes() if stat.S_ISREG(status.st_mode) else b""
                relative = path[len(top) :].lstrip("/")
                if not OWN.fullmatch(relative):
                    found[relative] = described(status.st_mode, status.st_uid, status.st_gid, link, content)
    return found


def described(mode: int, uid: int, gid: int, link: str, content: bytes) -> tuple:
    return oct(mode if not link else stat.S_IFLNK), uid, gid, link, content[:200]
