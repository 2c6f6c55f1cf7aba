"""What each instruction means: the step that it is, given the state of its stage."""

from __future__ import annotations

from ..errors import InvalidSpec
from . import imageconfig, meaning_config, meaning_copy, meaning_run
from .scope import Scope
from .steps import WorkdirStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .instructions import Instruction
    from .steps import Step

_VERBS: dict[str, Callable[[Scope, Instruction], Step]]


def step(scope: Scope, item: Instruction) -> Step:
    """Return the step of the next instruction. Raises InvalidSpec with file and line."""
    try:
        return _VERBS[item.name](scope, item)
    except InvalidSpec as error:
        text = str(error)
        raise error if text.startswith(item.where) else InvalidSpec(f"{item.where}: {text}") from error


def _workdir(scope: Scope, item: Instruction) -> Step:
    path = imageconfig.working_dir(scope.config, scope.expand(item.arguments[0]))
    scope.config = {**scope.config, "WorkingDir": path}
    made = scope.recorded(item, f"WORKDIR {path}")
    user = made.config.get("User") or ""
    return WorkdirStep(made.where, made.text, made.created_by, made.config, made.author, path, user)


_VERBS = {
    "ADD": meaning_copy.copy,
    "ARG": meaning_config.arg,
    "CMD": meaning_config.command,
    "COPY": meaning_copy.copy,
    "ENTRYPOINT": meaning_config.command,
    "ENV": meaning_config.env,
    "EXPOSE": meaning_config.expose,
    "HEALTHCHECK": meaning_config.health,
    "LABEL": meaning_config.label,
    "MAINTAINER": meaning_config.maintainer,
    "ONBUILD": meaning_config.onbuild,
    "RUN": meaning_run.run,
    "SHELL": meaning_config.shell,
    "STOPSIGNAL": meaning_config.stop_signal,
    "USER": meaning_config.user,
    "VOLUME": meaning_config.volume,
    "WORKDIR": _workdir,
}
