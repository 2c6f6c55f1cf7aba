"""From an image's wish and what is there to the steps. Pure."""

from __future__ import annotations

from ..errors import ImageNotFound
from ..images import digest
from ..records import dataclass
from .image_archive import Export
from .image_delivery import Deliver
from .image_steps import Bootstrap, Build, ImportRootfs, Load, Remove, Tag
from .plan import Plan
from .registry_steps import Pull, Push

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .image_archive import Content
    from .image_wish import Wish
    from .plan import Step


@dataclass(frozen=True)
class Present:
    """The ids that the wish's two names have now, and what its source is known to bring.

    `coming` is the id of the image in the archive or of the build, None when it cannot be told before; `archived` is
    what is in the archive at `archive_path`, `pushed` the id that the registry has under the name to be pushed.
    `reason` is the first step of a build that has to be run.
    """

    image_id: str | None = None
    repository_id: str | None = None
    coming: str | None = None
    archived: Content | None = None
    pushed: str | None = None
    reason: str = ""


def wants_source(wanted: Wish, image_id: str | None) -> bool:
    """Whether the image has to be fetched from its source, or compared with it."""
    return wanted.state == "present" and wanted.source != "local" and (image_id is None or wanted.force_source)


def plan(wanted: Wish, present: Present) -> Plan:
    """Return the steps. Raises ImageNotFound for a local image that is not here."""
    if wanted.state == "absent":
        if present.image_id is None:
            return Plan()
        return Plan((Remove(wanted.ref, wanted.force_absent),), {"id": present.image_id}, {"exists": False})
    steps: list[Step] = []
    after = present.image_id
    if wants_source(wanted, present.image_id):
        if present.coming is None or present.coming != present.image_id:
            steps.append(source_step(wanted, present.reason))
            after = present.coming or "new"
    elif present.image_id is None:
        raise ImageNotFound(f"image {wanted.ref} is not on this host, and source is local")
    if wanted.repository and _moves(wanted, present, after):
        steps.append(Tag(wanted.ref, wanted.repository))
    names = frozenset() if digest.valid(wanted.ref) else frozenset((wanted.ref,))
    if wanted.archive_path and present.archived != {after: names}:
        steps.append(Export((wanted.ref,), wanted.archive_path))
    if wanted.push and (present.pushed is None or present.pushed != after):
        steps.append(Push(wanted.repository or wanted.ref))
    if not steps:
        return Plan()
    before = {"id": present.image_id} if present.image_id else {"exists": False}
    return Plan(tuple(steps), before, {"id": after})


def _moves(wanted: Wish, present: Present, after: str | None) -> bool:
    return present.repository_id is None or (wanted.force_tag and present.repository_id != after)


def source_step(wanted: Wish, reason: str = "") -> Step:
    """Return the step that brings the image."""
    if wanted.source == "pull":
        return Pull(wanted.ref, wanted.platform)
    if wanted.delivery:
        return Deliver(wanted.ref, wanted.source, wanted.delivery)
    if wanted.source == "build" and wanted.build:
        return Build(wanted.build, reason)
    if wanted.source == "bootstrap" and wanted.bootstrap:
        return Bootstrap(wanted.bootstrap)
    if wanted.source == "import":
        return ImportRootfs(wanted.ref, wanted.load_path or "", wanted.changes)
    return Load(wanted.ref, wanted.load_path or "")
