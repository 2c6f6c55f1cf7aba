"""What RUN means."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..records import replace
from . import expansion, imageconfig, mount, words
from .steps import RunStep, Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .instructions import Instruction
    from .mount import RunMount
    from .scope import Scope


def run(scope: Scope, item: Instruction) -> Step:
    """Return the step of a RUN. Raises InvalidSpec."""
    argv = scope.words(replace(item, arguments=(_script(item, scope.escape),)) if item.heredocs else item)
    if not argv:
        raise InvalidSpec("RUN needs a command")
    config = scope.config
    env = imageconfig.env_map(config)
    seen = [f"{name}={value}" for name, value in {**env, **scope.arguments.visible(env)}.items()]
    recorded = [f"{name}={value}" for name, value in scope.arguments.recorded(env).items()]
    created_by = " ".join([f"|{len(recorded)}", *recorded, *argv] if recorded else argv)
    keyed = [*(config.get("Env") or ()), *recorded]
    return RunStep(
        item.where,
        item.text,
        created_by,
        config,
        scope.author,
        tuple(argv),
        tuple(seen),
        tuple(keyed),
        config.get("User") or "",
        config.get("WorkingDir") or "/",
        tuple(config.get("Volumes") or ()),
        _mounts(scope, item),
        _one_of(item, "network", ("default", "none", "host")),
        _one_of(item, "security", ("sandbox", "insecure")) == "insecure",
    )


def _mounts(scope: Scope, item: Instruction) -> tuple[RunMount, ...]:
    values = scope.values()
    folder = scope.config.get("WorkingDir") or "/"
    found: list[RunMount] = []
    for text in item.values("mount"):
        one = mount.parse(text, lambda word: expansion.word(word, values, scope.escape), folder)
        if one.kind == "ssh" and not one.target:
            number = len([other for other in found if other.kind == "ssh"])
            one = replace(one, target=f"/run/buildkit/ssh_agent.{number}")
        found.append(one)
    return tuple(found)


def _one_of(item: Instruction, flag: str, known: Sequence[str]) -> str:
    """Return the value of a flag; "" for the first one of the known ones, which is the default."""
    value = item.flag(flag) or known[0]
    if value not in known:
        raise InvalidSpec(f"RUN --{flag}={value[:40]} is none of {', '.join(known)}")
    return "" if value == known[0] else value


def _script(item: Instruction, escape: str) -> str:
    """Return what the shell gets for a RUN with here-documents: the document itself where there is nothing else."""
    command = item.arguments[0]
    if len(item.heredocs) == 1 and [command] == words.split(command, escape):
        return item.heredocs[0].content
    return "\n".join([command, *(f"{part.content}{part.name}" for part in item.heredocs)]) + "\n"
