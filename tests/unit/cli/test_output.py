from __future__ import annotations

import pytest

from runtime_lib.cli import output
from runtime_lib.errors import InvalidSpec

ENTRY = {"ID": "2567ff5d21cb", "Names": "web", "State": {"Pid": 12, "Ok": True, "List": ["a", 1], "Map": {"b": None}}}


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0B"),
        (999, "999B"),
        (1000, "1kB"),
        (1_982_407, "1.98MB"),
        (77_800_000, "77.8MB"),
        (123_456_789, "123MB"),
        (1_500_000_000, "1.5GB"),
    ],
)
def test_sizes_are_dockers(number: int, text: str) -> None:
    assert output.size(number) == text


def test_sizes_with_four_digits() -> None:
    assert output.size(1_982_407, 4) == "1.982MB"


def test_a_table_is_spaced_as_dockers() -> None:
    assert output.table(["NETWORK ID", "NAME"], [["14f38b1018a9", "bridge"], ["x", "n"]]) == [
        "NETWORK ID     NAME",
        "14f38b1018a9   bridge",
        "x              n",
    ]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{.ID}}: {{ .Names }}", "2567ff5d21cb: web"),
        ("{{json .Names}}", '"web"'),
        ("{{.State.Pid}} {{.State.Ok}} {{.State.List}}", "12 true [a 1]"),
        ("plain", "plain"),
        ("{{json .State.List}}", '["a",1]'),
    ],
)
def test_templates(template: str, text: str) -> None:
    assert output.render(template, ENTRY) == text


@pytest.mark.parametrize("template", ["{{.Nope}}", "{{range .X}}", "{{.ID", "{{}}"])
def test_templates_that_are_not_there_are_refused(template: str) -> None:
    with pytest.raises(InvalidSpec, match="--format"):
        output.render(template, ENTRY)


def test_rows(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    columns = (("CONTAINER ID", "ID"), ("NAMES", "Names"))
    entries = [{"ID": "1", "Names": "é"}]
    for template in (None, "json", "table {{.Names}}\\t{{.ID}}", "{{.ID}}\\t{{.Names}}"):
        output.rows(entries, columns, template)
    output.rows(entries, columns, None, quiet="ID")
    output.rows([], columns, None)
    assert capfdbinary.readouterr().out.decode().splitlines() == [
        "CONTAINER ID   NAMES",
        "1              é",
        '{"ID":"1","Names":"é"}',
        "NAMES     CONTAINER ID",
        "é         1",
        "1\té",
        "1",
        "CONTAINER ID   NAMES",
    ]


def test_a_table_of_a_template_has_dockers_titles(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    entries = [{"ID": "1", "Label": {"com.ex.my-label": "two"}.get, "LocalVolumes": "0"}]
    template = 'table {{upper .ID}}\\t{{.Label "com.ex.my-label"}}\\t{{.LocalVolumes}}'
    output.rows(entries, (("CONTAINER ID", "ID"),), template)
    output.rows(entries, (("CONTAINER ID", "ID"),), "json")
    assert capfdbinary.readouterr().out.decode().splitlines() == [
        "CONTAINER ID   my label   LOCAL VOLUMES",
        "1              two        0",
        '{"ID":"1","LocalVolumes":"0"}',
    ]


def test_long_texts_are_cut() -> None:
    assert output.shorten("sh -c 'while true; do sleep 1; done'", 20) == "sh -c 'while true; …"
    assert output.shorten("sleep 30", 20) == "sleep 30"


def test_binary_sizes_are_dockers() -> None:
    sizes = [output.binary_size(number) for number in (0, 1023, 1024, 454_656, 25_276_510_208)]
    assert sizes == ["0B", "1023B", "1KiB", "444KiB", "23.54GiB"]


def test_quoted_text_cannot_steer_a_terminal() -> None:
    assert output.quoted('a "b"\n\\\x1b é\u202e') == '"a \\"b\\"\\n\\\\\\x1b é\\u202e"'
