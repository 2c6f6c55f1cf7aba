"""Templates; each expectation here is what Docker's command prints for the same template and values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.cli.template import render
from runtime_lib.cli.template_parse import DEPTH, parse
from runtime_lib.errors import InvalidSpec

WEB = {
    "Name": "/web",
    "Args": ["-c", "sleep 1000"],
    "State": {"Status": "running", "Running": True, "Pid": 12, "Health": None},
    "Config": {"Labels": {"a": "1", "com.ex.my-label": "two"}, "Volumes": None, "Env": ["A=b"]},
    "HostConfig": {"Binds": None, "Init": None, "NanoCpus": 0, "RestartPolicy": {"Name": "no", "Count": 0}},
    "Ports": {"80/tcp": [{"HostPort": "8080"}], "81/tcp": None},
    "Label": lambda key: {"a": "1"}.get(key, ""),
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{{.Name}}: {{ .State.Pid }}", "/web: 12"),
        ("{{json .Name}}{{json .Args}}", '"/web"["-c","sleep 1000"]'),
        ("{{.Name | json}}", '"/web"'),
        ("{{- .Name -}}  x", "/webx"),
        ("{{/* nothing */}}y", "y"),
        ("{{.Args}} {{.State.Running}}", "[-c sleep 1000] true"),
        ("{{.HostConfig.Binds}} {{.HostConfig.Init}} {{.Config.Volumes}} {{.State.Health}}", "[] <nil> map[] <nil>"),
        ("{{.HostConfig.RestartPolicy}} {{.Config.Labels}}", "{no 0} map[a:1 com.ex.my-label:two]"),
        ("{{.Config.Labels.a}} {{.Config.Labels.foo}} {{.Config.Labels.Foo.Bar}}", "1 <no value> <no value>"),
        ('{{index .Config.Labels "com.ex.my-label"}}{{index .Config.Labels "x"}}|', "two|"),
        ('{{(index (index .Ports "80/tcp") 0).HostPort}}', "8080"),
        ("{{range $k, $v := .Config.Labels}}{{$k}}={{$v}} {{end}}", "a=1 com.ex.my-label=two "),
        ("{{range $i, $v := .Args}}{{if $i}},{{end}}{{$v}}{{end}}", "-c,sleep 1000"),
        ("{{range .Args}}<{{.}}>{{end}}", "<-c><sleep 1000>"),
        ("{{range .HostConfig.Binds}}x{{else}}none{{end}}", "none"),
        ("{{range $p, $c := .Ports}}{{$p}}{{range $c}}:{{.HostPort}}{{end}} {{end}}", "80/tcp:8080 81/tcp "),
        ("{{if .State.Running}}up{{else}}down{{end}}", "up"),
        ("{{if .State.Health}}a{{else if .State.Pid}}b{{else}}c{{end}}", "b"),
        ("{{with .State}}{{.Status}} {{$.Name}}{{end}}", "running /web"),
        ("{{$x := .Name}}{{$x}}", "/web"),
        ("{{$x := 1}}{{range .Args}}{{$x = .}}{{end}}{{$x}}", "sleep 1000"),
        ('{{eq .State.Status "exited" "running"}} {{ne 1 2}} {{lt 1 2}} {{ge 1 2}}', "true true true false"),
        ('{{and true .Name}} {{or "" .Name}} {{not .Name}}', "/web /web false"),
        ('{{split .Name "e"}} {{upper .Name}} {{lower "AB"}} {{title "a b"}}', "[/w b] /WEB ab A B"),
        ("{{pad .Name 1 2}}|{{truncate .Name 2}}|{{slice .Name 1 3}}|{{len .Args}}", " /web  |/w|we|2"),
        ('{{join .Args ","}}', "-c,sleep 1000"),
        ("a{{println .Name}}b", "a/web\nb"),
        ('{{print "a" 1 2 "b"}}', "a1 2b"),
        ('{{printf "%-6s|%3d|%v|%q|%%" .Name .State.Pid true "x"}}', '/web  | 12|true|"x"|%'),
        ('{{.Label "a"}}{{.Label "b"}}', "1"),
        ('{{json .State.Running}}{{`raw \\n`}}{{"\\n"}}', "trueraw \\n\n"),
        ("{{if and .State.Running (eq .State.Pid 12)}}yes{{end}}", "yes"),
        ('{{"}}"}}', "}}"),
    ],
)
def test_what_a_template_makes(template: str, text: str) -> None:
    assert render(template, WEB) == text


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{.Nope}}", "there is no .Nope"),
        ("{{.State.nope}}", "there is no .nope in .State"),
        ("{{.Name.First}}", "there is no .First in Name"),
        ("{{range .Args}}", "'range' has no {{end}}"),
        ("{{end}}", "without an if, range or with"),
        ("{{else}}", "without an if, range or with"),
        ("{{.Name}", "without its }}"),
        ("{{.Name", "without its }}"),
        ("{{}}", "empty"),
        ("{{foo .Name}}", "no function 'foo'"),
        ("{{index .Args 9}}", "9 is out of range"),
        ('{{index .Args "x"}}', "'x' is not a number"),
        ("{{index .HostConfig.Binds 0}}", "nothing to look into"),
        ("{{eq .Name 1}}", "two kinds"),
        ("{{$nobody}}", "no variable $nobody"),
        ('{{define "x"}}{{end}}', "'define' of Go's templates is not there"),
        ("{{upper .State.Pid}}", "upper cannot be called with 12"),
        ("{{len}}", "len cannot be called with nothing"),
        ("{{.Name .Args}}", "takes no argument"),
        ("{{range .Name}}{{end}}", "cannot go over"),
        ('{{printf "%9999s" .Name}}', "a width above 1000"),
        ("{{pad .Name 100000 0}}", "more than 1000 blanks"),
        ("{{.Name ; }}", "is not understood"),
        ("{{(.Name}}", "a ( has no )"),
        ("{{.Name) }}", "stands where it has no meaning"),
        ("{{1 := 2}}", "only variables"),
        ("{{slice .Name 3 1}}", "3:1 is out of range"),
        ("{{" + "(" * 9999 + "1" + ")" * 9999 + "}}", f"more than {DEPTH} actions"),
        ("{{if 1}}" * 9999, f"more than {DEPTH} actions"),
    ],
)
def test_mistakes_are_told_in_a_sentence(template: str, why: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        render(template, WEB)
    assert str(caught.value).startswith("--format: ")
    assert why in str(caught.value)


_PIECES = st.sampled_from(
    [
        "{{",
        "}}",
        ".Name",
        ".",
        "$x",
        ":=",
        "range ",
        "end",
        "if ",
        "else",
        "(",
        ")",
        "|",
        '"',
        "`",
        "json ",
        "-",
        " ",
        "9",
    ]
)


@given(st.lists(_PIECES, max_size=25).map("".join))
def test_any_text_is_filled_or_refused(template: str) -> None:
    try:
        assert isinstance(render(template, WEB), str)
    except InvalidSpec:
        return


def test_the_tree() -> None:
    assert parse("a{{.B.C}}") == [("text", "a"), ("emit", ([], [[("field", ".", ["B", "C"])]]))]
