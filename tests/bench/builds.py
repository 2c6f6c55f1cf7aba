"""Dockerfile builds against Docker's classic builder and buildah: cold, from the cache, and a context of many files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.bench.engines import IMAGE, Field
from tests.bench.measure import Series, once, quiet, rounds, table

FILES = 1000
LARGE = 100  # MB
STEPS = f"""\
FROM {IMAGE}
ENV A=b
RUN echo one > /one
COPY files /files
RUN cat /files/f1 > /two
COPY large /large
RUN echo three > /three
WORKDIR /work
RUN echo four > four
RUN echo five > five
CMD ["sh"]
"""
COPY = f"FROM {IMAGE}\nCOPY files /files\n"


def ten_steps(field: Field, count: int) -> str:
    """Ten steps (five RUN, a COPY of 1,000 files, one of 100 MB): without a cache, and with all of it in the cache."""
    context = _context(field, STEPS)
    cold = rounds(_builders(field, context, ["--no-cache"]), count)
    cached = rounds(_builders(field, context, []), count)
    return (
        table("build of ten steps, cold", cold, {"skiff": 0.6})
        + "\n"
        + table("build of ten steps, cached", cached, {"skiff": 0.3})
    )


def many_files(field: Field, count: int) -> str:
    """A COPY of 1,000 files, which are others each time."""
    context = _context(field, COPY)
    series = {name: Series(name) for name in ("docker", "buildah", "skiff")}
    for number in range(count + 1):
        for name, build in _builders(field, context, []).items():
            (context / "files" / "f0").write_text(f"{number} {name}")
            sample = once(build)
            if number:
                series[name].samples.append(sample)
    return table("build with a COPY of 1,000 files", series, {"skiff": 0.5})


def _builders(field: Field, context: Path, options: list[str]) -> dict[str, Callable[[], object]]:
    words = [*options, "-t", "built", str(context)]
    cache = [] if options else ["--layers"]
    return {
        "docker": quiet(field.docker("build", *words)),
        "buildah": quiet(_buildah(field, "build", "--isolation", "chroot", *cache, *words)),
        "skiff": quiet(field.skiff("build", *words), env=field.host.environment),
    }


def _buildah(field: Field, *arguments: str) -> list[str]:
    folders = ["--root", str(field.folder / "podman"), "--runroot", str(field.folder / "podman-run")]
    return ["buildah", *folders, *arguments]


def _context(field: Field, dockerfile: str) -> Path:
    context = field.folder / "context"
    if not context.exists():
        (context / "files").mkdir(parents=True)
        for number in range(FILES):
            (context / "files" / f"f{number}").write_bytes(os.urandom(1000))
        with (context / "large").open("wb") as file:
            for _unused in range(LARGE):
                file.write(os.urandom(500_000) + bytes(500_000))
    (context / "Dockerfile").write_text(dockerfile)
    subprocess.run(["sync", "-f", str(context)], check=True)
    return context
