from __future__ import annotations

import sys

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.oci import hooks, report


def test_planned() -> None:
    planned = hooks.planned({"hooks": {"poststop": [{"path": "/x", "env": ["A=b=c"]}], "prestart": []}})
    assert list(planned) == ["poststop"]
    (hook,) = planned["poststop"]
    assert (hook.path, hook.args, hook.environment, hook.timeout) == ("/x", ["/x"], {"A": "b=c"}, 0)


@pytest.mark.parametrize("path", ["", "relative", "/nul\0"])
def test_a_path_that_cannot_be_is_refused(path: str) -> None:
    with pytest.raises(InvalidSpec, match="absolute path"):
        hooks.planned({"hooks": {"prestart": [{"path": path}]}})


def python(code: str, **more: object) -> list[hooks.Hook]:
    entry = {"path": sys.executable, "args": ["python", "-c", code], **more}
    return hooks.planned({"hooks": {"prestart": [entry]}})["prestart"]


def test_a_hook_reads_the_state() -> None:
    state = hooks.state({"ociVersion": "1.0.2"}, "id", "/b", "creating", 7)
    code = "import json,sys; s = json.load(sys.stdin); sys.exit(s['pid'] != 7 or s['bundle'] != '/b')"
    hooks.run(python(code), state)


def test_a_hook_that_fails_is_heard() -> None:
    with pytest.raises(report.LaunchError, match="exit code 3: because") as caught:
        hooks.run(python("import sys; print('because'); sys.exit(3)"), {})
    assert caught.value.stage == "hook"


def test_a_hook_that_hangs_is_ended() -> None:
    with pytest.raises(report.LaunchError, match="has not ended within"):
        hooks.run(python("import time; time.sleep(1000)", timeout=0.2), {})


def test_a_hook_that_is_missing_is_heard() -> None:
    (hook,) = hooks.planned({"hooks": {"prestart": [{"path": "/nonexistent"}]}})["prestart"]
    with pytest.raises(report.LaunchError, match="No such file"):
        hooks.run([hook], {})
