"""What shows state: ps, images, inspect, ls and the templates of --format, on the same containers of both engines."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.waiting import until

from .conftest import PATIENCE, Engine
from .probe import ids

TAG = f"views{os.getpid()}"
IMAGE = f"{TAG}-image"
NETWORK = f"{TAG}-net"
VOLUME = f"{TAG}-volume"
MINE = ("--filter", f"name={TAG}")
CHANGES = ("LABEL of.image=yes", "EXPOSE 81", "EXPOSE 82/udp", 'CMD ["sh", "-c", "echo \\"hi\\"; sleep 1000"]')
LATER = "2100-01-01T00:00:00Z"  # Docker counts whole seconds: "0s" may be before what was created just now
QUOTING = """echo 'a very long command that "quotes" things and goes on'"""


@pytest.fixture(scope="module")
def fleet(docker: Engine, skiff: Engine, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The same containers on both engines; the published port is returned."""
    folder = tmp_path_factory.mktemp("bind")
    port = _free_port()
    for engine, address in ((docker, "127.0.0.2"), (skiff, "127.0.0.3")):
        changes = [word for change in CHANGES for word in ("--change", change)]
        engine.must("import", *changes, str(archive), IMAGE)
        engine.must("network", "create", "--label", "a=b", NETWORK)
        engine.must("volume", "create", "--label", "a=b", VOLUME)
        binds = ("-v", f"{folder}:/b", "-v", f"{VOLUME}:/v", "-v", "/anonymous", "--tmpfs", "/t")
        ports = ("--expose", "90", "-p", f"{address}:{port}:91", "-p", f"{address}:{port + 1}:92/udp")
        more = ("-l", "a=1", "-l", "com.ex.my-label=two", "-e", "A=b", "--restart", "on-failure:3", "-m", "64m")
        engine.must("run", "-d", "--name", f"{TAG}-1", "--network", NETWORK, *binds, *ports, *more, IMAGE)
        health = ("--health-cmd", "true", "--health-interval", "1h", "--health-timeout", "90s")
        engine.must("run", "-d", "--name", f"{TAG}-2", "--network", "none", *health, "-l", "a=own", IMAGE)
        engine.must("create", "--name", f"{TAG}-3", "--network", "host", IMAGE, "echo", "a b", "c")
        engine.call("run", "--name", f"{TAG}-4", IMAGE, "sh", "-c", "exit 3")
        engine.must("create", "--name", f"{TAG}-5", "--network", f"container:{TAG}-1", IMAGE, "sh", "-c", QUOTING)
        engine.must("run", "-d", "--name", f"{TAG}-6", "--network", "none", IMAGE, "sleep", "1000")
        engine.must("pause", f"{TAG}-6")
        logged = ("--log-opt", "labels=a", "--log-opt", "env=B", "-l", "a=x y", "-e", "B=c", "-e", "C=d")
        engine.must("run", "--name", f"{TAG}-7", *logged, IMAGE, "sh", "-c", "echo one; echo two; echo three")
    second = int(time.time())
    until(lambda: int(time.time()) > second, PATIENCE)  # for `--until 0s`: Docker counts whole ones
    yield port
    for engine in (docker, skiff):
        engine.call("rm", "-f", "-v", *(f"{TAG}-{number}" for number in range(1, 8)))
        engine.call("network", "rm", NETWORK)
        engine.call("volume", "rm", VOLUME)
        engine.call("rmi", IMAGE)


def _free_port() -> int:
    with socket.create_server(("127.0.0.2", 0)) as server:
        return int(server.getsockname()[1])


_SET = re.compile(r"[^\s|]+(,[^\s|]+)+")


def same(text: str) -> str:
    """Take away what two engines cannot have in common: ids, lengths of time, addresses, and the order of sets."""
    text = re.sub(r"Less than a second|About a minute|\b\d+ (seconds?|minutes?)\b", "TIME", ids(text))
    text = re.sub(r"\b[0-9a-f]{14}…", "ID…", text)
    text = re.sub(r"\b127\.0\.0\.[23]\b", "ADDRESS", text)
    lines = (_sorted(line) if "|" in line else _SET.sub(_sorted_set, line) for line in text.split("\n"))
    return re.sub(r" {2,}", "  ", "\n".join(lines))


def _sorted(line: str) -> str:
    """Sort the sets in a line of cells: their members may hold blanks, but none begins with one."""
    return "|".join(",".join(sorted(re.split(r",(?! )", cell))) for cell in line.split("|"))


def _sorted_set(match: re.Match[str]) -> str:
    return ",".join(sorted(match[0].split(",")))


FIELDS = (
    "{{.ID}}|{{.Names}}|{{.Command}}|{{.Image}}|{{.Ports}}|{{.Mounts}}|{{.Networks}}|{{.LocalVolumes}}|{{.Labels}}|"
    "{{.Status}}|{{.State}}|{{.Size}}|{{.RunningFor}}"
)
LISTS = [
    ("ps", "-a"),
    ("ps",),
    ("ps", "-a", "--no-trunc", "--format", FIELDS),
    ("ps", "-a", "--format", FIELDS),
    ("ps", "-aq"),
    ("ps", "-as"),
    ("ps", "-a", "--format", r"table {{.Names}}\t{{.Image}}\t{{.LocalVolumes}}\t{{.State}}"),
    ("ps", "-a", "--format", r'table {{upper .Names}}\t{{.Label "com.ex.my-label"}}\t{{json .State}}'),
    ("ps", "-a", "--format", r'{{.Names}}\t{{.Label "a"}}\n'),
    ("ps", "-a", "--format", '{{if eq .State "running"}}{{.Names}}{{else}}-{{end}} {{join (split .Names "-") "+"}}'),
    ("ps", "-a", "--format", "{{.Nope}}"),
    ("ps", "-a", "--format", "{{.Names"),
    ("ps", "-n", "2", "--format", "{{.Names}}"),
    ("ps", "-l", "--format", "{{.Names}}"),
]
FILTERS = (
    f"name={TAG}-1$ name=/{TAG}-2 name=^{TAG}-3 ancestor={IMAGE} ancestor={IMAGE}:latest ancestor=no-such exited=3"
    f" exited=0 label=of.image label=a=own label=a=2 volume={VOLUME} volume=/v volume=no network={NETWORK} network=none"
    f" network=host publish=PORT publish=PORT/udp publish=1-65535 expose=90 expose=81/tcp expose=91 health=starting"
    f" health=none health=healthy before={TAG}-3 since={TAG}-3 since=no-such status=created status=running"
    " status=paused status=exited status=no-such label!=a no-such=1 id=zzz"
).split()
TEMPLATES = [
    "{{.Nope}}",
    "{{.State.nope}}",
    "{{.Config.Labels.foo}} {{.Config.Labels.a}}",
    '{{index .Config.Labels "x"}}|{{index .Config.Labels "com.ex.my-label"}}',
    "{{.HostConfig.Init}} {{.HostConfig.DeviceCgroupRules}} {{.State.Health}} {{.HostConfig.CapAdd}}",
    "{{range $k, $v := .Config.Labels}}{{$k}}={{$v}} {{end}}",
    r"a\nb\t{{println .Name}}x",
    '{{join .Args ","}} {{.Args}} {{.Config.Env}} {{json .Config.Cmd}}',
    "{{if .State.Running}}up{{else if .State.Paused}}p{{else}}down{{end}} {{.State.Status}}",
    "{{range .Nope}}",
    "{{.ID}",
    "{{foo .Name}}",
    '{{range .Mounts}}{{if eq .Destination "/v"}}{{.Type}} {{.Name}}{{end}}{{end}}',
    "{{range $p, $c := .NetworkSettings.Ports}}{{$p}}:{{range $c}}{{.HostIp}}{{end}} {{end}}",
    '{{printf "%-10s|%v|%q" .Name .State.Running .Name}} {{len .Args}} {{slice .Name 1 3}}',
    "{{with .State}}{{.Status}} {{$.Name}}{{end}}",
    "{{- .Name -}}  x {{/* c */}}{{$x := .Name}}{{$x}}",
    '{{eq .State.Status "running" "x"}} {{ne 1 2}} {{and true .Name}} {{or "" .Name}} {{not .Name}} {{lt 1 2}}',
    '{{split .Name "-"}} {{upper .Name}} {{title "hello"}} {{pad .Name 1 2}}|{{truncate .Name 2}}',
    "{{index .Args 9}}",
    "{{eq .Name 1}}",
    "{{.HostConfig.RestartPolicy}} {{.HostConfig.LogConfig.Type}} {{.HostConfig.Memory}} {{.HostConfig.ShmSize}}",
    "{{range $i, $v := .Args}}{{if $i}},{{end}}{{$v}}{{end}}",
    "{{json .HostConfig.RestartPolicy}} {{json .State.Health}} {{json .Config.Labels}}",
]


def compared(docker: Engine, skiff: Engine, *words: str) -> None:
    theirs, ours = docker.call(*words), skiff.call(*words)
    if theirs.returncode:  # each has words of its own for what is wrong
        assert ours.returncode, ours.stdout
        assert ours.stderr
    else:
        assert same(ours.stdout) == same(theirs.stdout), ours.stderr


@pytest.mark.parametrize("words", LISTS, ids=" ".join)
def test_ps(words: tuple[str, ...], fleet: int, docker: Engine, skiff: Engine) -> None:
    compared(docker, skiff, *words, *MINE)


@pytest.mark.parametrize("condition", FILTERS)
def test_ps_filters(condition: str, fleet: int, docker: Engine, skiff: Engine) -> None:
    condition = condition.replace("PORT", str(fleet))
    template = ("--format", "{{.Names}}", "--filter", condition)
    mine = () if condition.startswith("name") else MINE
    compared(docker, skiff, "ps", "-a", *template, *mine)
    compared(docker, skiff, "ps", *template, *mine)


@pytest.mark.parametrize("template", TEMPLATES)
def test_inspect_templates(template: str, fleet: int, docker: Engine, skiff: Engine) -> None:
    compared(docker, skiff, "inspect", "--format", template, f"{TAG}-1", f"{TAG}-3")


@pytest.mark.parametrize(
    "words",
    [
        ("images", IMAGE),
        ("images", "--digests", IMAGE),
        ("images", "--filter", "label=of.image", "--format", r"table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.Size}}"),
        ("images", "--filter", f"reference={TAG}*", "--format", "{{.Repository}} {{.Containers}}"),
        ("images", "--filter", "no-such=1"),
        ("volume", "ls", "--filter", f"name={TAG}"),
        ("volume", "ls", "--filter", f"name={TAG}", "--filter", "dangling=true"),
        ("volume", "ls", "--filter", f"name=^{VOLUME}$", "--format", '{{.Name}} {{.Label "a"}} {{.Labels}} {{.Scope}}'),
        ("volume", "ls", "--filter", f"name={TAG}", "--filter", "label=a=c"),
        ("volume", "ls", "--filter", "no-such=1"),
        ("network", "ls", "--filter", f"name={TAG}"),
        ("network", "ls", "--filter", f"name={TAG}", "--format", '{{.Name}} {{.Label "a"}} {{.IPv6}} {{.Internal}}'),
        ("network", "ls", "--filter", "type=builtin", "--format", "{{.Name}} {{.Driver}}"),
        ("network", "ls", "--filter", f"name={TAG}", "--filter", "type=custom", "-q"),
        ("network", "ls", "--filter", f"name={TAG}", "--filter", "label=a=c"),
        ("network", "ls", "--filter", "type=no-such"),
        ("network", "inspect", "--format", "{{.Name}} {{.Driver}} {{json .Labels}} {{len .Containers}}", NETWORK),
        ("volume", "inspect", "--format", "{{.Name}} {{.Driver}} {{json .Labels}} {{.Scope}}", VOLUME),
        ("image", "inspect", "--format", "{{.Os}} {{json .Config.Cmd}} {{.RepoTags}} {{.Config.Labels}}", IMAGE),
    ],
    ids=" ".join,
)
def test_other_lists(words: tuple[str, ...], fleet: int, docker: Engine, skiff: Engine) -> None:
    compared(docker, skiff, *words)


@pytest.mark.parametrize(
    "words",
    [
        (
            "stats",
            "--no-stream",
            "--format",
            "{{.Name}}|{{.Container}}|{{.PIDs}}|{{.ID}}|{{.NetIO}}",
            f"{TAG}-2",
            f"{TAG}-3",
        ),
        ("stats", "--no-stream", f"{TAG}-3"),
        (
            "stats",
            "--no-stream",
            "--no-trunc",
            "--format",
            r"table {{.ID}}\t{{.Name}}\t{{.PIDs}}",
            f"{TAG}-1",
            f"{TAG}-6",
        ),
        ("stats", "--no-stream", "no-such"),
        ("top", f"{TAG}-2", "-o", "user"),
        ("top", f"{TAG}-2", "--no-such"),
        ("top", f"{TAG}-3"),
        ("logs", f"{TAG}-7"),
        ("logs", "-f", f"{TAG}-7"),
        ("logs", "--tail", "2", f"{TAG}-7"),
        ("logs", "-n", "0", f"{TAG}-7"),
        ("logs", "--tail", "all", "--since", "1h", f"{TAG}-7"),
        ("logs", "--since", "2020-01-02T03:04:05Z", f"{TAG}-7"),
        ("logs", "--since", "2020-01-02", "--until", "1577934246.5", f"{TAG}-7"),
        ("logs", "--until", "1h30m", f"{TAG}-7"),
        ("logs", "--until", "0s", f"{TAG}-7"),
        ("logs", "--details", f"{TAG}-7"),
        ("logs", "--details", f"{TAG}-4"),
        ("logs", "--since", "no-such", f"{TAG}-7"),
        ("logs", "no-such"),
    ],
    ids=" ".join,
)
def test_what_it_does(words: tuple[str, ...], fleet: int, docker: Engine, skiff: Engine) -> None:
    compared(docker, skiff, *words)


@pytest.mark.parametrize("options", [(), ("-eo", "pid,user,args")], ids=str)
def test_top(options: tuple[str, ...], fleet: int, docker: Engine, skiff: Engine) -> None:
    theirs, ours = (re.sub(r"\d+", "N", engine.call("top", f"{TAG}-2", *options).stdout) for engine in (docker, skiff))
    assert same(ours) == same(theirs)


def test_stats(fleet: int, docker: Engine, skiff: Engine) -> None:
    theirs, ours = (engine.call("stats", "--no-stream", f"{TAG}-1").stdout for engine in (docker, skiff))
    assert same(ours.splitlines()[0]) == same(theirs.splitlines()[0])
    assert ours.split()[0] == theirs.split()[0]
    template = ("--format", '{{(index (split .MemUsage " / ") 1)}} {{len .CPUPerc}}', f"{TAG}-1")
    theirs, ours = (engine.call("stats", "--no-stream", *template).stdout for engine in (docker, skiff))
    assert ours == theirs


def test_timestamps_of_a_log(fleet: int, docker: Engine, skiff: Engine) -> None:
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z"
    theirs, ours = (
        re.sub(moment, "MOMENT", engine.call("logs", "-t", f"{TAG}-7").stdout) for engine in (docker, skiff)
    )
    assert ours == theirs == "MOMENT one\nMOMENT two\nMOMENT three\n"


# What names ids, times or paths, or is not the same for a reason of Skiff's own.
OTHERWISE = {
    ".Id .Created .State.Pid .State.StartedAt .State.FinishedAt .Config.Hostname .Image": "ids and times",
    ".ResolvConfPath .HostnamePath .HostsPath .LogPath .GraphDriver.Data": "paths",
    ".NetworkSettings.SandboxID .NetworkSettings.SandboxKey .NetworkSettings.Ports": "ids, and addresses of the test",
    ".HostConfig.PortBindings .HostConfig.Mounts": "addresses of the test",
    ".HostConfig.Runtime": "its name",
    ".HostConfig.PidsLimit .HostConfig.MaskedPaths .HostConfig.ReadonlyPaths": "Skiff's are stricter: docs/security.md",
    ".HostConfig.NetworkMode": "Docker's command says default for bridge, until release 26",
    ".Config.AttachStdout .Config.AttachStderr": "whether a client waited is not kept",
    ".Size .VirtualSize .SizeRootFs": "Docker counts the letters of symbolic links, too",
    ".DockerVersion .Container .ContainerConfig .Comment .Config.Image .RootFS.Layers .Metadata": "of an import",
    ".CreatedAt .Mountpoint .IPAM.Config": "times, paths and addresses",
}
_OTHERWISE = {path for paths in OTHERWISE for path in paths.split()}


def differences(theirs: Any, ours: Any, path: str = "") -> list[str]:
    """Return where two inspect documents differ: keys everywhere, values where they can be the same."""
    if any(path == known or path.startswith(f"{known}.") for known in _OTHERWISE) or path == ".Containers":
        return []
    if isinstance(theirs, dict) and isinstance(ours, dict):
        names = [(f"{path}.{key}", key) for key in sorted({**theirs, **ours})]
        found = [f"{name}: only one has it" for name, key in names if (key in theirs) != (key in ours)]
        found = [line for line in found if line.partition(":")[0] not in _OTHERWISE]
        if path.endswith(".Networks"):
            return found
        return found + [
            line
            for name, key in names
            if key in theirs and key in ours
            for line in differences(theirs[key], ours[key], name)
        ]
    if path == ".Mounts":
        theirs, ours = mounts(theirs), mounts(ours)
    if path == ".HostConfig.Binds" and theirs and ours:  # Docker's command hands on what -v says in any order
        theirs, ours = sorted(theirs), sorted(ours)
    words = [same(json.dumps(value, sort_keys=True)) for value in (theirs, ours)]
    return [] if words[0] == words[1] else [f"{path}: {theirs!r} is {ours!r}"]


def mounts(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = [{**entry, "Source": "", "Name": VOLUME in entry.get("Name", "")} for entry in entries]
    return sorted(found, key=lambda entry: str(entry["Destination"]))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("container", f"{TAG}-{number}") for number in range(1, 7)),
        ("image", IMAGE),
        ("network", NETWORK),
        ("volume", VOLUME),
    ],
)
def test_inspect(kind: str, name: str, fleet: int, docker: Engine, skiff: Engine) -> None:
    words = ("inspect", "--type", kind, *(("--size",) if kind == "container" else ()), name)
    theirs, ours = (json.loads(engine.call(*words).stdout)[0] for engine in (docker, skiff))
    assert differences(theirs, ours) == []


def test_prune(fleet: int, docker: Engine, skiff: Engine) -> None:
    for engine in (docker, skiff):
        for name in ("a", "b"):
            engine.must("create", "--name", f"{TAG}-prune-{name}", "-l", f"{TAG}={name}", "--network", "none", IMAGE)
            engine.must("network", "create", "--label", f"{TAG}={name}", f"{TAG}-prune-{name}")
    try:
        _pruned(docker, skiff)
    finally:  # Docker's networks would outlive a test that fails
        for engine in (docker, skiff):
            for name in ("a", "b"):
                engine.call("network", "rm", f"{TAG}-prune-{name}")


def _pruned(docker: Engine, skiff: Engine) -> None:
    compared(docker, skiff, "container", "prune", "-f", "--filter", f"label={TAG}=c")
    compared(docker, skiff, "container", "prune", "-f", "--filter", f"label={TAG}", "--filter", f"label!={TAG}=a")
    compared(docker, skiff, "container", "prune", "-f", "--filter", f"label={TAG}", "--filter", "until=1h")
    compared(docker, skiff, "container", "prune", "-f", "--filter", f"label={TAG}", "--filter", f"until={LATER}")
    compared(docker, skiff, "container", "prune", "-f", "--filter", "no-such=1")
    compared(docker, skiff, "network", "prune", "-f", "--filter", f"label={TAG}=a")
    compared(docker, skiff, "network", "prune", "-f", "--filter", f"label={TAG}")
    compared(docker, skiff, "network", "prune", "-f", "--filter", f"label={TAG}")
    compared(docker, skiff, "volume", "prune", "-f", "--filter", f"label={TAG}")
    compared(docker, skiff, "image", "prune", "-f", "--filter", f"label={TAG}")


def test_disk_usage(fleet: int, docker: Engine, skiff: Engine) -> None:
    """Docker's engine has what other tests have left, so only the form is compared."""
    theirs, ours = (engine.call("system", "df", "--format", "{{.Type}}").stdout for engine in (docker, skiff))
    assert ours == theirs
    theirs, ours = (engine.call("system", "df").stdout.splitlines()[0] for engine in (docker, skiff))
    assert ours.split() == theirs.split()


STORY = (
    "run -d --name NAME -l x=y --network none --health-cmd true --health-interval 1s IMAGE sleep 1000",
    "exec NAME true",
    "exec -d NAME sh -c 'exit 9'",
    "exec -dt NAME sh -c 'exit 10'",
    "pause NAME",
    "unpause NAME",
    "rename NAME NAME-2",
    "restart -t 0 NAME-2",
    "kill -s USR1 NAME-2",
    "update --restart always NAME-2",
    "stop -t 0 NAME-2",
    "start NAME-2",
    "rm -f NAME-2",
    "run --rm --name NAME-3 --network none IMAGE sh -c 'exit 3'",
)


def told(engine: Engine) -> list[str]:
    """Return what the log of events says of a container's life, sorted, for Docker's is in no strict order.

    Docker notes its health checks as executions, too, and keeps no more than 256 events: there are few checks.
    """
    name = f"{TAG}-told"
    begin = time.time()
    for line in STORY:
        _done(engine, *shlex.split(line.replace("NAME", name).replace("IMAGE", IMAGE)))
        if line.startswith("run -d"):
            _until_healthy(engine, name)
        elif line.startswith("exec -d"):
            _until_noted(engine, begin, f"name={name}", f"exitCode={re.findall('[0-9]+', line)[-1]}")
    template = "{{.Type}} {{.Action}} {{json .Actor.Attributes}}"
    window = ("--since", f"{begin:.9f}", "--until", f"{time.time() + 0.5:.9f}")  # Docker tells of an end after it
    lines = engine.call("events", *window, "--filter", f"image={IMAGE}", "--format", template).stdout.splitlines()
    lines = [
        ids(line).replace(TAG, "") for line in lines if not re.search("health_status|attach|/bin/sh -c true", line)
    ]
    executed = {line for line in lines if "exec_" in line and "told-2" not in line}
    return sorted([*executed, *(line for line in lines if "exec_" not in line)])


def _until_noted(engine: Engine, begin: float, *wanted: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        window = ("--since", f"{begin:.9f}", "--until", f"{time.time():.9f}")
        lines = engine.call("events", *window, "--filter", "event=exec_die").stdout.splitlines()
        if any(all(word in line for word in wanted) for line in lines):
            return
        assert time.monotonic() < deadline, f"{engine.name}: the end of an exec is not noted: {lines}"


def _done(engine: Engine, *words: str) -> None:
    done = engine.call(*words)
    assert done.returncode in (0, 3), f"{engine.name} {words}: {done.stderr}"


def _until_healthy(engine: Engine, name: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while engine.call("inspect", "-f", "{{.State.Health.Status}}", name).stdout.strip() != "healthy":
        assert time.monotonic() < deadline, f"{engine.name}: never healthy"


def test_events(fleet: int, docker: Engine, skiff: Engine) -> None:
    theirs, ours = told(docker), told(skiff)
    assert len(ours) > 20
    assert ours == theirs


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--no-trunc",),
        ("--human=false", "--format", "{{.CreatedBy}}|{{.Comment}}"),
        ("--format", "{{.CreatedSince}}|{{.CreatedBy}}|{{.Size}}|{{.Comment}}"),
        ("--format", "table {{.CreatedBy}}\t{{.Size}}"),
        ("-q", "--format", "{{.Size}}"),
    ],
)
def test_history(docker: Engine, skiff: Engine, fleet: int, words: tuple[str, ...]) -> None:
    theirs, ours = (engine.call("history", *words, IMAGE) for engine in (docker, skiff))
    assert (ours.returncode, same(ours.stdout)) == (theirs.returncode, same(theirs.stdout)), ours.stderr


def test_import_with_a_message_and_a_platform(docker: Engine, skiff: Engine, archive: Path) -> None:
    """Docker 20.10 takes a platform and leaves the architecture as it is; newer ones do what they are asked."""
    name = f"{TAG}-arm"
    shown = []
    for engine in (docker, skiff):
        engine.must("import", "-m", "from a tar", "--platform", "linux/arm64/v8", str(archive), name)
        template = "{{.Os}} {{.Comment}} {{.Architecture}}"
        shown.append(engine.call("image", "inspect", "--format", template, name).stdout)
        engine.must("rmi", "--no-prune", name)
    assert [text.rpartition(" ")[0] for text in shown] == ["linux from a tar"] * 2
    assert shown[1].split()[-1] == "arm64"
