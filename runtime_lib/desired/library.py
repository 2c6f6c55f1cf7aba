"""The `library` module's work: the installed copy of the library, and the command on the host."""

from __future__ import annotations

import os
from typing import NamedTuple

from .. import library
from ..errors import Conflict, InvalidSpec
from ..records import dataclass
from . import purge, shells
from .plan import Outcome, Plan, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..paths import Layout
    from ..store import Store
    from .plan import Step


class Wish(NamedTuple):
    """What a task wants: `link` is where users find the command; `purge` removes everything else, too."""

    link: str
    state: str
    purge: bool


class Seen(NamedTuple):
    """What the host has. `link` is where the link leads, "" when nothing is there, None when it is no link."""

    installed: bool
    link: str | None
    objects: tuple[purge.Object, ...]
    root: bool


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Install or remove library and command; with `check`, only say what would be done."""
    wanted = Wish(options["command"], options["state"], bool(options["purge"]))
    target = library.command(store.layout)
    steps = plan(wanted, _observe(store, wanted), target)
    if not check:
        converge(store, steps)
    facts = {"command": wanted.link, "completion": shells.SCRIPTS} if wanted.state == "present" else {}
    return Outcome({**facts, "settings": store.layout.settings}, steps, steps.changed)


def plan(wanted: Wish, seen: Seen, target: str) -> Plan:
    """Return the steps; `target` is the command itself. Raises InvalidSpec, and Conflict for a file of others. Pure."""
    if not wanted.link.startswith("/"):
        raise InvalidSpec(f"command: {wanted.link!r} must be an absolute path")
    if wanted.state == "absent":
        return _removal(wanted, seen, target)
    if seen.link not in ("", target):
        raise Conflict(f"{wanted.link} is not Skiff's; remove it, or give another path for command")
    steps: list[Step] = []
    before = {"library": seen.installed, "command": seen.link == target}
    if not seen.installed:
        steps.append(Install())
    if seen.link != target:
        steps.append(Link(wanted.link, target))
    return Plan(tuple(steps), before, {"library": True, "command": True})


def _removal(wanted: Wish, seen: Seen, target: str) -> Plan:
    steps: list[Step] = []
    before: dict[str, Any] = {"command": seen.link == target}
    after: dict[str, Any] = {"command": False}
    if wanted.purge:
        steps += [purge.Remove(each) for each in seen.objects]
        before["objects"], after["objects"] = [str(each) for each in seen.objects], []
        if seen.root:
            steps.append(purge.Clear())
    if seen.link == target:
        steps.append(Unlink(wanted.link))
    return Plan(tuple(steps), before, after)


def _observe(store: Store, wanted: Wish) -> Seen:
    objects = tuple(purge.objects(store)) if wanted.purge else ()
    installed = library.commanded(store.layout)
    return Seen(installed, _link(wanted.link), objects, _there(store.layout))


def _there(layout: Layout) -> bool:
    return os.path.exists(layout.root)


def _link(path: str) -> str | None:
    try:
        return os.readlink(path)
    except FileNotFoundError:
        return ""
    except OSError:  # EINVAL: a file, not a link
        return None


@dataclass(frozen=True)
class Install:
    """Install the library."""

    def describe(self) -> str:
        """Return what it does."""
        return "install the library"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"installed": "library"}

    def apply(self, store: Store) -> None:
        """Do it."""
        library.point_command(store)


@dataclass(frozen=True)
class Link:
    """Have the command where users find it."""

    path: str
    target: str

    def describe(self) -> str:
        """Return what it does."""
        return f"link {self.path} to {self.target}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"linked": self.path}

    def apply(self, store: Store) -> None:
        """Do it; the installation may have done it already."""
        if _link(self.path) != self.target:
            os.makedirs(os.path.dirname(self.path), mode=0o755, exist_ok=True)
            os.symlink(self.target, self.path)


@dataclass(frozen=True)
class Unlink:
    """Take the command away."""

    path: str

    def describe(self) -> str:
        """Return what it does."""
        return f"remove {self.path}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"removed": self.path}

    def apply(self, store: Store) -> None:
        """Do it."""
        os.unlink(self.path)
