"""One instruction of a Dockerfile: its name, flags and arguments, checked as far as is possible before a build."""

from __future__ import annotations

import json

from ..errors import InvalidSpec
from ..records import dataclass
from . import suggestion, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .lines import Heredoc, Line

# name -> the flags that are supported.
FLAGS: dict[str, tuple[str, ...]] = {
    "ADD": ("chown", "chmod", "link", "exclude", "checksum", "keep-git-dir", "unpack"),
    "ARG": (),
    "CMD": (),
    "COPY": ("from", "chown", "chmod", "link", "parents", "exclude"),
    "ENTRYPOINT": (),
    "ENV": (),
    "EXPOSE": (),
    "FROM": ("platform",),
    "HEALTHCHECK": ("interval", "timeout", "start-period", "start-interval", "retries"),
    "LABEL": (),
    "MAINTAINER": (),
    "ONBUILD": (),
    "RUN": ("mount", "network", "security"),
    "SHELL": (),
    "STOPSIGNAL": (),
    "USER": (),
    "VOLUME": (),
    "WORKDIR": (),
}
_REPEATED = (("RUN", "mount"), ("COPY", "exclude"), ("ADD", "exclude"))
_SWITCHES = ("link", "parents", "keep-git-dir", "unpack")
# What other builders know and this one does not: (instruction, flag) -> what to do instead.
_UNSUPPORTED = {
    ("RUN", "device"): "remove it",
}
_JSON_OR_TEXT = ("CMD", "ENTRYPOINT", "RUN", "SHELL")
_JSON_OR_WORDS = ("ADD", "COPY", "VOLUME")
_PAIRS = ("ENV", "LABEL")
_MAY_BE_EMPTY = ("CMD", "ENTRYPOINT")


@dataclass(frozen=True)
class Instruction:
    """An instruction. `where` is "<file> line <number>", for messages.

    `arguments` holds the words, or one text where `is_json` is False and the instruction takes a shell command or a
    single value. ENV and LABEL have key and value by turns. Variables are not expanded yet.
    """

    where: str
    name: str
    flags: tuple[tuple[str, str], ...]
    arguments: tuple[str, ...]
    is_json: bool
    text: str
    heredocs: tuple[Heredoc, ...] = ()
    line: int = 0

    def flag(self, name: str) -> str:
        """Return the value of a flag, or "" when it was not given."""
        return dict(self.flags).get(name, "")

    def values(self, name: str) -> list[str]:
        """Return all values of a flag that may be repeated."""
        return [value for key, value in self.flags if key == name]


def parse(line: Line, file: str, escape: str) -> Instruction:
    """Return the instruction of a line. Raises InvalidSpec with file and line for everything that is not supported."""
    where = f"{file} line {line.number}" if line.number else file
    name, rest = _first_word(line.text)
    if name.upper() not in FLAGS:
        meant = suggestion.close(name.upper(), FLAGS)
        raise InvalidSpec(f"{where}: unknown instruction {name[:40]!r}{meant}; known are {', '.join(FLAGS)}")
    name = name.upper()
    flags, rest = _flags(name, rest, where)
    arguments, is_json = _arguments(name, rest, where, escape)
    if not arguments and name not in _MAY_BE_EMPTY:
        raise InvalidSpec(f"{where}: {name} needs an argument")
    return Instruction(where, name, flags, arguments, is_json, line.text, line.heredocs, line.number)


def _first_word(text: str) -> tuple[str, str]:
    parts = text.strip().split(None, 1)
    return parts[0], parts[1].strip() if len(parts) > 1 else ""


def _flags(name: str, rest: str, where: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """Return (flags, the text after them); they end at `--` or at the first word that is none."""
    found: list[tuple[str, str]] = []
    while rest.startswith("--"):
        word, rest = _first_word(rest)
        if word == "--":
            break
        key, separator, value = word[2:].partition("=")
        if (name, key) in _UNSUPPORTED:
            raise InvalidSpec(f"{where}: {name} --{key} is not supported yet; {_UNSUPPORTED[name, key]}")
        if key not in FLAGS[name]:
            known = ", ".join(f"--{flag}" for flag in FLAGS[name]) or "none"
            meant = suggestion.close(key, FLAGS[name], "--")
            raise InvalidSpec(f"{where}: {name} does not know the flag --{key[:40]}{meant}; it knows {known}")
        if key in _SWITCHES:
            value = _switch(f"{where}: {name} --{key}", value if separator else "true")
        elif not separator or (key in dict(found) and (name, key) not in _REPEATED):
            raise InvalidSpec(f"{where}: {name} needs --{key}=VALUE once")
        found.append((key, value))
    return tuple(found), rest


def _switch(what: str, value: str) -> str:
    """Return "true", or "" for false. Raises InvalidSpec."""
    if value.lower() not in ("true", "1", "false", "0"):
        raise InvalidSpec(f"{what}={value[:40]} is neither true nor false")
    return "true" if value.lower() in ("true", "1") else ""


def _arguments(name: str, rest: str, where: str, escape: str) -> tuple[tuple[str, ...], bool]:
    if name in _JSON_OR_TEXT or name in _JSON_OR_WORDS:
        listed = _json_strings(rest, where, name)
        if listed is not None:
            return listed, True
    if name in _PAIRS:
        return _pairs(name, rest, where, escape), False
    if name == "ARG":
        return tuple(words.split(rest, escape)), False
    if name in _JSON_OR_WORDS or name in ("EXPOSE", "FROM"):
        return tuple(rest.split()), False
    return ((rest,) if rest else ()), False


def _json_strings(text: str, where: str, name: str) -> tuple[str, ...] | None:
    """Return the strings of the exec form; None for text that is no JSON list, which then is the shell form."""
    if not text.startswith("["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(item, str) for item in value):
        raise InvalidSpec(f"{where}: the list of {name} may hold strings only; put each item into double quotes")
    return tuple(value)


def _pairs(name: str, rest: str, where: str, escape: str) -> tuple[str, ...]:
    """Return key, value, key, value, ... of `NAME=value ...` or of the old form `NAME value`."""
    found = words.split(rest, escape)
    if not found:
        return ()
    if "=" not in found[0]:
        parts = rest.split(None, 1)
        if len(parts) < 2:
            raise InvalidSpec(f"{where}: {name} {rest[:40]} lacks a value; write {name} NAME=VALUE")
        return parts[0], parts[1]
    pairs: list[str] = []
    for word in found:
        key, separator, value = word.partition("=")
        if not separator:
            raise InvalidSpec(
                f"{where}: {name} has {word[:40]!r} without =; write NAME=VALUE, with quotes around blanks"
            )
        if not key:
            raise InvalidSpec(f"{where}: {name} has a value without a name before =")
        pairs += [key, value]
    return tuple(pairs)
