"""Go's text/template as far as people give it to `--format`: text in, a tree of tuples out. Pure.

A tree is a list of nodes:

* `("text", str)`
* `("emit", pipe)`; a pipe that only sets a variable prints nothing
* `("if" | "with" | "range", pipe, tree, tree of else)`

A pipe is `(names of variables that it sets, commands)`, a command a list of operands, and an operand one of
`("call", function)`, `("value", constant)` and `("field", base, names)`, its base one of `"."`, `"$name"` and
`("paren", pipe)`.
"""

from __future__ import annotations

import re

from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEPTH = 50  # actions and parentheses within each other; deeper ones are nobody's wish
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    | (?P<number>[-+]?\d+(?:\.\d+)?)
    | (?P<variable>\$\w*)
    | (?P<field>\.[A-Za-z_]\w*)
    | (?P<dot>\.)
    | (?P<word>[A-Za-z_]\w*)
    | (?P<mark>:=|[|(),=])
    )""",
    re.VERBOSE,
)
_COMMENT = re.compile(r"\s*/\*.*?\*/\s*", re.DOTALL)
# The end of an action is looked for outside of strings.
_BODY = re.compile(r'(?:[^"`}]|"(?:[^"\\\n]|\\.)*"|`[^`]*`|\}(?!\}))*')
_CONSTANTS = {"true": True, "false": False, "nil": None}
_BLOCKS = ("if", "with", "range")
_ABSENT = ("define", "template", "block", "break", "continue")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'"}


def parse(text: str) -> list[Any]:
    """Return the tree of a template. Raises InvalidSpec with a sentence."""
    return _Parser(text, _cut(text)).whole()


def _cut(text: str) -> list[tuple[str, Any]]:
    """Cut a template into ("text", str) and ("action", words); `{{-` and `-}}` take the blanks beside them away."""
    pieces: list[tuple[str, Any]] = []
    at, trim = 0, False
    while True:
        start = text.find("{{", at)
        plain = text[at:] if start < 0 else text[at:start]
        if trim:
            plain = plain.lstrip()
        if start < 0:
            return [*pieces, ("text", plain)]
        found = _BODY.match(text, start + 2)
        end = found.end() if found else start + 2
        if text[end : end + 2] != "}}":
            raise InvalidSpec(f"--format: {text!r} has an action without its }}}}")
        body, trim, before = _trimmed(text[start + 2 : end])
        pieces.append(("text", plain.rstrip() if before else plain))
        if not _COMMENT.fullmatch(body):
            pieces.append(("action", _words(body, text)))
        at = end + 2


def _trimmed(body: str) -> tuple[str, bool, bool]:
    """Return the body without its minus signs, and whether there was one at its end and at its beginning."""
    before = body[:1] == "-" and body[1:2].isspace()
    after = body[-1:] == "-" and body[-2:-1].isspace()
    return body[1 if before else 0 : -1 if after else None], after, before


def _words(body: str, text: str) -> list[tuple[str, str, bool]]:
    """Return (kind, word, whether a blank stands before it) of an action."""
    found, at = [], 0
    while body[at:].strip():
        match = _TOKEN.match(body, at)
        if not match:
            raise InvalidSpec(f"--format: {text!r}: {body[at:].strip()[:20]!r} is not understood")
        kind = str(match.lastgroup)
        found.append((kind, match.group(kind), match.start(kind) > at or at == 0))
        at = match.end()
    return found


class _Parser:
    def __init__(self, text: str, pieces: list[tuple[str, Any]]) -> None:
        self.text = text
        self.pieces = pieces
        self.words: list[tuple[str, str, bool]] = []
        self.depth = 0

    def whole(self) -> list[Any]:
        tree, ended_by = self._tree()
        if ended_by:
            raise self._wrong(f"{{{{{ended_by}}}}} without an if, range or with before it")
        return tree

    def _tree(self) -> tuple[list[Any], str]:
        """Return nodes up to an `else` or `end`, and that word; its action's other words stay in `self.words`."""
        tree: list[Any] = []
        while self.pieces:
            kind, content = self.pieces.pop(0)
            if kind == "text":
                if content:
                    tree.append(("text", content))
                continue
            self.words = content
            first = content[0][1] if content and content[0][0] == "word" else ""
            if first in ("end", "else"):
                self.words = content[1:]
                return tree, first
            if first in _ABSENT:
                raise self._wrong(f"{first!r} of Go's templates is not there")
            tree.append(self._block() if first in _BLOCKS else ("emit", self._whole_pipe()))
        return tree, ""

    def _block(self) -> tuple[Any, ...]:
        self._deeper()
        kind = self.words.pop(0)[1]
        pipe = self._whole_pipe(kind == "range")
        body, ended_by = self._tree()
        otherwise: list[Any] = []
        if ended_by == "else":
            if self.words:
                if self.words[0][1] != "if":
                    raise self._wrong("after else only 'if' may follow")
                otherwise, ended_by = [self._block()], "end"
            else:
                otherwise, ended_by = self._tree()
        if ended_by != "end" or self.words:
            raise self._wrong(f"{kind!r} has no {{{{end}}}}")
        self.depth -= 1
        return kind, pipe, body, otherwise

    def _whole_pipe(self, pair: bool = False) -> tuple[list[str], list[Any]]:
        names = self._names(pair)
        pipe = (names, self._pipe())
        if self.words:
            raise self._wrong(f"{self.words[0][1]!r} stands where it has no meaning")
        return pipe

    def _names(self, pair: bool) -> list[str]:
        words = [word for _kind, word, _blank in self.words[:4]]
        if pair and len(words) == 4 and words[1] == "," and words[3] in (":=", "="):
            count = 4
        elif len(words) > 1 and words[1] in (":=", "="):
            count = 2
        else:
            return []
        names = [word for kind, word, _blank in self.words[:count] if kind == "variable"]
        if len(names) != count // 2:
            raise self._wrong("only variables such as $x can be set")
        del self.words[:count]
        return names

    def _pipe(self) -> list[Any]:
        commands = [self._command()]
        while self.words and self.words[0][1] == "|" and self.words[0][0] == "mark":
            del self.words[0]
            commands.append(self._command())
        return commands

    def _command(self) -> list[Any]:
        operands = []
        while self.words and not (self.words[0][0] == "mark" and self.words[0][1] in ("|", ")")):
            operands.append(self._operand())
        if not operands:
            raise self._wrong("an action is empty")
        return operands

    def _operand(self) -> tuple[Any, ...]:
        kind, word, _blank = self.words.pop(0)
        if kind == "string":
            return "value", self._string(word)
        if kind == "number":
            return "value", float(word) if "." in word else int(word)
        if kind == "word":
            return ("value", _CONSTANTS[word]) if word in _CONSTANTS else ("call", word)
        if kind == "dot":
            return "field", ".", []
        if kind == "field":
            return "field", ".", [word[1:], *self._fields()]
        if kind == "variable":
            return "field", word, self._fields()
        if word == "(":
            return self._parenthesis()
        raise self._wrong(f"{word!r} stands where it has no meaning")

    def _parenthesis(self) -> tuple[Any, ...]:
        self._deeper()
        pipe: tuple[list[str], list[Any]] = ([], self._pipe())
        if not self.words or self.words.pop(0)[1] != ")":
            raise self._wrong("a ( has no )")
        self.depth -= 1
        return "field", ("paren", pipe), self._fields()

    def _fields(self) -> list[str]:
        names = []
        while self.words and self.words[0][0] == "field" and not self.words[0][2]:
            names.append(self.words.pop(0)[1][1:])
        return names

    def _string(self, word: str) -> str:
        if word[0] == "`":
            return word[1:-1]
        return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), word[1:-1])

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > DEPTH:
            raise self._wrong(f"more than {DEPTH} actions within each other")

    def _wrong(self, why: str) -> InvalidSpec:
        return InvalidSpec(f"--format: {self.text!r}: {why}")
