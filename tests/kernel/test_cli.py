"""The host command with real containers: what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import rootfs, waiting
from tests.support.alone import alone
from tests.support.skiff import Skiff
from tests.support.web import Web

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
PATIENCE = 120.0  # seconds


@pytest.fixture(scope="module")
def skiff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Skiff]:
    """An installation with the image `bb`, in a network namespace of its own; nothing of it may be left at the end."""
    folder = tmp_path_factory.mktemp("cli")
    archive = rootfs.tar(folder / "rootfs", folder / "bb.tar")
    with alone(folder, archive, 'CMD ["sh"]') as host:
        yield host


@pytest.fixture
def web(skiff: Skiff) -> Iterator[str]:
    """The name of a container that runs, without a network."""
    yield skiff.run(
        "run", "-d", "--name", "web", "--network", "none", "-l", "a=1", "bb", "sh", "-c", "echo out; exec sleep 1000"
    ).stdout.strip()
    skiff.run("rm", "-f", "web")


def until(condition: Callable[[], object]) -> None:
    waiting.until(condition, PATIENCE)


def none(*words: str) -> list[str]:
    return ["run", "--rm", "--network", "none", *words]


def test_run_prints_what_the_program_prints_and_ends_as_it_ends(skiff: Skiff) -> None:
    result = skiff.run(*none("bb", "sh", "-c", "echo out; echo err >&2; exit 5"), check=False)
    assert (result.stdout, result.stderr, result.returncode) == ("out\n", "err\n", 5)
    assert skiff.run("ps", "-aq").stdout == ""


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["bb", "/no/such"], 127, "was not found"),
        (["bb", "/etc"], 126, "cannot execute"),
        (["--pull", "never", "nothing", "true"], 125, "no image 'nothing'"),
        (["--cpus", "many", "bb"], 125, "cpus"),
        (["-e", "=x", "bb"], 125, "env"),
    ],
)
def test_what_cannot_run_is_told_in_one_line(skiff: Skiff, words: list[str], code: int, text: str) -> None:
    result = skiff.run(*none(*words), check=False)
    assert result.returncode == code
    assert result.stderr.startswith("skiff: ")
    assert result.stderr.count("\n") == 1
    assert text in result.stderr
    assert skiff.run("ps", "-aq").stdout == ""


def test_stdin(skiff: Skiff) -> None:
    assert skiff.run(*none("-i", "bb", "wc", "-c"), stdin=None, input="x" * 300_000).stdout == "300000\n"
    assert skiff.run(*none("bb", "wc", "-c"), stdin=None, input="x").stdout == "0\n"


def test_options_reach_the_container(skiff: Skiff) -> None:
    script = (
        "hostname; pwd; id -u; echo $A; ulimit -n; cat /sys/class/net/lo/operstate; grep -c . /proc/mounts >/dev/null"
    )
    result = skiff.run(
        *none("-h", "h1", "-w", "/tmp", "-u", "1000", "-e", "A=two words", "--ulimit", "nofile=99:100", "bb"),
        "sh",
        "-c",
        script,
    )
    assert result.stdout.splitlines() == ["h1", "/tmp", "1000", "two words", "99", "unknown"]


def test_signals_are_passed_on(skiff: Skiff) -> None:
    script = "trap 'echo got; exit 9' INT; echo up; while true; do sleep 0.1; done"
    process = subprocess.Popen(
        skiff.command(*none("bb", "sh", "-c", script)), stdout=subprocess.PIPE, env=skiff.environment, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.read() == "got\n"
    assert process.wait(PATIENCE) == 9
    process.stdout.close()


def test_a_terminal(skiff: Skiff) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        skiff.command(*none("-it", "bb", "sh", "-c", "tty; read x; echo got $x")),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=skiff.environment,
    )
    os.close(slave)
    seen = b""
    while b"\n" not in seen:
        seen += os.read(master, 1000)
    os.write(master, b"this\n")
    try:
        while b"got this" not in seen:
            seen += os.read(master, 1000)
    finally:
        assert process.wait(PATIENCE) == 0
        os.close(master)
    assert seen.startswith(b"/dev/pts/0\r\n")


def test_a_terminal_needs_a_terminal(skiff: Skiff) -> None:
    result = skiff.run(*none("-it", "bb", "true"), check=False, stdin=None, input="")
    assert (result.returncode, result.stderr.count("\n")) == (125, 1)


def test_ps(skiff: Skiff, web: str) -> None:
    title, line = skiff.run("ps").stdout.splitlines()
    assert title.split() == ["CONTAINER", "ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"]
    assert line.startswith(f"{web[:12]}   bb      ")
    assert line.endswith("   web")
    entry = json.loads(skiff.run("ps", "--format", "json").stdout)
    assert (entry["Names"], entry["State"], entry["Labels"], entry["Networks"]) == ("web", "running", "a=1", "none")
    assert skiff.run("ps", "-q", "--no-trunc").stdout == f"{web}\n"
    for condition in ("name=we", f"id={web[:6]}", "label=a", "label=a=1", "status=running", "ancestor=bb"):
        assert skiff.run("ps", "-q", "-f", condition).stdout == f"{web[:12]}\n"
    for condition in ("name=xx", "label=a=2", "status=exited", "ancestor=other"):
        assert skiff.run("ps", "-q", "-f", condition).stdout == ""


def test_exec(skiff: Skiff, web: str) -> None:
    result = skiff.run(
        "exec", "-e", "A=1", "-w", "/tmp", "web", "sh", "-c", "pwd; echo $A; echo e >&2; exit 3", check=False
    )
    assert (result.stdout, result.stderr, result.returncode) == ("/tmp\n1\n", "e\n", 3)
    assert skiff.run("exec", "-i", web[:10], "cat", stdin=None, input="abc").stdout == "abc"
    assert skiff.run("exec", "-u", "1000", "web", "id", "-u").stdout == "1000\n"
    result = skiff.run("exec", "web", "/no/such", check=False)
    assert (result.returncode, result.stderr.count("\n")) == (127, 1)
    assert skiff.run("exec", "nobody", "true", check=False).returncode in (1, 125)
    assert skiff.run("exec", "-d", "web", "touch", "/tmp/done").stdout == ""
    until(lambda: skiff.run("exec", "web", "test", "-e", "/tmp/done", check=False).returncode == 0)


def test_logs(skiff: Skiff) -> None:
    skiff.run("run", "--name", "l", "--network", "none", "bb", "sh", "-c", "echo one; echo two >&2; printf three")
    result = skiff.run("logs", "l")
    assert (result.stdout, result.stderr) == ("one\nthree", "two\n")
    assert skiff.run("logs", "-n", "1", "l").stdout == "three"
    assert skiff.run("logs", "--since", "1h", "--tail", "0", "l").stdout == ""
    assert skiff.run("logs", "--until", "1h", "l").stdout == ""
    stamp, _, text = skiff.run("logs", "-t", "l").stdout.splitlines()[0].partition(" ")
    assert (len(stamp), stamp[-1], text) == (30, "Z", "one")
    skiff.run("rm", "l")


def test_logs_can_be_followed(skiff: Skiff) -> None:
    script = "i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo line $i; sleep 0.05; done"
    skiff.run("run", "-d", "--name", "f", "--network", "none", "bb", "sh", "-c", script)
    result = skiff.run("logs", "-f", "f", timeout=PATIENCE)
    assert result.stdout == "".join(f"line {number}\n" for number in range(1, 31))
    skiff.run("rm", "f")


def test_a_life(skiff: Skiff) -> None:
    name = ["c"]
    assert len(skiff.run("create", "--name", "c", "--network", "none", "bb", "sleep", "1000").stdout) == 65
    assert skiff.run("ps", "-a", "--format", "{{.Status}}").stdout == "Created\n"
    assert skiff.run("start", *name).stdout == "c\n"
    assert skiff.run("pause", *name).stdout == "c\n"
    assert "(Paused)" in skiff.run("ps", "--format", "{{.Status}}").stdout
    assert skiff.run("unpause", *name).stdout == "c\n"
    waited: list[str] = []
    waiter = threading.Thread(target=lambda: waited.append(skiff.run("wait", "c").stdout))
    waiter.start()
    assert skiff.run("stop", "-t", "0", *name).stdout == "c\n"
    waiter.join(PATIENCE)
    assert waited == ["137\n"]
    assert skiff.run("ps", "-a", "--format", "{{.Status}}").stdout.startswith("Exited (137) ")
    assert skiff.run("restart", *name).stdout == "c\n"
    assert skiff.run("kill", "-s", "KILL", *name).stdout == "c\n"
    until(lambda: skiff.run("ps", "-q").stdout == "")
    assert skiff.run("rename", "c", "d").stdout == ""
    assert skiff.run("rm", "d").stdout == "d\n"
    result = skiff.run("rm", "d", check=False)
    assert (result.stdout, result.returncode, result.stderr.count("\n")) == ("", 1, 1)
    assert skiff.run("rm", "-f", "d").returncode == 0


def test_an_attached_start_gets_the_first_line(skiff: Skiff) -> None:
    skiff.run("create", "--name", "s", "--network", "none", "bb", "sh", "-c", "echo first; exit 6")
    for _ in range(2):
        result = skiff.run("start", "-a", "s", check=False)
        assert (result.stdout, result.returncode) == ("first\n", 6)
    skiff.run("rm", "s")


def test_a_run_whose_command_is_killed_goes_on_and_is_cleaned_up(skiff: Skiff) -> None:
    process = subprocess.Popen(
        skiff.command(*none("--name", "k", "bb", "sh", "-c", "echo up; read x")),
        stdout=subprocess.PIPE,
        env=skiff.environment,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.wait(PATIENCE)
    process.stdout.close()
    assert skiff.run("ps", "-a", "--format", "{{.Names}}").stdout in ("", "k\n")
    until(lambda: skiff.run("ps", "-aq").stdout == "")
    until(lambda: not os.listdir(f"{skiff.root}/run/containers"))


def test_a_container_whose_monitor_is_killed(skiff: Skiff, web: str) -> None:
    state = json.loads(Path(f"{skiff.root}/run/containers/{web}/state.json").read_text())
    os.kill(state["monitor_pid"], signal.SIGKILL)
    assert skiff.run("exec", "web", "echo", "still").stdout == "still\n"
    assert skiff.run("ps", "--format", "{{.State}}").stdout == "running\n"
    assert skiff.run("stop", "-t", "0", "web").stdout == "web\n"
    assert skiff.run("ps", "-a", "--format", "{{.Status}}").stdout.startswith("Exited (255) ")
    assert skiff.run("start", "web").stdout == "web\n"


def test_top_and_inspect(skiff: Skiff, web: str) -> None:
    lines = skiff.run("top", "web").stdout.splitlines()
    assert lines[0].split() == ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
    assert lines[1].endswith("sleep 1000")
    assert json.loads(skiff.run("inspect", "web").stdout)[0]["Id"] == web
    assert skiff.run("inspect", "-f", "{{.State.Status}} {{.Config.Image}}", "web").stdout == "running bb\n"
    result = skiff.run("inspect", "web", "nobody", check=False)
    assert (result.returncode, len(json.loads(result.stdout))) == (1, 1)
    assert "no such object: nobody" in result.stderr


def test_images(skiff: Skiff, tmp_path: Path) -> None:
    skiff.run("tag", "bb", "example.com/team/app:v1")
    entries = [json.loads(line) for line in skiff.run("images", "--format", "json").stdout.splitlines()]
    assert sorted((entry["Repository"], entry["Tag"]) for entry in entries) == [
        ("bb", "latest"),
        ("example.com/team/app", "v1"),
    ]
    assert len(skiff.run("images", "-q").stdout.split()) == 1
    assert skiff.run("images", "example.com/team/app").stdout.count("\n") == 2
    assert skiff.run("rmi", "example.com/team/app:v1").stdout == "Untagged: example.com/team/app:v1\n"
    (tmp_path / "Dockerfile").write_text("FROM bb\nLABEL x=y\n")
    assert "Successfully tagged app:latest" in skiff.run("build", "-t", "app", str(tmp_path)).stdout
    assert skiff.run("build", "-q", "-t", "app", str(tmp_path)).stdout.startswith("sha256:")
    assert "Deleted: sha256:" in skiff.run("rmi", "app").stdout
    assert skiff.run("rmi", "app", check=False).returncode == 1
    assert "no image 'app' is here" in skiff.run("rmi", "-f", "app").stderr  # told, and no failure, as for Docker
    assert skiff.run("image", "prune", "-f").stdout == "Total reclaimed space: 0B\n"
    made = skiff.run("build", "-q", "-t", "app:A", str(tmp_path)).stdout.strip()
    assert skiff.run("image", "prune").stdout == "Total reclaimed space: 0B\n"
    skiff.run("run", "-d", "--name", "user", "--network", "none", "bb", "sleep", "1000")
    told = f"Deleted Images:\nuntagged: app:A\ndeleted: {made}\n\nTotal reclaimed space: 0B\n"
    assert skiff.run("image", "prune", "--all").stdout == told
    skiff.run("rm", "-f", "user")
    assert skiff.run("images", "--format", "{{.Repository}}").stdout == "bb\n"


def test_builds_from_the_standard_input_and_checks(skiff: Skiff, tmp_path: Path) -> None:
    (tmp_path / "one").write_text("1")
    (tmp_path / "Dockerfile").write_text("FROM nothere\n")
    given = "FROM bb as a\nCOPY one /one\n"
    log = skiff.run("build", "-t", "piped", "-f", "-", str(tmp_path), stdin=None, input=given).stdout
    assert "Step 2/2 : COPY one /one\n" in log
    assert "[Warning] FromAsCasing: " in log
    checked = skiff.run("build", "--check", "-f", "-", str(tmp_path), stdin=None, input=given, check=False)
    assert (checked.returncode, checked.stdout[:14]) == (1, "FromAsCasing: ")
    assert skiff.run("build", "--check", str(tmp_path)).stdout == "Check complete, no warnings found.\n"
    refused = skiff.run("build", "-f", "-", "-", check=False)
    assert "the standard input cannot be both the context and the Dockerfile" in refused.stderr
    assert "use auto, tty, plain, quiet or rawjson" in skiff.run("build", "--progress", "x", ".", check=False).stderr
    assert (
        skiff.run("build", "--progress", "quiet", "-f", "-", str(tmp_path), stdin=None, input=given).stdout[:7]
        == "sha256:"
    )
    _the_steps_are_forgotten(skiff, str(tmp_path), given)
    skiff.run("rmi", "piped")


def test_a_root_file_system_from_a_web_server(skiff: Skiff, tmp_path: Path) -> None:
    rootfs.tar(tmp_path / "root", tmp_path / "root.tar")
    web = Web(tmp_path)
    skiff.run("builder", "prune", "-af")
    try:
        skiff.run("import", "-c", 'CMD ["echo", "from afar"]', f"{web.url}/root.tar", "afar")
        assert skiff.run("run", "--rm", "--network", "none", "afar").stdout == "from afar\n"
        missing = skiff.run("import", f"{web.url}/nothing.tar", check=False)
        assert (missing.returncode, "the server says 404" in missing.stderr) == (1, True), missing.stderr
        web.answers["/page"] = (200, {}, b"<html>this is no archive</html>")
        wrong = skiff.run("import", f"{web.url}/page", check=False)
        assert f"{web.url}/page: " in wrong.stderr
        assert wrong.returncode == 1
        assert skiff.run("import", "ftp://127.0.0.1/x", check=False).returncode == 1
        kept = skiff.run("builder", "prune", "-af").stdout
        assert kept == "Total reclaimed space: 0B\n"
    finally:
        web.close()
        skiff.run("rmi", "-f", "afar")


def _the_steps_are_forgotten(skiff: Skiff, context: str, dockerfile: str) -> None:
    words = ("build", "-t", "piped", "-f", "-", context)
    nothing = "Total reclaimed space: 0B\n"
    assert skiff.run("builder", "prune", "-f").stdout == nothing  # an image has the layer
    assert skiff.run("builder", "prune", "-f", "-a", "--filter", "until=1h").stdout == nothing
    assert "Using cache" in skiff.run(*words, stdin=None, input=dockerfile).stdout
    title, *keys, _empty, total = skiff.run("builder", "prune", "--all", "--force").stdout.splitlines()
    assert (title, total) == ("Deleted build cache objects:", nothing.strip())
    assert keys
    assert "Using cache" not in skiff.run(*words, stdin=None, input=dockerfile).stdout
    refused = skiff.run("builder", "prune", "--filter", "label=a", check=False)
    assert (refused.returncode, "label" in refused.stderr) == (1, True)


def test_cache_mounts_are_counted_and_removed(skiff: Skiff, tmp_path: Path) -> None:
    run = "RUN --mount=type=cache,id=apt,target=/var/cache head -c 100000 /dev/zero >/var/cache/archive"
    (tmp_path / "Dockerfile").write_text(f"FROM bb\n{run}\n")
    skiff.run("build", "--network", "none", "-t", "cached", str(tmp_path))
    usage = skiff.run("system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Size}}").stdout
    assert "Build Cache 1 100kB" in usage
    assert "Build Cache" not in skiff.run("builder", "prune", "-f", "--filter", "until=1h").stdout
    assert "Build Cache 1 100kB" in skiff.run("system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Size}}").stdout
    told = skiff.run("builder", "prune", "-f").stdout
    assert told == "Deleted cache mounts:\napt\n\nTotal reclaimed space: 100kB\n"
    assert "Build Cache 0 0B" in skiff.run("system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Size}}").stdout
    skiff.run("rmi", "cached")
    skiff.run("builder", "prune", "-f", "-a")


def test_volumes(skiff: Skiff) -> None:
    assert skiff.run("volume", "create", "--label", "x=1", "data").stdout == "data\n"
    skiff.run(*none("-v", "data:/srv", "bb", "touch", "/srv/kept"))
    assert skiff.run(*none("-v", "data:/srv:ro", "bb", "ls", "/srv")).stdout == "kept\n"
    assert skiff.run("volume", "ls").stdout == "DRIVER    VOLUME NAME\nlocal     data\n"
    assert skiff.run("volume", "ls", "-q", "-f", "label=x").stdout == "data\n"
    assert json.loads(skiff.run("volume", "inspect", "data").stdout)[0]["Name"] == "data"
    assert skiff.run("volume", "prune", "-f").stdout == "Total reclaimed space: 0B\n"
    assert skiff.run("volume", "rm", "data").stdout == "data\n"


def test_networks(skiff: Skiff) -> None:
    created = skiff.run("network", "create", "--subnet", "10.213.7.0/24", "net1").stdout.strip()
    assert f"{created[:12]}   net1 " in skiff.run("network", "ls").stdout
    address = skiff.run("run", "--rm", "--network", "net1", "--ip", "10.213.7.9", "bb", "hostname", "-i").stdout
    assert address == "10.213.7.9\n"
    assert (
        json.loads(skiff.run("network", "inspect", "net1").stdout)[0]["IPAM"]["Config"][0]["Subnet"] == "10.213.7.0/24"
    )
    assert skiff.run("network", "rm", "net1").stdout == "net1\n"
    assert skiff.run("network", "rm", "net1", check=False).returncode == 1


def test_a_closed_pipe_is_no_traceback(skiff: Skiff) -> None:
    words = shlex.join(skiff.command("--help"))
    result = subprocess.run(
        ["sh", "-c", f"{words} | true"], env=skiff.environment, capture_output=True, text=True, check=False
    )
    assert result.stderr == ""


@pytest.mark.parametrize("words", [("images",), ("images", "-q"), ("inspect", "bb"), ("save", "bb"), ("--help",)])
def test_output_that_cannot_be_written_is_told(skiff: Skiff, words: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        done = skiff.run(*words, check=False, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr == "skiff: No space left on device: free some space\n"


def test_a_file_with_the_id(skiff: Skiff, tmp_path: Path) -> None:
    file = tmp_path / "id"
    skiff.run(*none("--cidfile", str(file), "bb", "true"))
    assert len(file.read_text()) == 64
    result = skiff.run(*none("--cidfile", str(file), "bb", "true"), check=False)
    assert (result.returncode, str(file) in result.stderr) == (125, True)
    result = skiff.run(*none("--cidfile", str(tmp_path / "other"), "nothing"), check=False)
    assert (result.returncode, (tmp_path / "other").exists()) == (125, False)


def test_streams_that_are_attached(skiff: Skiff) -> None:
    script = ("bb", "sh", "-c", "echo out; echo err >&2; cat; exit 3")
    result = skiff.run(*none("-a", "stderr", *script), check=False)
    assert (result.stdout, result.stderr, result.returncode) == ("", "err\n", 3)
    result = skiff.run(*none("-i", "-a", "stdin", "-a", "STDOUT", *script), check=False, stdin=None, input="in\n")
    assert (result.stdout, result.stderr, result.returncode) == ("out\nin\n", "", 3)
    assert skiff.run(*none("-a", "stdlog", *script), check=False).returncode == 125
    assert skiff.run(*none("--pull", "always", *script), check=False).returncode == 125


def test_another_signal_than_the_stop_signal(skiff: Skiff) -> None:
    script = "trap 'exit 7' USR1; echo up; while :; do sleep 0.05; done"
    skiff.run("run", "-d", "--name", "s", "--network", "none", "bb", "sh", "-c", script)
    until(lambda: skiff.run("logs", "s").stdout == "up\n")
    assert skiff.run("stop", "-s", "USR1", "s").stdout == "s\n"
    assert skiff.run("inspect", "-f", "{{.State.ExitCode}}", "s").stdout == "7\n"
    skiff.run("start", "s")
    until(lambda: skiff.run("logs", "s").stdout == "up\nup\n")
    assert skiff.run("restart", "--signal", "USR1", "s").stdout == "s\n"
    skiff.run("rm", "-f", "s")
