"""What a registry asks for in WWW-Authenticate (RFC 9110, 11.6.1; distribution's token specification). Pure."""

from __future__ import annotations

from ..records import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LIMIT = 8192


@dataclass(frozen=True)
class Challenge:
    """One scheme (`bearer` or `basic`) with its parameters."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse(headers: Iterable[str]) -> Challenge | None:
    """Return the challenge that can be met, a token before a password; None when there is none."""
    found = [challenge for header in headers for challenge in _challenges(header[:_LIMIT])]
    for scheme in ("bearer", "basic"):
        for challenge in found:
            if challenge.scheme == scheme:
                return challenge
    return None


def _challenges(header: str) -> list[Challenge]:
    """Return the challenges of a header: a list of schemes, each with a list of parameters, all with commas between."""
    found = []
    for text in _split(header):
        scheme, _blank, rest = text.strip().partition(" ")
        found.append(Challenge(scheme.lower(), _parameters(rest)))
    return found


def _split(header: str) -> list[str]:
    """Cut a header where another scheme begins: a word with a blank behind it, after a comma that is in no quotes."""
    starts = [0]
    quoted = False
    for place, sign in enumerate(header):
        if sign == '"' and header[place - 1 : place] != "\\":
            quoted = not quoted
        elif sign == "," and not quoted:
            word, blank, rest = header[place + 1 :].lstrip().partition(" ")
            if blank and word.isalpha() and not rest.lstrip().startswith("="):
                starts.append(place + 1)
    return [header[start:end] for start, end in zip(starts, [*(start - 1 for start in starts[1:]), len(header)])]


def _parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    place = 0
    while place < len(text):
        name, equals, _rest = text[place:].partition("=")
        if not equals:
            break
        place += len(name) + 1
        value, place = _value(text, place)
        found[name.strip(" ,\t").lower()] = value
    return found


def _value(text: str, place: int) -> tuple[str, int]:
    if text[place : place + 1] != '"':
        end = text.find(",", place)
        end = len(text) if end < 0 else end
        return text[place:end].strip(), end + 1
    letters = []
    place += 1
    while place < len(text) and text[place] != '"':
        if text[place] == "\\":
            place += 1
        letters.append(text[place : place + 1])
        place += 1
    end = text.find(",", place)
    return "".join(letters), len(text) if end < 0 else end + 1
