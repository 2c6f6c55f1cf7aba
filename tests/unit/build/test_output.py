from __future__ import annotations

from runtime_lib.build import dockerfile, output

STAGES = dockerfile.parse("FROM x AS a\nFROM y").stages


def test_one_stage_is_passed_on_as_it_comes() -> None:
    seen: list[str] = []
    stage = output.Stage(seen.append, STAGES, 0, False)
    stage.total = 2
    stage.begin(1, "FROM x")
    stage.write("half a")
    stage.write(" line\n")
    stage.flush()
    assert seen == ["Step 1/2 : FROM x\n", "half a", " line\n"]


def test_several_have_whole_lines_with_a_name() -> None:
    seen: list[str] = []
    first, second = (output.Stage(seen.append, STAGES, index, True) for index in (0, 1))
    first.total = second.total = 3
    first.begin(1, "FROM x")
    second.begin(2, "RUN y")
    second.write("half a")
    first.write("one\ntwo\n")
    second.write(" line\nno end")
    second.flush()
    second.flush()
    expected = [
        "[a 1/3] FROM x",
        "[1 2/3] RUN y",
        "[a 1/3] one",
        "[a 1/3] two",
        "[1 2/3] half a line",
        "[1 2/3] no end",
    ]
    assert "".join(seen).splitlines() == expected
