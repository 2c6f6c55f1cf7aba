"""What RUN means."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..records import replace
from . import expansion, imageconfig, mount, words
from .steps import SCRIPTS, RunStep, Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .instructions import Instruction
    from .lines import Heredoc
    from .mount import RunMount
    from .scope import Scope


def run(scope: Scope, item: Instruction) -> Step:
    """Return the step of a RUN. Raises InvalidSpec."""
    script = _named(item, scope.escape)
    argv = scope.words(replace(item, arguments=(_command(item, script, scope.escape),)) if item.heredocs else item)
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
        _mounts(scope, item),
        _one_of(item, "network", ("default", "none", "host")),
        _one_of(item, "security", ("sandbox", "insecure")) == "insecure",
        script,
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


def _named(item: Instruction, escape: str) -> Heredoc | None:
    """Return the document of a RUN that is a script with an interpreter of its own."""
    if not _is_document(item, escape) or not item.heredocs[0].content.startswith("#!"):
        return None
    if "/" in item.heredocs[0].name or item.heredocs[0].name in (".", ".."):
        raise InvalidSpec(
            f"the script's delimiter {item.heredocs[0].name[:40]!r} is no name of a file; use another word"
        )
    return item.heredocs[0]


def _is_document(item: Instruction, escape: str) -> bool:
    """Whether a RUN is a here-document and nothing else."""
    return len(item.heredocs) == 1 and list(item.arguments) == words.split(item.arguments[0], escape)


def _command(item: Instruction, script: Heredoc | None, escape: str) -> str:
    """Return what the shell gets for a RUN with here-documents: the document itself where there is nothing else."""
    if script:
        return f"{SCRIPTS}/{script.name}"
    if _is_document(item, escape):
        return item.heredocs[0].content
    return "\n".join([item.arguments[0], *(f"{part.content}{part.name}" for part in item.heredocs)]) + "\n"
