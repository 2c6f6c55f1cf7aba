"""`skiff completion bash|zsh`: what a shell needs to complete the words of `skiff`.

The scripts are a few lines that call `skiff completion candidates LINE`: what can come next is known here alone, from
the options of the verbs and the names in the store.
"""

from __future__ import annotations

import sys

from ..desired.shells import SCRIPTS
from ..errors import InvalidSpec, SkiffError
from .options import FLAG, Help, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .options import Option

_USAGE = Usage("completion", "bash|zsh", "Print a script by which a shell completes words of skiff", (), 1, None)
# What a word of a usage line or the value of an option stands for, and the query for its names.
_CONTAINERS = "SELECT name FROM containers WHERE phase = 'ready'"
_IMAGES = "SELECT name FROM image_names"
_NETWORKS = "SELECT name FROM networks"
_VOLUMES = "SELECT name FROM volumes WHERE removing = 0"
_ARGUMENTS = {
    "CONTAINER": (_CONTAINERS,),
    "IMAGE": (_IMAGES,),
    "SOURCE_IMAGE": (_IMAGES,),
    "REPOSITORY": (_IMAGES,),
    "NETWORK": (_NETWORKS,),
    "VOLUME": (_VOLUMES,),
    "NAME|ID": (_CONTAINERS, _IMAGES, _NETWORKS, _VOLUMES),
}
_GROUPED = ("network", "volume")  # verbs that have verbs of their own
_VALUES = {"network": (_NETWORKS,), "volumes-from": (_CONTAINERS,), "volume": (_VOLUMES,), "link": (_CONTAINERS,)}


def completion(words: list[str]) -> int:
    """Print the script of a shell, or what can stand at the end of a line."""
    if words[:1] == ["candidates"] and len(words) > 1:
        sys.stdout.write("".join(f"{word}\n" for word in candidates(words[1])))
        return 0
    (shell,) = _USAGE.parse(words).arguments[:1]
    if shell not in SCRIPTS:
        raise InvalidSpec(f"there is no completion for the shell {shell!r}; there is one for {' and '.join(SCRIPTS)}")
    sys.stdout.write(SCRIPTS[shell])
    return 0


def candidates(line: str) -> list[str]:
    """Return, in order, what the last word of a command line may become; nothing where only the user knows."""
    words = line.split()[1:]
    last = words.pop() if words and not line[-1].isspace() else ""
    return sorted({word for word in _possible(words, last) if word.startswith(last)})


def _possible(words: list[str], last: str) -> Sequence[str]:
    from .main import GROUPS, LONG_VERBS, VERBS

    if not words:
        return [*VERBS, *GROUPS]
    group = GROUPS.get(words[0])
    if group is not None:
        if len(words) == 1:
            return list(group)
        words = [group.get(words[1], words[1]), *words[2:]]
    return _after_verb(words, last) if words[0] in VERBS or words[0] in LONG_VERBS else ()


def _after_verb(words: list[str], last: str) -> Sequence[str]:
    """Ask the verb itself for what it takes."""
    from .main import handler

    verb, *rest = words
    grouped = verb in _GROUPED and bool(rest)
    try:
        handler(verb)([rest[0], "--help"] if grouped else ["--help"])
    except Help as told:
        return told.verbs if told.usage is None else _words_of(told.usage, rest[1:] if grouped else rest, last)
    except SkiffError:
        pass  # not a verb of this group
    return ()


def _words_of(usage: Usage, words: list[str], last: str) -> Sequence[str]:
    """Return what can follow `words` of a verb."""
    given, waiting = 0, None
    for word in words:
        if waiting is not None:
            waiting = None
        elif word[:1] == "-" and len(word) > 1:
            waiting = _needs_value(usage, word)
        else:
            given += 1
    if waiting is not None:
        return _names(_VALUES.get(waiting.names[0], ()))
    option, equals, _start = last.partition("=")
    if equals and option[:2] == "--":
        return [f"{option}={name}" for name in _names(_VALUES.get(option[2:], ()))]
    if last[:1] == "-":
        return [f"--{name}" for option in usage.options for name in option.names] + ["--help"]
    if usage.verb == _USAGE.verb:
        return list(SCRIPTS)
    if usage.verb == "cp":
        from . import completion_paths

        return completion_paths.candidates(last, _names((_CONTAINERS,)))
    return _names(_ARGUMENTS.get(_argument(usage.arguments, given), ()))


def _needs_value(usage: Usage, word: str) -> Option | None:
    """Return the option whose value is the next word."""
    for option in usage.options:
        if option.kind != FLAG and (word[2:] in option.names if word[:2] == "--" else word[-1] == option.short):
            return option
    return None


def _argument(pattern: str, position: int) -> str:
    """Return the name of an argument in a usage line such as "[OPTIONS] NETWORK CONTAINER" or "IMAGE [IMAGE...]"."""
    names = [word.strip("[].") for word in pattern.split() if word != "[OPTIONS]"]
    names = [name.partition("[")[0] for name in names]
    if position < len(names):
        return names[position]
    return names[-1] if pattern.endswith("...]") and names else ""


def _names(queries: Sequence[str]) -> list[str]:
    from ..store import Store
    from .opened import layout

    store = Store.observer(layout())
    return [row["name"] for query in queries for row in store.query(query)]
