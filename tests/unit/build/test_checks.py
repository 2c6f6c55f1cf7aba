from __future__ import annotations

import pytest

from runtime_lib.build import checks, dockerfile
from runtime_lib.errors import InvalidSpec

KNOWN = frozenset(["TARGETPLATFORM"])


def found(text: str) -> list[tuple[int, str]]:
    return [(one.line, one.name) for one in checks.find(dockerfile.parse(text), KNOWN)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM x AS a\nRUN y", []),
        ("FROM x AS Big", [(1, "StageNameCasing")]),
        ("from x AS a", [(1, "FromAsCasing")]),
        ("FROM x\nRUN a \\\n\n  b", [(3, "NoEmptyContinuation")]),
        ("FROM x\nrun a\nENV b=c", [(2, "ConsistentInstructionCasing")]),
        ("FROM x\nRun a\nENV b=c", [(2, "ConsistentInstructionCasing")]),
        ("from x\nrun a\nENV b=c", [(3, "ConsistentInstructionCasing")]),
        ("FROM x AS a\nFROM y AS a", [(2, "DuplicateStageName")]),
        ("FROM x AS scratch", [(1, "ReservedStageName")]),
        ("FROM x\nCMD a", [(2, "JSONArgsRecommended")]),
        ('FROM x\nSHELL ["a"]\nCMD a', []),
        ("FROM x\nMAINTAINER a", [(2, "MaintainerDeprecated")]),
        ("FROM x$v", [(1, "UndefinedArgInFrom")]),
        ("ARG v\nFROM x$v", []),
        ("FROM --platform=${TARGETPLATFORM} x", [(1, "RedundantTargetPlatform")]),
        ("FROM --platform=linux/amd64 x", [(1, "FromPlatformFlagConstDisallowed")]),
        ("FROM x\nWORKDIR a\nWORKDIR /b\nWORKDIR c", [(2, "WorkdirRelativePath")]),
        ('FROM x\nCMD ["a"]\nCMD ["b"]', [(2, "MultipleInstructionsDisallowed")]),
        ("FROM x\nENV a b\nLABEL c d", [(2, "LegacyKeyValueFormat"), (3, "LegacyKeyValueFormat")]),
        ("FROM x\nARG my_token\nENV KEY=1 PUBLIC_KEY=2", [(2, "SecretsUsedInArgOrEnv"), (3, "SecretsUsedInArgOrEnv")]),
        ("FROM x\nEXPOSE 80/TCP 81/udp", [(2, "ExposeProtoCasing")]),
        ("FROM x\nEXPOSE 127.0.0.1:80:80 81:81/udp 82", [(2, "ExposeInvalidFormat"), (2, "ExposeInvalidFormat")]),
        ("# check=skip=StageNameCasing,FromAsCasing\nFROM x as A", []),
        ("# check=skip=all\nFROM x as A", []),
    ],
)
def test_findings(text: str, expected: list[tuple[int, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# check=error=true\nFROM x as a", r"FromAsCasing: 'as' and 'FROM' keywords' casing do not match \(line 2\)"),
        ("# check=foo=1\nFROM x", "means nothing"),
        ("# check=error=maybe\nFROM x", "means nothing"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidSpec, match=message):
        found(text)
