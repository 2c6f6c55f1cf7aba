"""BuildKit's build checks (docs.docker.com/reference/build-checks): what works, and is likely not meant so. Pure.

`# check=skip=Name,Name;error=true` in the Dockerfile leaves some out, or makes an error of what is found.
"""

from __future__ import annotations

import re

from ..errors import InvalidSpec
from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from .dockerfile import Dockerfile, Stage
    from .instructions import Instruction

_RESERVED = ("scratch", "context")
_EXPERIMENTAL = frozenset(["CopyIgnoredFile"])
_ONCE = ("CMD", "ENTRYPOINT", "HEALTHCHECK")
_SECRET = re.compile(
    r"(?:^|_)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)", re.IGNORECASE
)
_PUBLIC = re.compile(r"(?:^|_)public(?:_|$)", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_PORT = re.compile(r"[0-9]+(?:-[0-9]+)?(?:/(.*))?")


@dataclass(frozen=True)
class Finding:
    """One thing that a check has found; `name` is BuildKit's."""

    line: int
    name: str
    text: str

    def describe(self) -> str:
        """Return it as the log has it."""
        return f"{self.name}: {self.text} (line {self.line})"


def find(parsed: Dockerfile, known: frozenset[str], more: Sequence[Finding] = ()) -> list[Finding]:
    """Return what the checks find, by line; `known` are the arguments that need no declaration.

    `more` is what those of `stepchecks` have found.
    Raises InvalidSpec when the file says that findings are errors, or has a wrong `check` directive.
    """
    skipped, errors, tried = _directive(parsed.check)
    unwanted = _EXPERIMENTAL - (_EXPERIMENTAL if "all" in tried else tried) | skipped
    found = sorted(
        (one for one in (*_all(parsed, known), *more) if one.name not in unwanted and "all" not in skipped),
        key=lambda one: one.line,
    )
    if errors and found:
        raise InvalidSpec(f"the Dockerfile has check=error=true: {'; '.join(one.describe() for one in found)}")
    return found


def unused(parsed: Dockerfile, given: AbstractSet[str]) -> list[str]:
    """Return which of the given build arguments no ARG of the file asks for."""
    items = [*parsed.arguments, *(item for stage in parsed.stages for item in stage.instructions)]
    return sorted(given - {text.partition("=")[0] for item in items if item.name == "ARG" for text in item.arguments})


def _directive(text: str) -> tuple[frozenset[str], bool, frozenset[str]]:
    """Return the checks to leave out, whether findings are errors, and the experimental checks to try."""
    settings = dict(part.strip().partition("=")[::2] for part in text.split(";") if part.strip())
    unknown = sorted(set(settings) - {"skip", "error", "experimental"})
    if unknown or settings.get("error", "false").lower() not in ("true", "false"):
        raise InvalidSpec(f"the directive check={text[:60]} means nothing; write # check=skip=NAME,NAME;error=true")
    skipped, tried = (frozenset(map(str.strip, settings.get(key, "").split(","))) for key in ("skip", "experimental"))
    return skipped, settings.get("error", "false").lower() == "true", tried


def _all(parsed: Dockerfile, known: frozenset[str]) -> Iterator[Finding]:
    for line in parsed.empty_lines:
        yield Finding(line, "NoEmptyContinuation", "Empty continuation line")
    yield from _casing(parsed)
    declared = known | {text.partition("=")[0] for item in parsed.arguments for text in item.arguments}
    names: set[str] = set()
    for stage in parsed.stages:
        yield from _stage_name(stage, names)
        yield from _base(stage, declared)
        yield from _once(stage)
        yield from _shell_forms(stage)
        yield from _folders(stage)
        for item in stage.instructions:
            yield from _instruction(item)


def _casing(parsed: Dockerfile) -> Iterator[Finding]:
    items = [item for stage in parsed.stages for item in (stage.first, *stage.instructions)]
    words = [(item, item.text.split(None, 1)[0]) for item in (*parsed.arguments, *items)]
    lower = sum(word.islower() for _unused, word in words)
    wanted = "lowercase" if lower * 2 > len(words) else "uppercase"
    for item, word in words:
        if not (word.islower() if wanted == "lowercase" else word.isupper()):
            text = f"Command '{word}' should match the case of the command majority ({wanted})"
            yield Finding(item.line, "ConsistentInstructionCasing", text)


def _stage_name(stage: Stage, names: set[str]) -> Iterator[Finding]:
    line = stage.first.line
    words = stage.first.arguments
    if len(words) != 3:
        return
    written = words[2]
    if written != stage.name:
        yield Finding(line, "StageNameCasing", f"Stage name '{written}' should be lowercase")
    keyword = stage.first.text.split(None, 1)[0]
    if keyword.islower() != words[1].islower():
        yield Finding(line, "FromAsCasing", f"'{words[1]}' and '{keyword}' keywords' casing do not match")
    if stage.name in names:
        text = f"Duplicate stage name '{stage.name}', stage names should be unique"
        yield Finding(line, "DuplicateStageName", text)
    if stage.name in _RESERVED:
        text = f"Stage name should not use the same name as reserved stage '{stage.name}'"
        yield Finding(line, "ReservedStageName", text)
    names.add(stage.name)


def _base(stage: Stage, declared: frozenset[str]) -> Iterator[Finding]:
    line = stage.first.line
    for name in _VARIABLE.findall(f"{stage.base} {stage.platform}"):
        if name not in declared:
            yield Finding(line, "UndefinedArgInFrom", f"FROM argument '{name}' is not declared")
    if stage.platform in ("$TARGETPLATFORM", "${TARGETPLATFORM}"):
        text = f"Setting platform to predefined {stage.platform} in FROM is redundant as this is the default behavior"
        yield Finding(line, "RedundantTargetPlatform", text)
    elif stage.platform and "$" not in stage.platform:
        text = f'FROM --platform flag should not use constant value "{stage.platform}"'
        yield Finding(line, "FromPlatformFlagConstDisallowed", text)


def _once(stage: Stage) -> Iterator[Finding]:
    for name in _ONCE:
        for item in [item for item in stage.instructions if item.name == name][:-1]:
            why = "because only the last one will be used"
            text = f"Multiple {name} instructions should not be used in the same stage {why}"
            yield Finding(item.line, "MultipleInstructionsDisallowed", text)


def _shell_forms(stage: Stage) -> Iterator[Finding]:
    if any(item.name == "SHELL" for item in stage.instructions):
        return
    for item in stage.instructions:
        if item.name in ("CMD", "ENTRYPOINT") and not item.is_json:
            text = f"JSON arguments recommended for {item.name} to prevent unintended behavior related to OS signals"
            yield Finding(item.line, "JSONArgsRecommended", text)


def _folders(stage: Stage) -> Iterator[Finding]:
    for item in stage.instructions:
        if item.name == "WORKDIR":
            path = item.arguments[0].strip("\"'")
            if path.startswith(("/", "$")):
                return
            text = f"Relative workdir '{path}' can have unexpected results if the base image changes"
            yield Finding(item.line, "WorkdirRelativePath", text)


def _instruction(item: Instruction) -> Iterator[Finding]:
    if item.name == "MAINTAINER":
        text = "Maintainer instruction is deprecated in favor of using label"
        yield Finding(item.line, "MaintainerDeprecated", text)
    if item.name in ("ENV", "LABEL") and "=" not in item.text.split(None, 2)[1]:
        text = f'"{item.name} key=value" should be used instead of legacy "{item.name} key value" format'
        yield Finding(item.line, "LegacyKeyValueFormat", text)
    if item.name in ("ENV", "ARG"):
        names = item.arguments[0::2] if item.name == "ENV" else [text.partition("=")[0] for text in item.arguments]
        for name in names:
            if _SECRET.search(name) and not _PUBLIC.search(name):
                text = f'Do not use ARG or ENV instructions for sensitive data ({item.name} "{name}")'
                yield Finding(item.line, "SecretsUsedInArgOrEnv", text)
    if item.name == "EXPOSE":
        for word in item.arguments:
            if ":" in word.replace("${", "").split("$")[0]:
                text = f"EXPOSE instruction should not define an IP address or host-port mapping, found '{word}'"
                yield Finding(item.line, "ExposeInvalidFormat", text)
            match = _PORT.fullmatch(word)
            if match and match[1] and match[1] != match[1].lower():
                text = f"Defined protocol '{match[1]}' in EXPOSE instruction should be lowercase"
                yield Finding(item.line, "ExposeProtoCasing", text)
