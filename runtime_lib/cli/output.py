"""Tables, templates, sizes and times as Docker's command prints them."""

from __future__ import annotations

import sys
import time

from ..jsontext import compact as plain
from ..jsontext import quote_utf8

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

_DECIMAL_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_GAP = 3  # blanks between two columns; Docker's
_LEAST = 10  # signs of a column with its gap; Docker's
# Titles of what is in no table by itself.
TITLES = (
    ("CREATED AT", "CreatedAt"),
    ("CONTAINERS", "Containers"),
    ("DIGEST", "Digest"),
    ("LABELS", "Labels"),
    ("LOCAL VOLUMES", "LocalVolumes"),
    ("MOUNTS", "Mounts"),
    ("NETWORKS", "Networks"),
    ("STATE", "State"),
    ("SIZE", "Size"),
)


def compact(value: object) -> str:
    """Return JSON on one line, as Go's encoder has it."""
    from .template_functions import compact as go_json

    return go_json(value)


def render(template: str, value: Any) -> str:
    """Return what a Go template makes of an object. Raises InvalidSpec."""
    from .template import render as filled  # regular expressions take a third of the time of `ps`

    return filled(template, value)


def rows(
    objects: Sequence[dict[str, Any]],
    columns: Sequence[tuple[str, str]],
    template: str | None,
    quiet: str = "",
    shown: Sequence[tuple[str, str]] = (),
) -> None:
    """Print objects as `--format` (a Go template, `json`, `table ...`) says, or as a table of (title, key) columns.

    With `quiet`, one key's values alone, as long as no template is given; with `shown`, only these columns without one.
    """
    columns = columns if template else shown or columns
    if template in (None, "", "table"):
        if quiet:
            write_lines(entry[quiet] for entry in objects)
        else:
            body = [[entry[key] for _unused, key in columns] for entry in objects]
            write_lines(table([title for title, _unused in columns], body))
    elif template == "json":
        write_lines(compact(entry) for entry in objects)
    else:
        write_lines(templated(str(template), objects, columns))


def templated(template: str, objects: Sequence[dict[str, Any]], columns: Sequence[tuple[str, str]]) -> list[str]:
    """Return what a template makes of objects, one line for each; with `table` before it, under its own titles."""
    from .template import render
    from .template_functions import UNCHANGED

    is_table = template.startswith("table ")
    pattern = template[6 if is_table else 0 :].strip().replace("\\t", "\t").replace("\\n", "\n")
    lines = [render(pattern, entry) for entry in objects]
    if not is_table:
        return lines
    titles: dict[str, Any] = {key: _title(key) for entry in objects[:1] for key in entry}
    titles.update({key: title for title, key in (*TITLES, *columns)})
    head = render(pattern, {**titles, "Label": _label_title}, UNCHANGED)
    return table(head.split("\t"), [line.split("\t") for line in lines])


def table(titles: Sequence[str], body: Sequence[Sequence[str]], least: int = _LEAST) -> list[str]:
    """Return the lines of a table whose columns are as wide as their longest cell, and as `least` signs."""
    cells = [list(titles), *[list(row) for row in body]]
    widths = [max(least, *(len(row[at]) + _GAP for row in cells if len(row) > at + 1)) for at in range(len(titles) - 1)]
    lines = []
    for row in cells:
        padded = [cell.ljust(width) for cell, width in zip(row[:-1], [*widths, *[least] * len(row)])]
        lines.append("".join([*padded, row[-1]]))
    return lines


def pretty(value: object) -> str:
    """Return JSON as `docker inspect` prints it."""
    from .template_functions import data

    return _indented(data(value), "\n")


def _indented(value: Any, line: str) -> str:
    """Return JSON as `json.dumps(value, ensure_ascii=False, indent=4)`, whose own code for that is slow."""
    inner = f"{line}    "
    if isinstance(value, str):
        return quote_utf8(value)
    if isinstance(value, dict) and value:
        items = [f"{quote_utf8(str(key))}: {_indented(item, inner)}" for key, item in value.items()]
    elif isinstance(value, (list, tuple)) and value:
        items = [_indented(item, inner) for item in value]
    else:
        return plain(value)
    first, last = "{}" if isinstance(value, dict) else "[]"
    return first + inner + f",{inner}".join(items) + line + last


def write_lines(lines: Iterable[str]) -> None:
    """Print lines; text that the terminal's encoding lacks is escaped."""
    write_text("".join(f"{line}\n" for line in lines))


def write_text(text: str) -> None:
    """Print a text as it is; what the terminal's encoding lacks is escaped."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def size(number: int, digits: int = 3) -> str:
    """Return bytes in decimal units, as go-units' HumanSizeWithPrecision: 1.98MB, 77.8MB, 0B."""
    value, unit = _scaled(number, 1000, _DECIMAL_UNITS)
    return f"{value:.{digits}g}{unit}"


def binary_size(number: int) -> str:
    """Return bytes in binary units with four digits, as go-units' BytesSize: 444KiB, 23.54GiB, 0B."""
    value, unit = _scaled(number, 1024, _BINARY_UNITS)
    return f"{value:.4g}{unit}"


def _scaled(number: int, base: int, units: Sequence[str]) -> tuple[float, str]:
    value, steps = float(number), 0
    while value >= base and steps < len(units) - 1:
        value /= base
        steps += 1
    return value, units[steps]


def quoted(text: str) -> str:
    """Return a text between quotes, as Go's strconv.Quote: what a stranger wrote cannot steer a terminal."""
    marks = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(marks.get(sign) or (sign if sign.isprintable() else _escaped(sign)) for sign in text) + '"'


def _escaped(sign: str) -> str:
    return f"\\x{ord(sign):02x}" if ord(sign) < 128 else f"\\u{ord(sign):04x}"


def local_time(time_ns: int) -> str:
    """Return a time as `docker ps --format {{.CreatedAt}}` has it: 2026-11-23 02:25:55 +0000 UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z %Z", time.localtime(time_ns // 1_000_000_000))


def shorten(text: str, length: int) -> str:
    """Cut a text for a column, with an ellipsis at its end."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _label_title(name: str) -> str:
    return name.rpartition(".")[2].replace("-", " ").replace("_", " ")


def _title(key: str) -> str:
    words = "".join(f" {letter}" if letter.isupper() and at else letter for at, letter in enumerate(key))
    return words.upper()
