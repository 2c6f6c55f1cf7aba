"""The build checks that need to know what instructions mean."""

from __future__ import annotations

import pytest

from runtime_lib.build import checks, dockerfile, interpret, stepchecks

BASES = {"python": {"Env": ["PYTHON_VERSION=3", "PATH=/bin"]}, "plain": {}, "leaves": {"OnBuild": ["ARG left=1"]}}


def found(text: str, **given: str) -> list[tuple[int, str]]:
    parsed = dockerfile.parse(text)
    known = interpret.global_arguments(parsed, given)
    more = stepchecks.find(parsed, given, known, BASES.get, lambda path: path.startswith("secret"))
    return [(one.line, one.name) for one in checks.find(parsed, frozenset(known), more)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM plain\nCOPY $foo .", [(2, "UndefinedVar")]),
        ("FROM plain\nARG foo=x\nCOPY $foo .", []),
        ("FROM plain\nARG VERSION=${foo}", [(2, "UndefinedVar")]),
        ("FROM python\nARG VERSION=$PYTHON_VERSION\nENV PATH=$PATH:/app", []),
        ("FROM python AS a\nENV own=1\nFROM a\nWORKDIR /$PYTHON_VERSION$own", []),
        ("FROM unknown AS a\nWORKDIR /$x\nFROM a\nUSER a$y", []),
        ("FROM plain\nLABEL a=${x:-y} b=${x:+y} c=$1", []),
        ('FROM plain\nRUN echo $x\nCMD ["$x"]', []),
        ("FROM plain\nENV PATH=$PATH:/app", []),
        ("FROM leaves\nUSER a$left", []),
        ("FROM scratch\nUSER a$x", [(2, "UndefinedVar")]),
        ("ARG TAG\nFROM plain:${TAG}\n", [(2, "InvalidDefaultArgInFrom")]),
        ("ARG TAG=1\nFROM plain:${TAG}\n", []),
        ("ARG KIND\nFROM plain${KIND}\n", []),
        ("ARG BASE=one\nFROM plain AS one\nFROM ${BASE}\n", []),
        ("FROM plain\nCOPY secret/x /", []),
        ("# check=experimental=all\nFROM plain\nCOPY ./secret/x /", [(3, "CopyIgnoredFile")]),
        ("# check=experimental=CopyIgnoredFile\nFROM plain\nADD open secret* /", []),
        ("# check=skip=UndefinedVar\nFROM plain\nCOPY $foo .", []),
    ],
)
def test_findings(text: str, expected: list[tuple[int, str]]) -> None:
    assert found(text, TAG="1") == expected


def test_what_was_meant() -> None:
    parsed = dockerfile.parse("FROM python\nENV A=$PAHT B=$PYTON_VERSION C=$qqqqq")
    one, two, three = stepchecks.find(parsed, {}, {}, BASES.get, bool)
    assert one.text == "Usage of undefined variable '$PAHT' (did you mean $PATH?)"
    assert two.text.endswith("(did you mean $PYTHON_VERSION?)")
    assert three.text == "Usage of undefined variable '$qqqqq'"
