from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.build import dockerfile
from runtime_lib.errors import InvalidSpec


def test_stages_and_arguments() -> None:
    parsed = dockerfile.parse(
        "ARG v=1 w\nFROM a:$v AS one\nRUN x\nfrom --platform=linux/amd64 scratch\nCOPY --from=one /a /b\n"
    )
    assert [item.arguments for item in parsed.arguments] == [("v=1", "w")]
    assert [(stage.base, stage.name, len(stage.instructions)) for stage in parsed.stages] == [
        ("a:$v", "one", 1),
        ("scratch", "", 1),
    ]
    assert (parsed.stage(""), parsed.stage("one"), parsed.stage("ONE"), parsed.stage("1")) == (1, 0, 0, 1)
    with pytest.raises(InvalidSpec, match="its stages are one, 1"):
        parsed.stage("two")


@pytest.mark.parametrize(
    ("line", "arguments", "is_json"),
    [
        ("RUN echo  hi ", ("echo  hi",), False),
        ('RUN ["a", "b c"]', ("a", "b c"), True),
        ("RUN ['a']", ("['a']",), False),
        ('RUN ["a"] && b', ('["a"] && b',), False),
        ("RUN [ -f x ] && y", ("[ -f x ] && y",), False),
        ("CMD", (), False),
        ("CMD []", (), True),
        ("copy a b /c/", ("a", "b", "/c/"), False),
        ('COPY ["a b", "/c"]', ("a b", "/c"), True),
        ("ENV a=1 b='2 3' c=\"4 5\" d=6\\ 7", ("a", "1", "b", "'2 3'", "c", '"4 5"', "d", "6\\ 7"), False),
        ("ENV a b=c", ("a", "b=c"), False),
        ("LABEL a= b=c", ("a", "", "b", "c"), False),
        ("EXPOSE 80 90", ("80", "90"), False),
        ("VOLUME /a /b", ("/a", "/b"), False),
        ("WORKDIR /a b", ("/a b",), False),
    ],
)
def test_arguments(line: str, arguments: tuple[str, ...], is_json: bool) -> None:
    (item,) = dockerfile.parse(f"FROM x\n{line}").stages[0].instructions
    assert (item.arguments, item.is_json, item.where) == (arguments, is_json, "Dockerfile line 2")


def test_flags() -> None:
    (item,) = dockerfile.parse("FROM x\nCOPY --from=a --chown=1:2 --chmod=644 b /c").stages[0].instructions
    assert (item.flag("from"), item.flag("chown"), item.flag("chmod"), item.arguments) == (
        "a",
        "1:2",
        "644",
        ("b", "/c"),
    )
    (item,) = dockerfile.parse("FROM x\nCOPY -- --odd /c").stages[0].instructions
    assert item.arguments == ("--odd", "/c")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Dockerfile has no instruction"),
        ("RUN x", "Dockerfile line 1: RUN comes before FROM"),
        ("ARG x", "no FROM"),
        ("FROM x\nFOO y", "Dockerfile line 2: unknown instruction 'FOO'; known are ADD, ARG, CMD, COPY"),
        ("FROM x\nRUN --device=a y", "Dockerfile line 2: RUN --device is not supported yet; remove it"),
        ("FROM x\nRUN --network=none --network=host y", "needs --network=VALUE once"),
        ("FROM x\nCOPY --link=x a b", "COPY --link=x is neither true nor false"),
        ("FROM x\nCOPY --checksum=x a b", "COPY does not know the flag --checksum"),
        ("FROM x\nCOPY --foo a b", "COPY does not know the flag --foo; it knows --from, --chown, --chmod"),
        ("FROM x\nCOPY --from a b", "needs --from=VALUE"),
        ("FROM x\nCOPY --from=a --from=b c d", "needs --from=VALUE once"),
        ("FROM x\nENV a", "ENV a lacks a value"),
        ("FROM x\nENV a=1 b", "ENV has 'b' without ="),
        ("FROM x\nENV =1", "value without a name"),
        ("FROM x\nRUN", "RUN needs an argument"),
        ("FROM x\nRUN [1]", "strings only"),
        ('FROM x\nRUN ["a", {}]', "strings only"),
        ("FROM x AS", "FROM takes IMAGE or IMAGE AS NAME"),
        ("FROM x IS y", "FROM takes IMAGE"),
        ("FROM x AS 1a", "'1a' is no stage name"),
        ("FROM", "FROM needs an argument"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidSpec) as error:
        dockerfile.parse(text)
    assert message in str(error.value)


@given(st.text(alphabet="FROMRUNCOPYENV \n\\\"'[]=<-#ax", max_size=300))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        dockerfile.parse("FROM x\n" + text)
    except InvalidSpec:
        return


def test_deep_json_is_a_shell_command() -> None:
    (item,) = dockerfile.parse("FROM x\nRUN " + "[" * 100_000).stages[0].instructions
    assert not item.is_json
