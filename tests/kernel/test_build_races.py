"""Builds whose commands swap paths meanwhile, again and again: nothing of the host is reached.

CVE-2024-23651, CVE-2024-23652, CVE-2024-11218
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.build.spec import BuildSpec
from runtime_lib.errors import CommandFailed, InvalidSpec
from tests.support.builder import Builder

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
TRIES = 25
SWAP = "while [ ! -e /c/stop ]; do rm -rf /c/f; mkdir /c/f; echo own > /c/f/canary; rm -rf /c/f; ln -s {out} /c/f; done"
MOUNT = "--mount=type=cache,target={at},id=x"


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A folder of the host, which is as it was at the end."""
    folder = tmp_path / "outside"
    (folder / "q/m").mkdir(parents=True)
    (folder / "canary").write_text("the host's")
    yield folder
    assert sorted(os.listdir(folder)) == ["canary", "q"]
    assert os.listdir(folder / "q") == ["m"]
    assert (folder / "canary").read_text() == "the host's"
    assert (folder / "canary").stat().st_nlink == 1


def test_a_cache_that_another_build_swaps(builder: Builder, tmp_path: Path, outside: Path) -> None:
    other = tmp_path / "swapping"
    other.mkdir()
    text = f"FROM base\nRUN {MOUNT.format(at='/c')} echo begun; {SWAP.format(out=outside)}\n"
    (other / "Dockerfile").write_text(text)
    with builder.program(BuildSpec(str(other))) as swapping:
        assert swapping.stdout is not None
        while swapping.stdout.readline().strip() != "begun":
            assert swapping.poll() is None
        logs: list[str] = []
        refusals: list[str] = []
        try:
            for number in range(40 * TRIES):
                if number >= TRIES and logs:
                    break
                command = f"cat /d/*; rm -rf /d/canary /d/q; echo {number} > /d/new; true"
                try:
                    result = builder.build(f"FROM base\nRUN {MOUNT.format(at='/d')},source=f {command}\n")
                    logs.append(result.log)
                except (InvalidSpec, CommandFailed, OSError) as error:  # the folder is a link just now, or not there
                    refusals.append(str(error))
        finally:
            builder.build(f"FROM base\nRUN {MOUNT.format(at='/e')} touch /e/stop\n")
            swapping.stdout.read()
        assert swapping.wait() == 0
    assert logs, "the folder was never there for long enough"
    assert not [text for text in logs + refusals if "the host's" in text]


def test_mount_points_that_are_swapped_until_the_end(builder: Builder, outside: Path) -> None:
    swap = f"while :; do mv /p /k; ln -s {outside} /p; rm /p; mv /k /p; done & sleep 0.0"
    for number in range(TRIES):
        builder.build(f"FROM base\nRUN --mount=type=tmpfs,target=/p/q/m {swap}{number % 10}; true\n", nocache=True)
