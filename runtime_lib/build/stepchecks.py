"""The build checks UndefinedVar, InvalidDefaultArgInFrom and CopyIgnoredFile: what instructions mean counts. Pure.

docs.docker.com/reference/build-checks
"""

from __future__ import annotations

import posixpath

from ..errors import InvalidSpec
from ..images import reference
from . import dockerfile, imageconfig, interpret, interpreter, patterns, suggestion
from .arguments import Arguments
from .checks import Finding
from .scope import Scope
from .steps import CopyStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from .dockerfile import Dockerfile, Stage
    from .instructions import Instruction
    from .steps import Step

    Config = Mapping[str, Any]

_EVERYWHERE = ("PATH",)  # BuildKit gives it to images without one


def find(
    parsed: Dockerfile,
    given: Mapping[str, str],
    known: Mapping[str, str | None],
    base: Callable[[str], Config | None],
    ignored: Callable[[str], bool],
) -> list[Finding]:
    """Return what they find; `given` are the build arguments, `known` the global ones.

    `base` returns the configuration of a base image, None where it is not known: then no variable is looked at.
    `ignored` says whether `.dockerignore` leaves out a path. The Dockerfile must make sense.
    """
    found = list(_defaults(parsed))
    ends: list[Config | None] = []
    for index, stage in enumerate(parsed.stages):
        name = interpret.base_name(parsed, stage, known)
        number = dockerfile.find_stage(parsed.stages[:index], name)
        start = ends[number] if number is not None else {} if name == "scratch" else base(name)
        scope = Scope(imageconfig.base(start or {}), Arguments(given, known), parsed.escape)
        for item in interpret.triggers(parsed, stage, start):
            interpreter.step(scope, item)
        scope.missing.clear()
        for item in stage.instructions:
            step = interpreter.step(scope, item)
            found += _undefined(scope, item) if start is not None else ()
            found += _ignored(step, item, ignored)
            scope.missing.clear()
        ends.append(scope.config if start is not None else None)
    return found


def _defaults(parsed: Dockerfile) -> Iterator[Finding]:
    """Find base images that need an argument to be given."""
    values = interpret.global_arguments(parsed, {})
    for index, stage in enumerate(parsed.stages):
        if "$" in stage.base and not _is_base(parsed, index, stage, values):
            text = f"Default value for ARG {stage.base} results in empty or invalid base image name"
            yield Finding(stage.first.line, "InvalidDefaultArgInFrom", text)


def _is_base(parsed: Dockerfile, index: int, stage: Stage, values: Mapping[str, str | None]) -> bool:
    try:
        name = interpret.base_name(parsed, stage, values)
        if dockerfile.find_stage(parsed.stages[:index], name) is None:
            reference.parse(name)
    except InvalidSpec:
        return False
    return True


def _undefined(scope: Scope, item: Instruction) -> Iterator[Finding]:
    for name in scope.missing:
        if name not in _EVERYWHERE and not name[0].isdigit():
            meant = suggestion.close(name, [*scope.values(), *_EVERYWHERE], "$")
            yield Finding(item.line, "UndefinedVar", f"Usage of undefined variable '${name}'{meant}")


def _ignored(step: Step, item: Instruction, ignored: Callable[[str], bool]) -> Iterator[Finding]:
    if isinstance(step, CopyStep) and not step.source_stage:
        for source in step.sources:
            path = posixpath.normpath(f"/{source}").lstrip("/")
            if path and not patterns.has_wildcard(path) and ignored(path):
                text = f'Attempting to {item.name.capitalize()} file "{source}" that is excluded by .dockerignore'
                yield Finding(item.line, "CopyIgnoredFile", text)
