"""`skiff-oci` beside runc: the same commands give the same exit codes and JSON of the same shape."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import rootfs
from tests.support.bundle import CONFIG, skiff_oci

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not shutil.which("runc"), reason="needs runc"),
]
HOOKS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")
# Says its kind, the state's status, and whether it is in the host's mount namespace and tree.
HOOK = """#!/bin/sh
read -r state
status=${state#*'"status":'}; status=${status#*'"'}; status=${status%%'"'*}
where=inside; [ "$(readlink /proc/self/ns/mnt)" = HOST ] && where=outside
echo "$1 $status $where $given" >> LOG
"""


class Runtime:
    """One of both, with a bundle of its own in `folder`."""

    def __init__(self, program: str, folder: Path, name: str) -> None:
        self.program = program
        self.folder = folder
        self.name = name
        rootfs.make(folder / "rootfs")
        self.config = copy.deepcopy(CONFIG)
        self.config["process"]["args"] = ["sleep", "1000"]
        self.config["linux"]["cgroupsPath"] = f"/{name}"
        self.config["annotations"] = {"key": "value"}
        self.write()

    def write(self) -> None:
        (self.folder / "config.json").write_text(json.dumps(self.config))

    def __call__(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        full = [self.program, "--root", str(self.folder / "state"), *words]
        return subprocess.run(full, text=True, timeout=120, **{"capture_output": True, **options})

    def create(self, *words: str) -> int:
        null = subprocess.DEVNULL  # no pipe: the program would hold it open
        options = {"stdin": null, "stdout": null, "stderr": null, "capture_output": False}
        return self("create", "-b", str(self.folder), *words, self.name, **options).returncode


@pytest.fixture
def both(tmp_path: Path) -> Iterator[list[Runtime]]:
    made = []
    for name, program in (("runc", "runc"), ("skiff", str(skiff_oci(tmp_path)))):
        (tmp_path / name).mkdir()
        made.append(Runtime(program, tmp_path / name, f"t{os.getpid()}-{name}"))
    yield made
    for runtime in made:
        assert runtime("delete", "-f", runtime.name).returncode == 0
        assert not list(Path("/sys/fs/cgroup").glob(f"*/{runtime.name}"))


def shape(value: Any) -> Any:
    """Return the keys of a JSON value at every depth, with the kind of what they hold."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value).__name__


def life(runtime: Runtime) -> list[tuple[Any, ...]]:
    """Lead a container through its life; return what was asked and the answer, without what must differ."""
    name = runtime.name
    answers: list[tuple[Any, ...]] = []

    def ask(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        done = runtime(*words, **options)
        answers.append((" ".join(words).replace(name, "ID"), done.returncode))
        return done

    def ask_json(*words: str) -> Any:
        content = json.loads(ask(*words).stdout)
        answers.append((f"{words[0]} says", shape(content)))
        return content

    for verb in ("state", "start", "delete", "pause", "resume", "ps"):
        ask(verb, name)
    ask("delete", "--force", name)
    ask("exec", name, "true")
    ask("list", "-f", "json")
    answers.append(("create", runtime.create("--pid-file", str(runtime.folder / "pid"))))
    answers.append(("create again", runtime.create()))
    state = ask_json("state", name)
    answers.append(("status", state["status"]))
    assert state["pid"] == int((runtime.folder / "pid").read_text())
    answers.append(("annotations", state["annotations"]))
    ask("exec", name, "true")
    for verb in ("pause", "resume", "start", "start"):
        ask(verb, name)
    assert ask_json("ps", "-f", "json", name) == [state["pid"]]
    ask("ps", name, "-o", "comm")
    answers.append(("table", ask("ps", name, "-o", "comm,pid").stdout.split()[2]))
    for program in (("sh", "-c", "exit 5"), ("nonesuch",), ("/etc",), ()):
        ask("exec", name, *program)
    gained = ("-u", "1000:1000", "-g", "4242", "-c", "CAP_NET_ADMIN", "--no-new-privs", "--cwd", "/tmp", "-e", "A=B")
    show = "id; pwd; echo $A; grep -e ^Cap -e ^NoNew /proc/self/status"
    answers.append(("exec says", ask("exec", *gained, name, "sh", "-c", show).stdout))
    ask("pause", name)
    ask("pause", name)
    answers.append(("paused", json.loads(ask("list", "--format=json").stdout)[0]["status"]))
    ask("exec", name, "true")
    ask("delete", name)
    ask("kill", name, "0")
    ask("resume", name)
    ask("resume", name)
    ask("update", "--memory", "64M", "--cpu-share", "512", "--pids-limit", "77", name)
    ask("update", "-r", "-", name, input='{"cpu": {"shares": 300, "quota": 0}, "pids": {"limit": 78}}')
    ask("update", "--cpu-share", "many", name)
    statistics = json.loads(ask("events", "--stats", name).stdout)
    answers.append(("events", sorted(statistics), sorted(statistics["data"])))
    answers.append(("limits", statistics["data"]["pids"], statistics["data"]["memory"]["usage"]["limit"]))
    ask("kill", name, "NOSUCH")
    ask("kill", name, "KILL")
    deadline = time.monotonic() + 120
    while json.loads(runtime("state", name).stdout)["status"] != "stopped":
        assert time.monotonic() < deadline
    answers.append(("stopped", json.loads(ask("state", name).stdout)["pid"]))
    ask("kill", name, "KILL")
    ask("kill", "--all", name, "KILL")
    ask("exec", name, "true")
    for verb in ("start", "pause", "resume", "ps", "events", "delete", "delete"):
        ask(verb, name)
    for words in (("run", "-b", "/nonexistent", "x"), ("nosuchcommand",), ("state",), ("--nosuchoption",)):
        ask(*words)
    return answers


@pytest.mark.cgroups
def test_a_life(both: list[Runtime]) -> None:
    theirs, ours = map(life, both)
    assert ours == theirs


def test_features_have_the_same_shape(both: list[Runtime]) -> None:
    theirs, ours = (json.loads(runtime("features").stdout) for runtime in both)
    assert list(ours) == list(theirs)
    assert shape(ours["linux"]) == shape(theirs["linux"])
    assert ours["hooks"] == theirs["hooks"]
    assert set(ours["linux"]["seccomp"]["archs"]) == set(theirs["linux"]["seccomp"]["archs"])


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_log(both: list[Runtime], form: str) -> None:
    lines = []
    for runtime in both:
        log = runtime.folder / "log"
        assert runtime("--log", str(log), "--log-format", form, "state", "nobody").returncode == 1
        lines.append(log.read_text())
    if form == "json":
        assert [sorted(json.loads(line)) for line in lines] == [["level", "msg", "time"]] * 2
        assert all(json.loads(line)["level"] == "error" for line in lines)
    assert all("container does not exist" in line and line.count("\n") == 1 for line in lines)


@pytest.mark.cgroups
def test_hooks(both: list[Runtime]) -> None:
    logs = []
    for runtime in both:
        log = runtime.folder / "rootfs" / "log"
        log.touch(mode=0o666)
        script = HOOK.replace("HOST", os.readlink("/proc/self/ns/mnt"))
        for path, target in ((runtime.folder / "hook", str(log)), (runtime.folder / "rootfs" / "hook", "/log")):
            path.write_text(script.replace("LOG", target))
            path.chmod(0o755)
        host = {"path": str(runtime.folder / "hook"), "env": ["given=this", "PATH=/usr/bin:/bin"]}
        runtime.config["hooks"] = {kind: [{**host, "args": ["hook", kind]}] for kind in HOOKS}
        runtime.config["hooks"]["startContainer"][0]["path"] = "/hook"
        runtime.config["process"]["args"] = ["sh", "-c", "echo program >> /log"]
        runtime.write()
        done = runtime("run", "-b", str(runtime.folder), runtime.name)
        assert done.returncode == 0, done.stderr
        text = log.read_text().replace("poststart created", "poststart running")  # runc's state is of before the start
        logs.append(sorted(text.splitlines()))
        assert log.read_text().splitlines()[:3] == [
            "prestart creating outside this",
            "createRuntime creating outside this",
            "createContainer creating inside this",
        ]
        assert len(logs[-1]) == 7
    assert logs[0] == logs[1]


@pytest.mark.cgroups
@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "createContainer"])
def test_a_hook_that_fails_undoes_the_creation(both: list[Runtime], kind: str) -> None:
    for runtime in both:
        runtime.config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", "echo because >&2; exit 3"]}]}
        runtime.write()
        done = runtime("run", "-b", str(runtime.folder), runtime.name)
        assert done.returncode == 1
        assert "because" in done.stderr
        assert runtime("list", "-q").stdout == ""


@pytest.mark.cgroups
def test_a_hook_that_hangs_is_ended(both: list[Runtime]) -> None:
    for runtime in both:
        runtime.config["hooks"] = {"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "1000"], "timeout": 1}]}
        runtime.write()
        assert runtime("run", "-b", str(runtime.folder), runtime.name).returncode == 1


@pytest.mark.cgroups
def test_listening_sockets_are_passed_on(both: list[Runtime]) -> None:
    seen = []
    for runtime in both:
        (runtime.folder / "given").write_text("from outside")
        runtime.config["process"]["args"] = ["sh", "-c", "echo $LISTEN_FDS $LISTEN_PID; ls /proc/self/fd; cat <&3"]
        runtime.write()
        script = f'exec 3<{runtime.folder}/given 4</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
        command = [runtime.program, "--root", str(runtime.folder / "state"), "run", "--preserve-fds", "1"]
        words = ["sh", "-c", script, "sh", *command, "-b", str(runtime.folder), runtime.name]
        done = subprocess.run(words, text=True, capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
        seen.append(done.stdout)
        assert done.stdout.endswith("from outside"), done.stderr
    assert seen[0] == seen[1]


@pytest.mark.cgroups
def test_without_pivot_and_keyring(both: list[Runtime]) -> None:
    seen = []
    for runtime in both:
        runtime.config["process"]["args"] = ["sh", "-c", "ls /; ls /..; cat /proc/self/mountinfo | grep -c ' / / '"]
        runtime.write()
        done = runtime("run", "--no-pivot", "--no-new-keyring", "-b", str(runtime.folder), runtime.name)
        assert done.returncode == 0 or "rootfs" not in done.stderr, done.stderr
        seen.append(done.stdout)
    assert seen[0] == seen[1]
