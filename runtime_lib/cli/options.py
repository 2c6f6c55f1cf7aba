"""Options as Docker's command takes them: `-it`, `-e KEY=1`, `--rm`, `--rm=false`, `--name=web`, `--`.

`argparse` is not used: it costs more time than the whole rest of an exec's start, and reads `run IMAGE -x` wrongly.
"""

from __future__ import annotations

from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

FLAG, TEXT, LIST, WHOLE = "", "string", "list", "int"
_TRUE, _FALSE = ("true", "t", "1"), ("false", "f", "0")


class Option:
    """One option. `names` are its long names, the first of which is its key; `kind` is FLAG, TEXT, LIST or WHOLE."""

    __slots__ = ("help", "kind", "names", "short")

    def __init__(self, names: str, short: str, kind: str, text: str) -> None:
        """Take the long names, separated by blanks, the letter or "", the kind and a line of help."""
        self.names = names.split()
        self.short = short
        self.kind = kind
        self.help = text

    @property
    def key(self) -> str:
        """The name in `Parsed.values`."""
        return self.names[0].replace("-", "_")

    def convert(self, word: str) -> Any:
        """Return the value of a word of the command line. Raises InvalidSpec."""
        if self.kind == FLAG:
            if word.lower() not in _TRUE + _FALSE:
                raise InvalidSpec(f"--{self.names[0]}: {word!r} is neither true nor false")
            return word.lower() in _TRUE
        if self.kind == WHOLE:
            try:
                return int(word)
            except ValueError:
                raise InvalidSpec(f"--{self.names[0]}: {word!r} is not a whole number") from None
        return word


class Parsed:
    """What was given: `values` by key (absent ones are None, or [] for a LIST) and the other `arguments`."""

    __slots__ = ("arguments", "values")

    def __init__(self, values: dict[str, Any], arguments: list[str]) -> None:
        self.values = values
        self.arguments = arguments

    def __getattr__(self, key: str) -> Any:
        return self.values[key]


class Usage:
    """The options and arguments of one verb."""

    __slots__ = ("about", "arguments", "least", "most", "options", "verb")

    def __init__(
        self, verb: str, arguments: str, about: str, options: Sequence[Option], least: int = 0, most: int | None = None
    ) -> None:
        """Take the names for the help text, and how many `arguments` there must be and may be."""
        self.verb = verb
        self.arguments = arguments
        self.about = about
        self.options = options
        self.least = least
        self.most = most

    def parse(self, words: Sequence[str], interspersed: bool = True) -> Parsed:
        """Return the options and arguments in `words`; without `interspersed`, the first argument ends the options.

        Raises InvalidSpec for unknown options and a wrong number of arguments, and Help for `--help`.
        """
        values: dict[str, Any] = {option.key: [] if option.kind == LIST else None for option in self.options}
        parsed = Parsed(values, [])
        rest = list(words)
        while rest:
            word = rest.pop(0)
            if word == "--":
                parsed.arguments += rest
                break
            if word[:2] == "--":
                self._long(word[2:], rest, values)
            elif word[:1] == "-" and len(word) > 1:
                self._short(word[1:], rest, values)
            else:
                parsed.arguments.append(word)
                if not interspersed:
                    parsed.arguments += rest
                    break
        self._check_count(len(parsed.arguments))
        return parsed

    def _long(self, word: str, rest: list[str], values: dict[str, Any]) -> None:
        name, equals, value = word.partition("=")
        if name == "help":
            raise Help(self.text(), self)
        for option in self.options:
            if name in option.names:
                if not equals:
                    value = "true" if option.kind == FLAG else self._next(f"--{name}", rest)
                return _store(option, value, values)
        raise InvalidSpec(f"unknown flag: --{name}; see 'skiff {self.verb} --help'")

    def _short(self, letters: str, rest: list[str], values: dict[str, Any]) -> None:
        """Take `-it`, `-e KEY=1`, `-eKEY=1` and `-e=KEY`."""
        while letters:
            letter, letters = letters[0], letters[1:]
            option = next((option for option in self.options if option.short == letter), None)
            if option is None:
                raise InvalidSpec(f"unknown flag: -{letter}; see 'skiff {self.verb} --help'")
            if option.kind == FLAG and letters[:1] != "=":
                _store(option, "true", values)
                continue
            value = letters[1:] if letters[:1] == "=" else letters
            return _store(option, value or self._next(f"-{letter}", rest), values)

    def _next(self, name: str, rest: list[str]) -> str:
        if not rest:
            raise InvalidSpec(f"flag needs an argument: {name}; see 'skiff {self.verb} --help'")
        return rest.pop(0)

    def _check_count(self, count: int) -> None:
        if count >= self.least and (self.most is None or count <= self.most):
            return
        wanted = f"at least {self.least}" if self.most is None else f"{self.least}"
        if self.most not in (None, self.least):
            wanted = f"{self.least} to {self.most}"
        plural = "" if wanted.endswith(" 1") or wanted == "1" else "s"
        raise InvalidSpec(f"'skiff {self.verb}' takes {wanted} argument{plural}; see 'skiff {self.verb} --help'")

    def text(self) -> str:
        """Return the help text."""
        lines = [f"Usage:  skiff {self.verb} {self.arguments}".rstrip(), "", self.about]
        if self.options:
            lines += ["", "Options:"]
        for option in sorted(self.options, key=lambda option: option.names[0]):
            short = f"-{option.short}, " if option.short else "    "
            lines.append(f"  {short}{f'--{option.names[0]} {option.kind}':<28} {option.help}".rstrip())
        return "\n".join(lines) + "\n"


class Help(Exception):
    """Somebody asked for the help text, which is the message; `usage` of a verb, or the `verbs` of a group."""

    def __init__(self, text: str, usage: Usage | None = None, verbs: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.usage = usage
        self.verbs = verbs


def group(name: str, about: str, verbs: Mapping[str, Callable[[list[str]], int]], words: list[str]) -> int:
    """Call the verb of `skiff NAME VERB ...`. Raises InvalidSpec for an unknown one, Help for none."""
    if not words or words[0] in ("-h", "--help", "help"):
        lines = [f"Usage:  skiff {name} COMMAND", "", about, "", "Commands:", *(f"  {verb}" for verb in verbs)]
        raise Help("\n".join([*lines, ""]), verbs=list(verbs))
    if words[0] not in verbs:
        raise InvalidSpec(f"{words[0]!r} is not a command of skiff {name}; use one of {', '.join(verbs)}")
    return verbs[words[0]](words[1:])


def _store(option: Option, word: str, values: dict[str, Any]) -> None:
    value = option.convert(word)
    if option.kind == LIST:
        values[option.key].append(value)
    else:
        values[option.key] = value
