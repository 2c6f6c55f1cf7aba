"""Go's text/template on JSON-like values: what `--format` prints. Pure: no function here reaches anything outside.

Where Go's templates know the type of a value that is not there, this goes by the name of its field: `MAPS` and
`POINTERS` of template_functions.
"""

from __future__ import annotations

from ..errors import InvalidSpec
from .template_functions import ABSENT, FUNCTIONS, MAPS, MISSING, Wrong, go_text, is_true
from .template_parse import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any


def render(template: str, values: object, more: Mapping[str, Callable[..., Any]] | None = None) -> str:
    """Fill a template with a value; `more` are functions in place of the usual ones. Raises InvalidSpec."""
    functions = {**FUNCTIONS, **(more or {})}
    try:
        return "".join(_Run(values, functions).tree(parse(template), values))
    except Wrong as error:
        raise InvalidSpec(f"--format: {template!r}: {error}") from None
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InvalidSpec(f"--format: {template!r}: {error}") from None


class _Run:
    def __init__(self, root: object, functions: dict[str, Callable[..., Any]]) -> None:
        self.variables: dict[str, Any] = {"$": root}
        self.functions = functions

    def tree(self, tree: list[Any], dot: Any) -> Iterator[str]:
        for node in tree:
            kind = node[0]
            if kind == "text":
                yield node[1]
            elif kind == "emit":
                value, name = self._set(node[1], dot)
                if not node[1][0]:
                    yield go_text(value, name)
            else:
                yield from self._block(node, dot)

    def _block(self, node: tuple[Any, ...], dot: Any) -> Iterator[str]:
        kind, pipe, body, otherwise = node
        kept = dict(self.variables)
        if kind == "range":
            yield from self._range(pipe, body, otherwise, dot)
        else:
            value, _name = self._set(pipe, dot)
            if is_true(value):
                yield from self.tree(body, value if kind == "with" else dot)
            else:
                yield from self.tree(otherwise, dot)
        # A variable that a block declared ends with it; one that it set stays set.
        self.variables = {name: self.variables[name] for name in kept}

    def _range(self, pipe: Any, body: list[Any], otherwise: list[Any], dot: Any) -> Iterator[str]:
        names, commands = pipe
        value, _name = self._pipe(commands, dot)
        pairs = _pairs(value)
        for key, entry in pairs:
            for name, content in zip(names[::-1], (entry, key)):
                self.variables[name] = content
            yield from self.tree(body, entry)
        if not pairs:
            yield from self.tree(otherwise, dot)

    def _set(self, pipe: Any, dot: Any) -> tuple[Any, str]:
        names, commands = pipe
        value, name = self._pipe(commands, dot)
        for variable in names:
            self.variables[variable] = value
        return value, name

    def _pipe(self, commands: list[Any], dot: Any) -> tuple[Any, str]:
        """Return a value, and the name of the field that it comes from, or ""."""
        value, name = self._command(commands[0], dot, [])
        for command in commands[1:]:
            value, name = self._command(command, dot, [value])
        return value, name

    def _command(self, operands: list[Any], dot: Any, last: list[Any]) -> tuple[Any, str]:
        first = operands[0]
        if first[0] == "call":
            function = self.functions.get(first[1])
            if function is None:
                raise Wrong(f"there is no function {first[1]!r}; there are {', '.join(sorted(self.functions))}")
            return self._call(function, first[1], [*self._values(operands[1:], dot), *last]), ""
        value, name = self._operand(first, dot)
        given = [*self._values(operands[1:], dot), *last]
        if callable(value):
            return self._call(value, name, given), ""
        if given:
            raise Wrong(f"{name or 'a value'} takes no argument")
        return value, name

    def _values(self, operands: list[Any], dot: Any) -> list[Any]:
        return [self._argument(operand, dot) for operand in operands]

    def _argument(self, operand: tuple[Any, ...], dot: Any) -> Any:
        if operand[0] == "call":
            return self._command([operand], dot, [])[0]
        return self._operand(operand, dot)[0]

    def _call(self, function: Callable[..., Any], name: str, given: list[Any]) -> Any:
        try:
            return function(*given)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError):
            raise Wrong(f"{name} cannot be called with {', '.join(map(repr, given)) or 'nothing'}") from None

    def _operand(self, operand: tuple[Any, ...], dot: Any) -> tuple[Any, str]:
        if operand[0] == "value":
            return operand[1], ""
        _kind, base, names = operand
        if base == ".":
            value, name = dot, ""
        elif isinstance(base, tuple):
            value, name = self._pipe(base[1][1], dot)
        elif base in self.variables:
            value, name = self.variables[base], ""
        else:
            raise Wrong(f"there is no variable {base}")
        for key in names:
            value, name = _field(value, name, key), key
        return value, name


def _field(value: Any, name: str, key: str) -> Any:
    if value is None or value is MISSING:
        return MISSING
    if not isinstance(value, dict):
        raise Wrong(f"there is no .{key} in {name or 'a value that is no object'}")
    if key in value:
        return value[key]
    if name in MAPS:
        return MISSING
    if key in ABSENT and name:
        return ABSENT[key]
    raise Wrong(f"there is no .{key}{f' in .{name}' if name else ''}")


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    if value is None or value is MISSING:
        return []
    if isinstance(value, dict):
        return sorted((key, entry) for key, entry in value.items() if not callable(entry))
    if isinstance(value, (list, tuple)):
        return list(enumerate(value))
    raise Wrong(f"range cannot go over {value!r}")
