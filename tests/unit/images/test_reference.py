from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.errors import InvalidSpec
from runtime_lib.images import reference

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "full", "familiar"),
    [
        ("nginx", "docker.io/library/nginx:latest", "nginx:latest"),
        ("nginx:1.25", "docker.io/library/nginx:1.25", "nginx:1.25"),
        ("docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest"),
        ("index.docker.io/library/nginx", "docker.io/library/nginx:latest", "nginx:latest"),
        ("docker.io/library/nginx", "docker.io/library/nginx:latest", "nginx:latest"),
        ("grafana/grafana", "docker.io/grafana/grafana:latest", "grafana/grafana:latest"),
        ("library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"),
        ("localhost/app", "localhost/app:latest", "localhost/app:latest"),
        ("localhost:5000/app:v1", "localhost:5000/app:v1", "localhost:5000/app:v1"),
        ("quay.io/a/b__c.d---e:T_1.0-x", "quay.io/a/b__c.d---e:T_1.0-x", "quay.io/a/b__c.d---e:T_1.0-x"),
        ("[2001:db8::1]:5000/app", "[2001:db8::1]:5000/app:latest", "[2001:db8::1]:5000/app:latest"),
        ("Host/app", "Host/app:latest", "Host/app:latest"),
        (f"nginx@{DIGEST}", f"docker.io/library/nginx@{DIGEST}", f"nginx@{DIGEST}"),
        (f"nginx:1@{DIGEST}", f"docker.io/library/nginx:1@{DIGEST}", f"nginx:1@{DIGEST}"),
    ],
)
def test_a_name_has_one_full_and_one_familiar_spelling(text: str, full: str, familiar: str) -> None:
    parsed = reference.parse(text)
    assert (parsed.full, parsed.familiar) == (full, familiar)
    assert reference.parse(full) == reference.parse(familiar) == parsed


@pytest.mark.parametrize(
    "text",
    ["", "/", "a/", "/a", "a//b", "A", "a/B", "a:", ":a", "a:b:c", "a b", "a\n", "-a", "a-", "a._b", "a___b", "a..b"]
    + ["a:-x", "a:.x", "a:" + "x" * 129, "a@", "a@sha256:00", f"a@{DIGEST.upper()}", "a@md5:" + "0" * 32, "ä", "../a"]
    + [
        "a/../b",
        "host:port/a",
        "ho_st.x/a",
        "-h.x/a",
        "h..x/a",
        "[::1/a",
        "[xyz]:1/a",
        "host:٣/a",
        "a\0",
        "a" * 256,
        "0" * 64,
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidSpec):
        reference.parse(text)


def test_the_length_counts_without_the_tag() -> None:
    assert reference.parse("a/" + "b" * 240 + ":" + "t" * 128).tag == "t" * 128
    with pytest.raises(InvalidSpec, match="longer than 255"):
        reference.parse("x.y/" + "b" * 252)


def test_a_name_with_a_digest_cannot_be_given() -> None:
    with pytest.raises(InvalidSpec, match="digest cannot be given"):
        reference.new_name(f"a@{DIGEST}")


@given(st.text(max_size=300))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        parsed = reference.parse(text)
    except InvalidSpec:
        return
    assert reference.parse(parsed.full) == parsed


_component = st.from_regex(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+){0,3}", fullmatch=True)


@given(st.lists(_component, min_size=1, max_size=4), st.from_regex(r"[A-Za-z0-9_][\w.-]{0,20}", fullmatch=True))
def test_every_name_of_the_grammar_is_accepted(components: list[str], tag: str) -> None:
    text = "/".join(components)
    if len(text) > 200 or not tag.isascii():
        return
    assert reference.parse(f"quay.io/{text}:{tag}").full == f"quay.io/{text}:{tag}"


@pytest.mark.parametrize("text", ["a" * 40 + "!", "a-" * 100 + "!", "-" * 254, "a" + "-" * 252 + "a", "a:" * 127])
def test_texts_that_make_regular_expressions_explode_are_answered(text: str) -> None:
    try:
        reference.parse(text)
    except InvalidSpec:
        return
