"""The `image` module's work."""

from __future__ import annotations

from contextlib import nullcontext

from ..errors import CorruptData, NotFound
from ..images import catalog
from ..records import replace
from .image_archive import content
from .image_delivery import answer
from .image_plan import Present, plan, wants_source
from .image_steps import Build, check_archive
from .image_wish import wish
from .plan import Outcome, Plan, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store
    from .image_wish import Wish

PATIENCE = 3600.0  # seconds: another task that builds the same image may take this long


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Bring, name or remove the image as the options want it; with `check`, only say what would be done."""
    wanted = wish(options)
    try:
        return _perform(store, wanted, check)
    except CorruptData as error:
        raise CorruptData(f"image {wanted.ref}, archive {wanted.load_path}: {error}") from error


def _perform(store: Store, wanted: Wish, check: bool) -> Outcome:
    log: list[str] = []
    with nullcontext() if check else store.lock("task", f"image-{wanted.ref}", PATIENCE):
        present = Present(
            catalog.resolve(store, wanted.ref),
            catalog.resolve(store, wanted.repository) if wanted.repository else None,
            archived=content(store, wanted.archive_path) if wanted.archive_path else None,
            pushed=_pushed(wanted),
        )
        warnings = wanted.warnings
        told = None
        if wants_source(wanted, present.image_id):
            told = answer(store, wanted)
            if told is not None and (wanted.delivery is None or not check):
                return Outcome(told)  # it is the controller's turn
            coming, missing, reason = _coming(store, wanted, check)
            present, warnings = replace(present, coming=coming, reason=reason), warnings + missing
        steps = plan(wanted, present)
        if not check:
            converge(store, listening(steps, log))
    facts = {**_facts(store, wanted, log), **(told or {})}
    return Outcome(facts, steps, changed(store, wanted, present, steps, check), warnings)


def listening(steps: Plan, log: list[str]) -> Plan:
    """Return the plan with the output of its builds going to `log`."""
    heard = (
        replace(step, spec=replace(step.spec, output=log.append)) if isinstance(step, Build) else step
        for step in steps.steps
    )
    return replace(steps, steps=tuple(heard))


def changed(store: Store, wanted: Wish, present: Present, steps: Plan, check: bool) -> bool:
    """Whether a name means another image now: a source may bring the very image that was there."""
    if check or wanted.state == "absent":
        return steps.changed
    moved = catalog.resolve(store, wanted.ref) != present.image_id
    effects = {"tagged", "saved", "pushed_image"}
    return moved or any(effects & action.keys() for action in steps.actions)


def _pushed(wanted: Wish) -> str | None:
    """Return the id that the registry has under the name to be pushed."""
    if not wanted.push:
        return None
    from ..images.push import present

    return present(wanted.repository or wanted.ref)


def _coming(store: Store, wanted: Wish, check: bool) -> tuple[str | None, tuple[str, ...], str]:
    """Return the id that the source brings, where it can be told, a warning for what is missing in check mode, and why.

    That is the first step of a build that has to be run.
    """
    if wanted.delivery:
        return wanted.delivery.image_id, (), ""
    try:
        image_id, first = _told_by_source(store, wanted)
    except (NotFound, FileNotFoundError) as error:
        if not check:
            raise
        return None, (f"image {wanted.ref}: what it is made of is not there yet: {error}",), ""
    return image_id, (), first


def _told_by_source(store: Store, wanted: Wish) -> tuple[str | None, str]:
    """Return the id that the source brings, None when it cannot be told, and the first step that a build has to run."""
    if wanted.source == "load":
        from ..images import archive

        path = wanted.load_path or ""
        return check_archive(wanted.ref, path, archive.sources(store, path)), ""
    if wanted.source == "pull":
        from ..images.pull import outlook

        return outlook(store, wanted.ref, wanted.platform), ""
    if wanted.source == "build" and wanted.build:
        from ..build.build import fingerprint

        found = fingerprint(store, wanted.build)
        return found.image_id, found.missing
    if wanted.source == "bootstrap" and wanted.bootstrap:
        from ..images.bootstrap import present

        image = present(store, wanted.bootstrap)
        return (image.id if image else None), ""
    return None, ""


def _facts(store: Store, wanted: Wish, log: list[str]) -> dict[str, Any]:
    from ..images.inspect import describe

    image_id = catalog.resolve(store, wanted.ref)
    facts: dict[str, Any] = {"image": describe(store, catalog.get(store, image_id)) if image_id else {}}
    if wanted.source == "build":
        facts["stdout"] = "".join(log)
    return facts
