"""Images and a registry on loopback: `pull` and `push` of 400 MB in 15,000 files, and what a pull takes of memory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

from tests.bench.engines import IMAGE, Field
from tests.bench.measure import Series, once, quiet, table
from tests.support.registry import Registry, serving

LAYERS = 4
FILES = 3750  # of each layer
HALF = 13_300  # bytes of a file that are random; the other half is not: neither is like all of a real layer
WHAT = f"400 MB in {LAYERS * FILES} files, {LAYERS} layers"


def pull(field: Field, count: int) -> str:
    """`pull` of an image of which nothing is there."""
    with serving(field.folder / "registry") as registry:
        _build(field, registry)
        name = _name(registry)
        series = {who: Series(who) for who in _engines(field)}
        for number in range(count + 1):
            for who in series:
                sample = once(_call(field, who, "pull", "-q", name))
                _call(field, who, "rmi", "-f", name)()
                if number:
                    series[who].samples.append(sample)
        peak = _peak(field, "pull", "-q", name)
        _call(field, "skiff", "rmi", "-f", name)()
    ratio = series["skiff"].wall / series["podman"].wall
    return (
        f"{table(f'pull from a registry on loopback: {WHAT}', series, {'skiff': 0.5})}\n"
        f"To podman: {ratio:.2f} (goal 0.6). Most memory of one pull by skiff: {peak:.0f} MiB (goal 64).\n"
    )


def push(field: Field, count: int) -> str:
    """`push` of the same image to a registry that has nothing of it."""
    with serving(field.folder / "registry") as registry:
        _build(field, registry)
        source = _name(registry)
        for who in ("podman", "skiff"):
            _call(field, who, "pull", "-q", source)()
    series = {who: Series(who) for who in _engines(field)}
    for number in range(count + 1):
        for who in series:
            folder = field.folder / f"push-{number}-{who}"
            with serving(folder) as registry:
                _call(field, who, "tag", source, _name(registry))()
                sample = once(_call(field, who, "push", "-q", _name(registry)))
            quiet(["rm", "-r", str(folder)])()
            if number:
                series[who].samples.append(sample)
    for who in series:
        _call(field, who, "rmi", "-f", source)()
    ratio = series["skiff"].wall / series["podman"].wall
    found = table(f"push to a registry on loopback: {WHAT}", series, {"skiff": 1.0})
    return f"{found}\nTo podman: {ratio:.2f} (goal 1.0).\n"


def _engines(field: Field) -> dict[str, list[str]]:
    return {"docker": field.docker(), "podman": field.podman(), "skiff": field.skiff()}


def _call(field: Field, who: str, verb: str, *words: str) -> Callable[[], object]:
    """Return a call of one engine's command."""
    options = ["--tls-verify=false"] if who == "podman" and verb in ("pull", "push") else []
    return quiet([*_engines(field)[who], verb, *options, *words], env={**os.environ, **field.host.environment})


def _name(registry: Registry) -> str:
    return f"{registry.host}/large:1"


def _build(field: Field, registry: Registry) -> None:
    """Have the image in a registry, and in Docker."""
    context = field.folder / "large-context"
    lines = [f"FROM {IMAGE}"]
    for layer in range(LAYERS):
        lines.append(f"COPY l{layer} /l{layer}")
        for number in range(FILES):
            path = context / f"l{layer}" / f"d{number % 50}" / f"f{number}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(HALF) + b"skiff " * (HALF // 6))
    (context / "Dockerfile").write_text("\n".join(lines))
    _call(field, "docker", "build", "-q", "-t", _name(registry), str(context))()
    _call(field, "docker", "push", "-q", _name(registry))()


def _peak(field: Field, *words: str) -> float:
    """Return the most memory, in MiB, that a command of Skiff ever had."""
    environment = {**os.environ, **field.host.environment}
    process = subprocess.Popen(field.skiff(*words), env=environment, stdout=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise AssertionError(f"skiff {words} ended with {process.returncode}")
    return usage.ru_maxrss / 1024
