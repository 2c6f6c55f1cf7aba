"""The host's own package sources (man 5 sources.list: the one-line and the deb822 style)."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FOLDER = "/etc/apt"


def lines(suite: str, components: Sequence[str], folder: str = _FOLDER) -> list[str]:
    """Return the host's sources of a suite, its updates and its security fixes, as lines of sources.list.

    Only sources with the component `main` count: others add software to a distribution, they are none. Nothing is
    returned when the host has no source of this suite.
    """
    found = []
    for path in _files(folder):
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        for options, uri, name, offered in _deb822(text) if path.endswith(".sources") else _one_line(text):
            if (name == suite or name.startswith((f"{suite}-", f"{suite}/"))) and "main" in offered:
                wanted = " ".join(word for word in components if word in offered)
                if wanted and "backports" not in name and "proposed" not in name:
                    found.append(f"deb {options}{uri} {name} {wanted}")
    # Without the suite itself its updates alone are of no use.
    return found if any(suite in line.split() for line in found) else []


def _files(folder: str) -> list[str]:
    paths = [f"{folder}/sources.list"]
    if os.path.isdir(f"{folder}/sources.list.d"):
        names = sorted(os.listdir(f"{folder}/sources.list.d"))
        paths += [f"{folder}/sources.list.d/{name}" for name in names if name.endswith((".list", ".sources"))]
    return [path for path in paths if os.path.isfile(path)]


def _one_line(text: str) -> Iterator[tuple[str, str, str, list[str]]]:
    for line in text.splitlines():
        rest = line.split("#")[0].strip()
        if not rest.startswith(("deb ", "deb\t")):
            continue
        rest = rest[4:].strip()
        options = ""
        if rest.startswith("[") and "]" in rest:
            inner, _unused, rest = rest[1:].partition("]")
            options = f"[{inner.strip()}] "
        words = rest.split()
        if len(words) >= 3:
            yield options, words[0], words[1], words[2:]


def _deb822(text: str) -> Iterator[tuple[str, str, str, list[str]]]:
    for stanza in text.split("\n\n"):
        fields = _fields(stanza)
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes") == "no":
            continue
        signed = fields.get("signed-by", "")
        options = f"[signed-by={signed}] " if signed.startswith("/") and " " not in signed else ""
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield options, uri, suite, fields.get("components", "").split()


def _fields(stanza: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    last = ""
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1] in (" ", "\t"):
            fields[last] = f"{fields.get(last, '')} {line.strip()}"
        elif ":" in line:
            key, _unused, value = line.partition(":")
            last = key.strip().lower()
            fields[last] = value.strip()
    return fields
