"""Which stages a target needs: the others are not walked. Pure."""

from __future__ import annotations

from . import dockerfile, interpret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from .dockerfile import Dockerfile


def stages(
    parsed: Dockerfile, target: int, values: Mapping[str, str | None], elsewhere: Container[str] = ()
) -> set[int]:
    """Return the indexes of the target and of all stages that it is made from, as far as the file tells.

    Names in `elsewhere` mean no stage: who builds has given them something else.

    What a base image has left by ONBUILD is not known here; a stage that only such an instruction names is made when
    its turn comes.
    """
    found: set[int] = set()
    pending = [target]
    while pending:
        index = pending.pop()
        if index not in found:
            found.add(index)
            pending += _sources(parsed, index, values, elsewhere)
    return found


def _sources(
    parsed: Dockerfile, index: int, values: Mapping[str, str | None], elsewhere: Container[str]
) -> Iterator[int]:
    stage = parsed.stages[index]
    names = [interpret.base_name(parsed, stage, values)]
    for item in stage.instructions:
        names += [value for key, value in item.flags if key == "from"]
        names += [_origin(value) for key, value in item.flags if key == "mount"]
    for name in names:
        number = None if name in elsewhere else dockerfile.find_stage(parsed.stages[:index], name)
        if number is not None:
            yield number


def _origin(mount: str) -> str:
    """Return what the `from` of a RUN's mount names, as written; "" for none."""
    settings = dict(part.partition("=")[::2] for part in mount.split(","))
    return settings.get("from", "")
