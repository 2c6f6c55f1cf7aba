"""What a terminal shows of a build."""

from __future__ import annotations

from runtime_lib.build.progress import Progress, clean, cut


def test_what_runs_and_what_has_ended() -> None:
    build = Progress(100.0)
    build.begin("a", 1, 2, "FROM x", 100.0)
    build.begin("b", 1, 3, "FROM  \\\n y", 100.0)
    build.begin("a", 2, 2, "RUN make", 100.5)
    build.said("a", "one\ntw")
    build.said("a", "o\nthree\nfour\nfi")
    assert build.frame(102.04, 80, 24) == [
        "[+] Building 2.0s (3 steps, 0 cached)",
        " => [b 1/3] FROM \\ y 2.0s",
        " => [a 2/2] RUN make 1.5s",
        " => # two",
        " => # three",
        " => # four",
        " => # fi",
    ]
    assert build.settled() == [" => [a 1/2] FROM x 0.5s"]
    build.is_cached("b")
    build.note("Pulling y\n")
    build.end("b", True, 103.0)
    assert build.settled() == ["Pulling y", " => CACHED [b 1/3] FROM \\ y 3.0s"]
    build.end("a", False, 104.0)
    build.end("a", False, 104.0)
    assert build.settled() == [
        *(" => ENDED [a 2/2] RUN make 3.5s", "    one", "    two", "    three", "    four", "    fi")
    ]
    assert build.frame(104.0, 80, 24) == ["[+] Building 4.0s (3 steps, 1 cached)"]
    assert build.summary(105.0, True) == "[+] Built in 5.0s (3 steps, 1 cached)"
    assert build.summary(105.0, False).startswith("[+] Ended after 5.0s")


def test_a_small_window() -> None:
    build = Progress(0.0)
    for number in range(9):
        build.begin(f"s{number}", 1, 1, "RUN " + "x" * 200, 0.0)
    frame = build.frame(1.0, 20, 5)
    assert len(frame) == 4
    assert {len(line) for line in frame} == {19}
    assert len(build.frame(1.0, 20, 1)) == 1


def test_what_a_stranger_says() -> None:
    assert clean("10%\r20%\r30%\r") == "30%"
    assert clean("\x1b[31;1mred\x1b[0m\x1b]0;title\x07\ta\x00\u202eb") == "red]0;title    ab"
    assert clean("\x1b[") == ""
    assert cut("日本語", 5) == "日本"
    assert cut("e\u0301x", 2) == "e\u0301x"
    build = Progress(0.0)
    build.begin("a", 1, 1, "RUN \x1b[2J", 0.0)
    build.said("a", "y" * 1_000_000)
    assert "\x1b" not in "".join(build.frame(1.0, 80, 24))
