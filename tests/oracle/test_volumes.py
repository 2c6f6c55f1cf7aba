"""Volumes on both engines: every form of their mounts, their events, what is said of them, and their end."""

from __future__ import annotations

import itertools
import json
import os
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import IMAGE, Engine

TAG = f"volumes{os.getpid()}"
DATA = f"{TAG}-data"
TMPFS = 'volume-opt=type=tmpfs,volume-opt=device=tmpfs,"volume-opt=o=size=1m,mode=700"'


@pytest.fixture(autouse=True)
def clean(docker: Engine, skiff: Engine) -> Iterator[None]:
    """Leave nothing on the engine that may be somebody else's."""
    yield
    for engine in (docker, skiff):
        containers = engine.call("ps", "-aq", "--filter", f"name={TAG}").stdout.split()
        if containers:
            engine.call("rm", "-f", "-v", *containers)
        volumes = engine.call("volume", "ls", "-q", "--filter", f"name={TAG}").stdout.split()
        if volumes:
            engine.call("volume", "rm", *volumes)


def told(engine: Engine) -> list[str]:
    """Return the events of volumes in the life of a container, sorted within one moment of each."""
    name = f"{TAG}-box"
    begin = time.time()
    engine.must("volume", "create", DATA)
    options = ("-v", f"{DATA}:/rw", "-v", f"{DATA}:/ro:ro", "--mount", "type=tmpfs,target=/t", "-v", "/etc:/b")
    engine.must("run", "-d", "--name", name, "--network", "none", *options, IMAGE, "sleep", "1000")
    engine.must("restart", "-t", "0", name)
    engine.must("kill", name)
    engine.must("wait", name)
    engine.must("rm", name)
    engine.must("volume", "rm", DATA)
    window = ("--since", f"{begin:.9f}", "--until", f"{time.time() + 0.1:.9f}", "--filter", f"volume={DATA}")
    lines = engine.must("events", *window, "--format", "{{.Action}} {{json .Actor}}").splitlines()
    lines = [re.sub(r"[0-9a-f]{64}", "ID", line) for line in lines if "volumes" in line]
    mounts = [line for line in lines if line.startswith(("mount", "unmount"))]
    assert lines[0].startswith("create")
    assert lines[-1].startswith("destroy")
    return [lines[0], *(line for at in range(0, len(mounts), 2) for line in sorted(mounts[at : at + 2])), lines[-1]]


def test_events(docker: Engine, skiff: Engine) -> None:
    theirs, ours = told(docker), told(skiff)
    assert len(theirs) == 10
    assert ours == theirs


def lines_of(text: str) -> list[str]:
    """Return the titles of a verbose listing, each with the sorted lines of this test, without what differs.

    Docker's volumes come in another order at each call.
    """
    kept = [line for line in text.splitlines() if TAG in line or line.isupper() or line.endswith(":")]
    plain = [
        re.sub(r"\s+", " ", re.sub(r"[0-9a-f]{12}|(Less than a|About a|\d+) (second|minute)s?", "X", line))
        for line in kept
    ]
    parts = itertools.groupby(plain, key=lambda line: TAG in line)
    return [line for named, group in parts for line in (sorted(group) if named else group)]


def test_disk_usage(docker: Engine, skiff: Engine) -> None:
    """What each thing takes; the build cache is another one."""
    fill = "head -c 5000 /dev/zero >/d/a; head -c 700 /dev/zero >/own"
    for engine in (docker, skiff):
        engine.must("run", "--name", f"{TAG}-box", "--network", "none", "-v", f"{DATA}:/d", IMAGE, "sh", "-c", fill)
        engine.must("volume", "create", f"{TAG}-empty")
    theirs, ours = (lines_of(engine.must("system", "df", "-v")) for engine in (docker, skiff))
    assert ours == [line for line in theirs if "CACHE" not in line]
    assert len(ours) == 9
    template = "{{range .Volumes}}{{.Name}} {{.Links}} {{.Size}} {{.Driver}} {{.Scope}};{{end}}"
    shown = [engine.must("system", "df", "-v", "--format", template) for engine in (docker, skiff)]
    theirs, ours = (sorted(part for part in text.split(";") if TAG in part) for text in shown)
    assert ours == theirs


@pytest.mark.parametrize(
    "options",
    [
        ("--mount", f'src={DATA},dst=/m,volume-driver=local,{TMPFS}'),
        ("--mount", f"type=VOLUME,src={DATA},DST=/m,volume-nocopy=true,readonly"),
        ("--mount", "type=tmpfs,dst=/m,tmpfs-size=1m,tmpfs-mode=0700,readonly"),
        ("--mount", "type=bind,src=/etc,dst=/m,ro,bind-propagation=private"),
        ("--mount", "type=bind,src=/etc,dst=/m,volume-nocopy"),
        ("--mount", "type=bind,src=/etc,dst=/m,tmpfs-size=1"),
        ("--mount", f"type=volume,src={DATA},dst=/m,bind-propagation=rslave"),
        ("--mount", "type=tmpfs, dst=/m"),
        ("--mount", "type=tmpfs,dst=/m,"),
        ("-v", "/etc:/m:ro,rw"),
        ("-v", f"{DATA}:/m:rslave"),
        ("-v", "/etc:/m", "--tmpfs", "/m"),
        ("-v", "/etc:/m", "-v", "/usr:/m"),
        ("--tmpfs", "/m:size=1m,mode=700,uid=5,gid=6"),
        ("--tmpfs", "/m:odd"),
    ],
)  # fmt: skip
def test_forms_of_mounts(docker: Engine, skiff: Engine, options: tuple[str, ...]) -> None:
    script = "ls -ldn /m | awk '{print $1,$3,$4}'; awk '$5 == \"/m\" {print $6}' /proc/self/mountinfo"
    if "src=/etc" not in " ".join(options):
        script += "; touch /m/x && echo written"
    done = [engine.run(("--network", "none", *options), "sh", "-c", script) for engine in (docker, skiff)]
    theirs, ours = ((one.returncode, one.stdout) for one in done)
    assert ours == theirs, done


LONG = [
    *(f"type=bind,src=/etc{more}"
      for more in ("", ",ro,bind-propagation=rprivate", ",bind-nonrecursive=true", ",consistency=cached", ",ro=false")),
    *(f"src={DATA}{more}" for more in ("", ",ro,volume-nocopy,volume-label=a=b", ",volume-driver=local")),
    f"src={DATA}-other,volume-driver=local,{TMPFS}",
    "volume-nocopy=true",
    "type=volume",
    "type=volume,consistency=default",
]  # fmt: skip
SHORT = [
    *(f"{DATA}:%s{mode}" for mode in ("", ":rw", ":ro", ":nocopy", ":ro,nocopy", ":nocopy,ro", ":z")),
    *(f"/etc:%s{mode}" for mode in ("", ":rw", ":ro,rprivate", ":rprivate,ro", ":ro,Z", ":cached")),
    "%s",
]  # fmt: skip
SHOWN = {
    "short": [word for number, text in enumerate(SHORT) for word in ("-v", text % f"/s{number:02}")],
    "long": [word for number, text in enumerate(LONG) for word in ("--mount", f"{text},dst=/l{number:02}")],
    "both": ["-v", f"{DATA}:/b", "--mount", f"src={DATA},dst=/a", "--tmpfs", "/m:size=1m", "-v", "/etc:/c:ro"],
    "tmpfs": ["--mount", "type=tmpfs,dst=/a", "--mount", "type=tmpfs,dst=/b,tmpfs-size=1m,tmpfs-mode=700,ro"],
    "taken": ["--volumes-from", f"{TAG}-short", "--volumes-from", f"{TAG}-long:ro", "-v", "/n"],
}


def shown(engine: Engine, name: str) -> dict[str, Any]:
    """Return all that `inspect` says of a container's mounts, without the engine's folder and names given by chance."""
    text = re.sub(r'"[^"]*/volumes/', '"VOLUMES/', engine.must("inspect", name))
    found = json.loads(re.sub(r"\b[0-9a-f]{64}\b", "ID", text))[0]
    host = found["HostConfig"]
    return {
        "Binds": sorted(host["Binds"] or ()),
        "Mounts of the host": sorted(host.get("Mounts") or (), key=lambda entry: str(entry["Target"])),
        "Tmpfs": host.get("Tmpfs"),
        "Mounts": sorted(found["Mounts"], key=lambda entry: str(entry["Destination"])),
        "Volumes": found["Config"]["Volumes"],
        "VolumesFrom": host["VolumesFrom"],
    }


def test_shown_as_asked_for(docker: Engine, skiff: Engine) -> None:
    answers = []
    for engine in (docker, skiff):
        for name, options in SHOWN.items():
            engine.must("create", "--name", f"{TAG}-{name}", "--network", "none", *options, IMAGE, "true")
        answers.append({name: shown(engine, f"{TAG}-{name}") for name in SHOWN})
    theirs, ours = answers
    assert len(ours["long"]["Mounts"]) == len(LONG)
    wrong = [
        (name, part, their, our)
        for name, parts in theirs.items()
        for part in parts
        for their, our in itertools.zip_longest(parts[part] or (), ours[name][part] or ())
        if their != our
    ]
    assert not wrong, "\n".join(map(str, wrong))
    assert ours == theirs


def with_options(engine: Engine, **options: str) -> tuple[int, bool]:
    """Make a volume with driver options; return the status and whether it is there."""
    words = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    done = engine.call("volume", "create", *words, DATA)
    return done.returncode, DATA in engine.must("volume", "ls", "-q").split()


@pytest.mark.parametrize(
    "options",
    [
        {"type": "nfs", "o": "addr=no.such.invalid,nfsvers=4", "device": ":/data"},
        {"type": "nfs", "o": "addr=192.0.2.300", "device": ":/data"},
        {"type": "cifs", "o": "addr=no.such.invalid", "device": "//no.such.invalid/share"},
        {"type": "ext4", "device": "/dev/no-such"},
        {"type": "no-such", "device": "/dev/null"},
        {"type": "tmpfs", "o": "odd=1", "device": "tmpfs"},
        {"type": "none", "o": "bind", "device": "/no-such"},
    ],
)  # fmt: skip
def test_what_cannot_be_mounted(docker: Engine, skiff: Engine, options: dict[str, str]) -> None:
    """A start says so, and both can be removed; Docker takes a missing device for a missing program (127)."""
    found = []
    for engine in (docker, skiff):
        made = with_options(engine, **options)
        done = engine.call("run", "--name", f"{TAG}-box", "--network", "none", "-v", f"{DATA}:/d", IMAGE, "true")
        left = engine.call("ps", "-a", "--filter", f"name={TAG}-box", "--format", "{{.Status}}").stdout
        removed = [engine.call("rm", f"{TAG}-box").returncode, engine.call("volume", "rm", DATA).returncode]
        missing = engine is docker and "no such file" in done.stderr
        assert done.returncode == (127 if missing else 125), done.stderr
        assert "Traceback" not in done.stderr
        found.append((made, left, removed))
    assert found[1] == found[0]
