from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runtime_lib.records import asdict, dataclass, field, fields, replace


@dataclass(frozen=True)
class Part:
    number: int
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Whole:
    """A docstring."""

    part: Part
    names: dict[str, str] = field(default_factory=dict)

    @property
    def double(self) -> int:
        return self.part.number * 2


def test_values() -> None:
    one, same = Whole(Part(1, ("a",))), Whole(part=Part(1, ("a",)), names={})
    assert one == same
    assert one != Whole(Part(2))
    other: object = "other"
    assert one != other
    assert one.double == 2
    assert one.names is not same.names
    assert hash(Part(1)) == hash(Part(number=1))
    assert repr(Part(1)) == "Part(number=1, words=())"


def test_they_are_frozen() -> None:
    part = Part(1)
    with pytest.raises(AttributeError):
        part.number = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del part.number
    assert part == Part(1)


@pytest.mark.parametrize(("values", "named"), [((), {}), ((1, (), 3), {}), ((1,), {"number": 1}), ((1,), {"odd": 1})])
def test_wrong_arguments(values: tuple[object, ...], named: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Part(*values, **named)  # type: ignore[arg-type]


def test_functions() -> None:
    whole = Whole(Part(1, ("a",)), {"x": "y"})
    assert replace(whole, names={}) == Whole(Part(1, ("a",)))
    assert asdict(whole) == {"part": {"number": 1, "words": ("a",)}, "names": {"x": "y"}}
    assert [entry.name for entry in fields(Whole)] == ["part", "names"]


def test_a_start_does_not_pay_for_dataclasses() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import runtime_lib.containers.run, runtime_lib.containers.create,"
        "runtime_lib.containers.execute, runtime_lib.containers.bundle, runtime_lib.containers.finish;"
        "raise SystemExit('dataclasses' in sys.modules)"
    )
    subprocess.run([sys.executable, "-I", "-S", "-c", script, str(Path(__file__).parents[2])], check=True)
