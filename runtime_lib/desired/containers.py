"""A list of containers, converged in one go and in the order in which they need each other."""

from __future__ import annotations

from ..errors import InvalidSpec, SkiffError
from .container import one, read
from .plan import Outcome, Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store
    from .container_wish import Wish


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Converge all of `containers`; what stands beside it is the default of each entry.

    All entries are read before the first one is touched. Removals come first, in the reverse order. When one fails,
    the result says so, with the results of those before it.
    """
    wishes = ordered([read(entry) for entry in entries(options)])
    outcomes: dict[str, Outcome] = {}
    failed = None
    for wanted in wishes:
        try:
            outcomes[wanted.name] = one(store, wanted, check)
            failed = outcomes[wanted.name].failed
        except (SkiffError, OSError) as error:
            failed = str(error)
        if failed:
            failed = f"container {wanted.name}: {failed}"
            break
    names = [entry["name"] for entry in entries(options)]
    return _together([(name, outcomes[name]) for name in names if name in outcomes], failed)


def entries(options: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each entry with the task's own options under it. Raises InvalidSpec for wrong names."""
    common = {key: value for key, value in options.items() if key not in ("containers", "name") and value is not None}
    result = []
    for entry in options["containers"]:
        own = {key: value for key, value in entry.items() if value is not None}
        if not own.get("name"):
            raise InvalidSpec("containers: each entry needs a name")
        result.append({**common, **own})
    names = [entry["name"] for entry in result]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidSpec(f"containers: {twice[0]} is there twice")
    return result


def ordered(wishes: list[Wish]) -> list[Wish]:
    """Return the wishes so that each comes after those that it needs. Raises InvalidSpec for a circle."""
    absent = [wanted for wanted in wishes if wanted.state == "absent"]
    rest = [wanted for wanted in wishes if wanted.state != "absent"]
    done: list[Wish] = []
    while rest:
        waiting = {wanted.name for wanted in rest}
        ready = [wanted for wanted in rest if not needs(wanted) & (waiting - {wanted.name})]
        if not ready:
            raise InvalidSpec(f"containers: {', '.join(sorted(waiting))} need each other in a circle")
        done += ready
        rest = [wanted for wanted in rest if wanted not in ready]
    return absent[::-1] + done


def needs(wanted: Wish) -> set[str]:
    """Return the names of the containers whose namespaces, volumes or addresses this one uses."""
    spec = wanted.spec
    modes = (spec.network_mode, spec.ipc_mode, spec.pid_mode, spec.uts_mode)
    names = {mode.partition(":")[2] for mode in modes if mode.startswith("container:")}
    names.update(entry.partition(":")[0] for entry in spec.volumes_from)
    links = spec.links + tuple(link for network in spec.networks for link in network.links)
    names.update(link.partition(":")[0] for link in links)
    return names


def _together(outcomes: list[tuple[str, Outcome]], failed: str | None) -> Outcome:
    steps = tuple(step for _name, outcome in outcomes for step in outcome.plan.steps)
    different = [(name, outcome.plan) for name, outcome in outcomes if outcome.plan.before or outcome.plan.after]
    plan = Plan(steps, {name: plan.before for name, plan in different}, {name: plan.after for name, plan in different})
    results = [{"name": name, "changed": outcome.changed, **outcome.facts} for name, outcome in outcomes]
    warnings = tuple(f"{name}: {text}" for name, outcome in outcomes for text in outcome.warnings)
    changed = any(outcome.changed for _name, outcome in outcomes)
    return Outcome({"containers": results}, plan, changed, warnings, failed)
