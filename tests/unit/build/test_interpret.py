from __future__ import annotations

from typing import Any

import pytest

from runtime_lib.build import dockerfile, interpret, platforms
from runtime_lib.build.arguments import Arguments, platform
from runtime_lib.build.steps import CopyStep, RunStep, Step, WorkdirStep
from runtime_lib.errors import InvalidSpec

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def steps(text: str, given: dict[str, str] | None = None, base: dict[str, Any] | None = None) -> list[Step]:
    parsed = dockerfile.parse(text)
    values = interpret.global_arguments(parsed, given or {})
    return interpret.steps(parsed, parsed.stages[-1], base, Arguments(given or {}, values))


def config(text: str, **options: Any) -> dict[str, Any]:
    return steps(f"FROM x\n{text}", **options)[-1].config


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "img:1"), ({"v": "2"}, "img:2"), ({"v": ""}, "img:"), ({"other": "x"}, "img:1")],
)
def test_base_name_takes_global_arguments(given: dict[str, str], expected: str) -> None:
    parsed = dockerfile.parse("ARG v=1\nARG n=img:$v\nFROM ${n}")
    values = interpret.global_arguments(parsed, given)
    assert interpret.base_name(parsed, parsed.stages[0], values) == expected


def test_an_empty_base_is_refused() -> None:
    parsed = dockerfile.parse("FROM $v")
    with pytest.raises(InvalidSpec, match=r"line 1: the base image \$v is empty"):
        interpret.base_name(parsed, parsed.stages[0], {})


def test_environment() -> None:
    assert config("ENV a=1 b=$a\nENV b=$a c=${b}x a=2")["Env"] == [PATH, "a=2", "b=1", "c=x"]
    assert config("ENV PATH=/x:$PATH", base={"Env": ["PATH=/a"]})["Env"] == ["PATH=/x:/a"]


def test_arguments_have_docker_scopes() -> None:
    text = "ARG g=1\nFROM x\nARG g\nARG a=d\nENV e=$g$a$unseen\nARG e=no\nLABEL l=$e"
    assert steps(text, {"a": "u"})[-1].config["Labels"] == {"l": "1u"}
    assert steps("ARG g=1\nFROM x\nLABEL l=x$g")[-1].config["Labels"] == {"l": "x"}


def test_arguments_of_the_platform_must_be_declared_in_a_stage() -> None:
    found = platform(platforms.parse("linux/arm/v7"), platforms.parse("arm"))
    assert (found["TARGETPLATFORM"], found["BUILDARCH"], found["TARGETVARIANT"]) == ("linux/arm/v7", "arm", "v7")
    parsed = dockerfile.parse("FROM --platform=$BUILDPLATFORM x-$TARGETOS")
    assert interpret.base_name(parsed, parsed.stages[0], interpret.global_arguments(parsed, {})) == "x-linux"
    assert config("ENV a=$TARGETOS")["Env"] == [PATH, "a="]
    assert config("ARG TARGETOS\nENV a=$TARGETOS")["Env"] == [PATH, "a=linux"]


def test_run_sees_arguments_and_records_them() -> None:
    step = steps("FROM x\nARG b=2\nARG a\nENV e=1\nRUN go", {"a": "1", "http_proxy": "p", "z": "no"})[-1]
    assert isinstance(step, RunStep)
    assert step.env == (PATH, "e=1", "b=2", "a=1", "http_proxy=p")
    assert step.recorded == (PATH, "e=1", "a=1", "b=2")
    assert step.created_by == "|2 a=1 b=2 /bin/sh -c go"
    assert "http_proxy=p" not in step.config["Env"]


def test_run_forms() -> None:
    shell, listed, here, script = steps(
        'FROM x\nSHELL ["/bin/bash", "-ec"]\nRUN a b\nRUN ["a", "b"]\nRUN cat <<E > /f\n$x\nE\nRUN <<E\na\nb\nE\n'
    )[1:]
    assert [step.argv for step in (shell, listed, here, script) if isinstance(step, RunStep)] == [
        ("/bin/bash", "-ec", "a b"),
        ("a", "b"),
        ("/bin/bash", "-ec", "cat <<E > /f\n$x\nE\n"),
        ("/bin/bash", "-ec", "a\nb\n"),
    ]


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("CMD a b", "Cmd", ["/bin/sh", "-c", "a b"]),
        ('CMD ["a"]', "Cmd", ["a"]),
        ('SHELL ["/x"]\nENTRYPOINT a', "Entrypoint", ["/x", "a"]),
        ('ENTRYPOINT ["a"]', "Cmd", None),
        ('CMD ["c"]\nENTRYPOINT ["a"]', "Cmd", ["c"]),
        ("EXPOSE 80 53/UDP 9-11", "ExposedPorts", {k: {} for k in ("53/udp", "80/tcp", "9/tcp", "10/tcp", "11/tcp")}),
        ("VOLUME /a $x/b", "Volumes", {"/a": {}, "/b": {}}),
        ("WORKDIR a\nWORKDIR b/../c", "WorkingDir", "/a/c"),
        ("WORKDIR /a\nWORKDIR ..", "WorkingDir", "/"),
        ("USER ${u:-joe}:grp", "User", "joe:grp"),
        ("STOPSIGNAL SIGINT", "StopSignal", "SIGINT"),
        ("ONBUILD RUN x $y", "OnBuild", ["RUN x $y"]),
        ("HEALTHCHECK NONE", "Healthcheck", {"Test": ["NONE"]}),
        ("HEALTHCHECK CMD x y", "Healthcheck", {"Test": ["CMD-SHELL", "x y"]}),
        (
            'HEALTHCHECK --interval=1m0.5s --timeout=3s --start-period=1ms --retries=4 CMD ["x"]',
            "Healthcheck",
            {
                "Test": ["CMD", "x"],
                "Interval": 60_500_000_000,
                "Timeout": 3 * 10**9,
                "StartPeriod": 10**6,
                "Retries": 4,
            },
        ),
    ],
)
def test_configuration(text: str, key: str, expected: object) -> None:
    assert config(text, base={"Cmd": ["old"]})[key] == expected


def test_copy() -> None:
    step = steps("FROM x\nWORKDIR /w\nENV d=/e\nCOPY --from=y --chown=1:$z --chmod=0750 a* b $d/", {"z": "2"})[-1]
    assert isinstance(step, CopyStep)
    assert (step.sources, step.destination, step.source_stage) == (("a*", "b"), "/e/", "y")
    assert (step.owner, step.mode, step.unpack) == ("1:", "0750", False)
    assert step.history("multi:0") == "/bin/sh -c #(nop) COPY --chown=1:multi:0 in /e/ "


@pytest.mark.parametrize(
    ("written", "destination"),
    [(".", "/w/"), ("./", "/w/"), ("x", "/w/x"), ("/", "/"), ("x/..", "/w"), ("../y/", "/y/")],
)
def test_destinations(written: str, destination: str) -> None:
    step = steps(f"FROM x\nWORKDIR /w\nCOPY a {written}")[-1]
    assert isinstance(step, CopyStep)
    assert step.destination == destination


def test_documents_in_place_of_files() -> None:
    step = steps("FROM x\nENV v=1\nCOPY <<a <<'b' c /d/\n$v\na\n$v\nb\n")[-1]
    assert isinstance(step, CopyStep)
    assert [(part.name, part.content) for part in step.heredocs] == [("a", "1\n"), ("b", "$v\n")]
    assert step.sources == ("c",)


def test_triggers_of_the_base_run_first() -> None:
    found = steps("FROM x\nUSER b", base={"OnBuild": ["USER a", "WORKDIR /w"]})
    assert [type(step) for step in found] == [Step, WorkdirStep, Step]
    assert "OnBuild" not in found[-1].config
    assert "left by ONBUILD in x" in found[0].where


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("COPY a", "line 2: COPY needs at least one source"),
        ("COPY --chmod=u+q a /b", "--chmod=u+q is neither a number"),
        ("COPY https://x/y /z", "COPY takes no address (https://x/y); ADD does"),
        ("ADD ftp://x/y /z", "line 2: ftp://x/y: only http, https and Git"),
        ("ADD --checksum=sha256:0 a /z", "--checksum belongs to one address"),
        ("EXPOSE x", "is no port"),
        ("EXPOSE 70000", "is no port"),
        ("EXPOSE 9-8", "is no port"),
        ('VOLUME [""]', "empty path"),
        ("SHELL x", "SHELL takes a list"),
        ("HEALTHCHECK x", "NONE or"),
        ("HEALTHCHECK CMD", "NONE or"),
        ("HEALTHCHECK --interval=5 CMD x", "no duration"),
        ("HEALTHCHECK --interval=1us CMD x", "below 1ms"),
        ("HEALTHCHECK --retries=x CMD x", "no number"),
        ("ONBUILD FROM x", "ONBUILD FROM is not allowed"),
        ("ONBUILD ONBUILD RUN x", "not allowed"),
        ("ONBUILD RUN --device=x y", "not supported yet"),
        ("RUN --mount=x y", "line 2: --mount=x: 'x' is no KEY=VALUE"),
        ("RUN --network=x y", "line 2: RUN --network=x is none of default, none, host"),
        ("RUN --security=x y", "line 2: RUN --security=x is none of sandbox, insecure"),
        ("ENV a=${x", "line 2"),
        ("RUN []", "RUN needs an argument"),
        ("WORKDIR ${x:?give x}", "Dockerfile line 2: x: give x"),
    ],
)
def test_refused_with_file_and_line(text: str, message: str) -> None:
    with pytest.raises(InvalidSpec) as error:
        steps(f"FROM x\n{text}")
    assert message in str(error.value)
    assert str(error.value).startswith("Dockerfile line 2")


def test_a_script_names_its_interpreter() -> None:
    step = steps("FROM x\nRUN <<-run\n\t#!/bin/python\n\tprint(1)\n\trun\n")[-1]
    assert isinstance(step, RunStep)
    assert step.argv == ("/bin/sh", "-c", "/dev/pipes/run")
    assert step.script
    assert step.script.content == "#!/bin/python\nprint(1)\n"
    with pytest.raises(InvalidSpec, match="line 2: the script's delimiter 'a/b' is no name of a file"):
        steps("FROM x\nRUN <<a/b\n#!/bin/sh\na/b\n")
