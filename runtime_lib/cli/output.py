"""Tables, templates, sizes and times as Docker's command prints them."""

from __future__ import annotations

import json
import sys
import time

from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DECIMAL_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_GAP = 3  # blanks between two columns; Docker's


def rows(
    objects: Sequence[dict[str, str]], columns: Sequence[tuple[str, str]], template: str | None, quiet: str = ""
) -> None:
    """Print objects as `--format` (a Go template, `json`, `table ...`) says, or as a table of (title, key) columns.

    With `quiet`, one key's values alone.
    """
    if quiet:
        write_lines(entry[quiet] for entry in objects)
    elif template in (None, "", "table"):
        rows = [[entry[key] for _unused, key in columns] for entry in objects]
        write_lines(table([title for title, _unused in columns], rows))
    elif template == "json":
        write_lines(compact(entry) for entry in objects)
    elif template is not None and template.startswith("table "):
        titles = {key: title for title, key in columns}
        pattern = template[6:].replace("\\t", "\t")
        head = render(pattern, {key: titles.get(key, _title(key)) for entry in objects[:1] for key in entry} or titles)
        write_lines(table(head.split("\t"), [render(pattern, entry).split("\t") for entry in objects]))
    elif template is not None:
        pattern = template.replace("\\t", "\t").replace("\\n", "\n")
        write_lines(render(pattern, entry) for entry in objects)


def table(titles: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table whose columns are as wide as their longest cell."""
    cells = [list(titles), *[list(row) for row in body]]
    widths = [max(len(row[at]) for row in cells) for at in range(len(titles))]
    lines = []
    for row in cells:
        padded = [cell.ljust(width + _GAP) for cell, width in zip(row[:-1], widths)]
        lines.append("".join([*padded, row[-1]]))
    return lines


def render(template: str, values: object) -> str:
    """Fill a simple Go template: `{{.Key}}`, `{{.Key.Inner}}`, `{{json .Key}}` and text. Raises InvalidSpec."""
    parts = []
    rest = template
    while "{{" in rest:
        text, _unused, rest = rest.partition("{{")
        action, closed, rest = rest.partition("}}")
        if not closed:
            raise InvalidSpec(f"--format: {template!r} has an unclosed action")
        parts += [text, _action(action.strip(), values, template)]
    return "".join([*parts, rest])


def _action(action: str, values: object, template: str) -> str:
    words = action.split()
    as_json = words[:1] == ["json"]
    if as_json:
        words = words[1:]
    if len(words) != 1 or not words[0].startswith("."):
        raise InvalidSpec(
            f"--format: {template!r}: of Go's templates only {{{{.Key}}}} and {{{{json .Key}}}} are there"
        )
    value = _look_up(words[0], values, template)
    if as_json:
        return compact(value)
    return value if isinstance(value, str) else go_text(value)


def _look_up(path: str, values: object, template: str) -> object:
    for key in [key for key in path.split(".") if key]:
        if not isinstance(values, dict) or key not in values:
            raise InvalidSpec(f"--format: {template!r}: there is no {path}")
        values = values[key]
    return values


def go_text(value: object) -> str:
    """Return a value as Go's templates print it."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{go_text(value[key])}' for key in sorted(value))}]"
    if isinstance(value, (list, tuple)):
        return f"[{' '.join(go_text(entry) for entry in value)}]"
    return str(value)


def compact(value: object) -> str:
    """Return one line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def pretty(value: object) -> str:
    """Return JSON as `docker inspect` prints it."""
    return json.dumps(value, ensure_ascii=False, indent=4)


def write_lines(lines: Iterable[str]) -> None:
    """Print lines; text that the terminal's encoding lacks is escaped."""
    text = "".join(f"{line}\n" for line in lines)
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def size(number: int, digits: int = 3) -> str:
    """Return bytes in decimal units, as go-units' HumanSizeWithPrecision: 1.98MB, 77.8MB, 0B."""
    value, unit = float(number), 0
    while value >= 1000 and unit < len(_DECIMAL_UNITS) - 1:
        value /= 1000
        unit += 1
    return f"{value:.{digits}g}{_DECIMAL_UNITS[unit]}"


def local_time(time_ns: int) -> str:
    """Return a time as `docker ps --format {{.CreatedAt}}` has it: 2026-11-23 02:25:55 +0000 UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z %Z", time.localtime(time_ns // 1_000_000_000))


def shorten(text: str, length: int) -> str:
    """Cut a text for a column, with an ellipsis at its end."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _title(key: str) -> str:
    words = "".join(f" {letter}" if letter.isupper() and at else letter for at, letter in enumerate(key))
    return words.upper()
