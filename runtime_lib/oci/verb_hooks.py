"""The hooks that `skiff-oci` itself runs, in the namespaces of who called it."""

from __future__ import annotations

from . import hooks, verb_log

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from .state import Entry


def before(entry: Entry, config: dict[str, Any], pid: int) -> None:
    """Run the hooks of the creation. Raises LaunchError."""
    planned = hooks.planned(config)
    told = hooks.state(config, entry.id, entry.data["bundle"], "creating", pid)
    for kind in hooks.BEFORE:
        hooks.run(planned.get(kind, []), told)


def afterwards(arguments: argparse.Namespace, entry: Entry, config: dict[str, Any], kind: str) -> None:
    """Run the hooks of `poststart` or `poststop`: what fails is only said (OCI runtime.md "Lifecycle")."""
    if not (config.get("hooks") or {}).get(kind):
        return
    status, pid = ("running", entry.data["pid"]) if kind == "poststart" else ("stopped", 0)
    told = hooks.state(config, entry.id, entry.data["bundle"], status, pid)
    for hook in hooks.planned(config)[kind]:
        try:
            hooks.run([hook], told)
        except OSError as error:
            verb_log.say(arguments, "warning", f"{kind} hook {hook.path}: {error.strerror}")
