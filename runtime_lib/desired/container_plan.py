"""From a wish and the facts to the steps. Pure: nothing is looked up, nothing is touched."""

from __future__ import annotations

from ..errors import ImageNotFound, InvalidSpec
from ..records import dataclass, field, fields, replace
from .compare import equal
from .container_steps import Connect, Create, Disconnect, Pause, Remove, Replace, Restart, Start, Stop, Unpause, Update
from .container_views import VIEWS, ImageFacts, shown
from .plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..containers.parts import Attachment
    from .container_facts import Facts, Present
    from .container_wish import Wish
    from .plan import Step

_FROM_IMAGE = ("env", "exposed_ports")


@dataclass
class _Draft:
    steps: list[Step] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    def differ(self, key: str, before: Any, after: Any) -> None:
        self.before[key] = before
        self.after[key] = after

    def plan(self) -> Plan:
        return Plan(tuple(self.steps), self.before, self.after, self.details)


def plan(wish: Wish, facts: Facts) -> Plan:
    """Return the steps that make the host's container what is wanted.

    Raises InvalidSpec when a container has to be made and no image is given, ImageNotFound with `pull: never`.
    """
    draft = _Draft()
    if wish.state == "absent":
        _absent(draft, wish, facts.container)
        return draft.plan()
    if wish.image and facts.image is None and wish.pull == "never":
        raise ImageNotFound(f"image {wish.image} is not on this host, and pull is never")
    _check_labels(wish, facts.image)
    _check_platform(wish, facts.image)
    if facts.container is None:
        _create(draft, wish)
    else:
        _reconcile(draft, wish, facts.container, facts.image)
    return draft.plan()


def _check_platform(wish: Wish, image: ImageFacts | None) -> None:
    if not wish.platform or not image or not image.platform.get("architecture"):
        return
    from ..images.platform import asked_for

    if not asked_for(wish.platform, image.platform):
        own = "/".join(filter(None, (image.platform.get(key) for key in ("os", "architecture", "variant"))))
        raise InvalidSpec(f"image {wish.image} is for {own}, and platform asks for {wish.platform}: bring that one")


def _check_labels(wish: Wish, image: ImageFacts | None) -> None:
    if wish.labels_must_cover_image and "labels" in wish.given and wish.modes["labels"] == "strict" and image:
        extra = sorted(set(image.config.get("Labels") or ()) - set(wish.spec.labels))
        if extra:
            raise InvalidSpec(f"container {wish.name}: labels does not have {', '.join(extra)} of the image")


def _absent(draft: _Draft, wish: Wish, present: Present | None) -> None:
    if present is None:
        return
    if present.running:
        draft.differ("running", True, False)
        draft.steps.append(_stop(wish))
    draft.differ("exists", True, False)
    draft.steps.append(Remove(wish.name, volumes=not wish.keep_volumes))


def _create(draft: _Draft, wish: Wish) -> None:
    if not wish.image:
        raise InvalidSpec(f"container {wish.name} does not exist, and the task names no image to make it from")
    draft.differ("exists", False, True)
    draft.steps.append(Create(wish.spec))
    if wish.state in ("started", "healthy"):
        draft.differ("running", False, True)
        draft.steps.append(Start(wish.name))
        _pause(draft, wish, paused=False)


def _reconcile(draft: _Draft, wish: Wish, present: Present, image: ImageFacts | None) -> None:
    found = differences(wish, present, image)
    for key, (before, after) in found.items():
        draft.differ(key, before, after)
    draft.details.update(_details(found))
    if wish.recreate or any(key not in VIEWS or not VIEWS[key].live for key in found):
        _replace(draft, wish, present)
        return
    if found:
        draft.steps.append(Update(wish.name, _changes(wish, present, found)))
    _networks(draft, wish, present.networks)
    _run(draft, wish, present)


def _details(found: dict[str, tuple[Any, Any]]) -> dict[str, Any]:
    """Return the differences in the older shape of community.docker's: what was asked for, what is."""
    listed = [{key: {"parameter": after, "container": before}} for key, (before, after) in found.items()]
    return {"differences": listed, **({"image_different": True} if "image" in found else {})}


def differences(wish: Wish, present: Present, image: ImageFacts | None) -> dict[str, tuple[Any, Any]]:
    """Return option -> (before, after) of everything that is not as the task wants it, networks apart."""
    found: dict[str, tuple[Any, Any]] = {}
    for key in _compared(wish):
        view, mode = VIEWS[key], wish.modes[key]
        wanted = view.read(wish.spec, _image_for(wish, present, image))
        there = view.read(present.spec, present.image)
        if not equal(view.kind, mode, wanted, there):
            found[key] = (shown(view.kind, there), shown(view.kind, wanted))
    if wish.image and wish.modes["image"] == "strict":
        if image is None or image.id != present.image.id:
            found["image"] = (present.image.id, image.id if image else wish.image)
        if wish.image_name_strict and wish.image != present.spec.image:
            found["image_name"] = (present.spec.image, wish.image)
    return found


def _compared(wish: Wish) -> list[str]:
    keys = set(wish.given)
    if wish.image:
        keys.update(_FROM_IMAGE)
    if wish.networks and wish.spec.network_mode == wish.networks[0].name:
        keys.add("network_mode")
    return [key for key in VIEWS if key in keys]


def _image_for(wish: Wish, present: Present, image: ImageFacts | None) -> ImageFacts:
    return present.image if wish.compare_with_current_image or image is None else image


def _replace(draft: _Draft, wish: Wish, present: Present) -> None:
    """Recreate from the task's own options; only the image is taken over when the task names none."""
    spec = wish.spec if wish.image else replace(wish.spec, image=present.spec.image)
    start = wish.state in ("started", "healthy")
    if wish.recreate and not draft.before:
        draft.differ("recreated", False, True)
    if start and not present.running:
        draft.differ("running", False, True)
    if wish.state == "stopped" and present.running:
        draft.differ("running", True, False)
    step = Replace(wish.name, present.id, spec, start, _stop(wish), not wish.keep_volumes)
    draft.steps.append(step)
    if start:
        _pause(draft, wish, paused=False)


def _changes(wish: Wish, present: Present, found: dict[str, tuple[Any, Any]]) -> dict[str, Any]:
    """Return the new values of a live update, and what the kernel and Docker's rules need beside them."""
    from ..containers.update import complete

    return complete(present.spec, {key: getattr(wish.spec, key) for key in found})


def _networks(draft: _Draft, wish: Wish, joined: tuple[Attachment, ...]) -> None:
    if wish.networks is None or wish.modes["networks"] == "ignore":
        return
    there = {attachment.name: attachment for attachment in joined}
    for wanted in wish.networks:
        present = there.pop(wanted.name, None)
        if present is not None and _suffices(wanted, present):
            continue
        draft.differ(f"network.{wanted.name}", _network(present), _network(wanted))
        if present is not None:
            draft.steps.append(Disconnect(wish.name, wanted.name))
        first = present is not None and wanted.name == wish.spec.network_mode
        draft.steps.append(Connect(wish.name, wanted, first, present))
    if wish.modes["networks"] == "strict":
        for extra in there.values():
            draft.differ(f"network.{extra.name}", _network(extra), None)
            draft.steps.append(Disconnect(wish.name, extra.name))


def _suffices(wanted: Attachment, present: Attachment) -> bool:
    for entry in fields(wanted):
        value, there = getattr(wanted, entry.name), getattr(present, entry.name)
        if isinstance(value, tuple):
            if not set(value) <= set(there):
                return False
        elif isinstance(value, dict):
            if not value.items() <= there.items():
                return False
        elif isinstance(value, int):
            if value != there:
                return False
        elif value is not None and _address(value) != _address(there):
            return False
    return True


def _address(value: str | None) -> str:
    """Return an address in one spelling: IPv6 and MAC addresses have several."""
    import socket

    if value and ":" in value:
        try:
            return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, value))
        except OSError:
            return value.lower().replace("-", ":")
    return value or ""


def _network(attachment: Attachment | None) -> dict[str, Any] | None:
    if attachment is None:
        return None
    entries = ((entry.name, getattr(attachment, entry.name)) for entry in fields(attachment))
    return {name: list(value) if isinstance(value, tuple) else value for name, value in entries if value}


def _run(draft: _Draft, wish: Wish, present: Present) -> None:
    if wish.state == "stopped":
        if present.running:
            draft.differ("running", True, False)
            draft.steps.append(_stop(wish))
    elif wish.state in ("started", "healthy") and not _has_done(wish, present):
        if not present.running:
            draft.differ("running", False, True)
            draft.steps.append(Start(wish.name))
        elif wish.restart:
            draft.differ("restarted", False, True)
            draft.steps.append(Restart(wish.name, _timeout(wish)))
        restarted = wish.restart or not present.running
        _pause(draft, wish, paused=present.status == "paused" and not restarted)


def _has_done(wish: Wish, present: Present) -> bool:
    """Whether it is a job that has run to its end and that the task does not want to run once more."""
    code = present.exit_code
    return code is not None and (wish.run_again == "never" or (wish.run_again == "on-failure" and code == 0))


def _pause(draft: _Draft, wish: Wish, paused: bool) -> None:
    if wish.paused is not None and wish.paused != paused:
        draft.differ("paused", paused, wish.paused)
        draft.steps.append(Pause(wish.name) if wish.paused else Unpause(wish.name))


def _timeout(wish: Wish) -> int | None:
    return wish.spec.stop_timeout if "stop_timeout" in wish.given else None


def _stop(wish: Wish) -> Stop:
    return Stop(wish.name, _timeout(wish), wish.kill_signal or "KILL" if wish.force_kill else None)
