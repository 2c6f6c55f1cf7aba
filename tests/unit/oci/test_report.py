from __future__ import annotations

import pytest

from runtime_lib.errors import HostLacks, InvalidSpec, SkiffError
from runtime_lib.oci import report


def test_a_stage_names_what_failed() -> None:
    with pytest.raises(report.LaunchError) as caught, report.Stage("mount", "/proc"):
        raise FileNotFoundError(2, "No such file or directory", "other")
    error = caught.value
    assert (error.stage, error.errno, error.filename) == ("mount", 2, "/proc")


def test_the_inner_stage_counts() -> None:
    with pytest.raises(report.LaunchError) as caught, report.Stage("outer"), report.Stage("inner"):
        raise OSError(5, "bad", "/x")
    assert (caught.value.stage, caught.value.filename) == ("inner", "/x")


def test_failures_cross_the_wire() -> None:
    error = report.decode(report.encode(report.LaunchError(13, "permission denied", "/é", "exec")))
    assert isinstance(error, report.LaunchError)
    assert (error.errno, error.strerror, error.filename, error.stage) == (13, "permission denied", "/é", "exec")


@pytest.mark.parametrize("kind", [InvalidSpec, HostLacks])
def test_what_a_user_or_the_host_is_told_stays_so(kind: type[SkiffError]) -> None:
    error = report.decode(report.encode(kind("do it otherwise")))
    assert isinstance(error, kind)
    assert str(error) == "do it otherwise"


def test_a_bug_is_told_too() -> None:
    error = report.decode(report.encode(KeyError("x")))
    assert "KeyError" in str(error)
