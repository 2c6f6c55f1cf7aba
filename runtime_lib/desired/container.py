"""The `container` module's work: look, plan, apply, and say how it is now."""

from __future__ import annotations

from contextlib import nullcontext

from ..containers.replacing import recover
from ..errors import Busy, ContainerNotFound, InvalidSpec, WrongState
from . import container_pull
from .container_observe import observe
from .container_plan import plan
from .container_wish import wish
from .plan import Outcome, Plan, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store
    from .container_wish import Wish

PATIENCE = 600.0  # seconds: another task that stops the same container may wait for its stop timeout


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Make the container (or each of `containers`) as the options want it; with `check`, only plan."""
    if options.get("containers") is not None:
        from .containers import perform as perform_all

        return perform_all(store, options, check)
    return one(store, read(options), check)


def read(options: dict[str, Any]) -> Wish:
    """Return the wish of one container's options, with the content of the files that they name."""
    if options.get("image") == "":
        raise InvalidSpec(f"container {options.get('name')}: image is empty")
    if options.get("security_opts"):
        from ..containers.security_files import with_profiles

        options = {**options, "security_opts": with_profiles(options["security_opts"])}
    path = options.get("env_file")
    if not path:
        return wish(options)
    from .container_values import env_file

    with open(path, encoding="utf-8") as file:
        return wish(options, env_file(file.read(), path))


def one(store: Store, wanted: Wish, check: bool) -> Outcome:
    """Converge one container. Raises SkiffError or OSError; then the container is as it was, or as far as it came."""
    with nullcontext() if check else store.lock("task", f"container-{wanted.name}", PATIENCE):
        if not check:
            recover(store)
        pulling = container_pull.plan(store, wanted, check)
        if not check:
            converge(store, pulling)
        steps = plan(wanted, container_pull.seen(observe(store, wanted), pulling))
        if not check:
            converge(store, steps)
        steps = container_pull.together(pulling, steps)
    if not check and not wanted.detach and wanted.state in ("started", "healthy"):
        return _to_the_end(store, wanted, steps)
    failed = _not_healthy(store, wanted) if not check and wanted.state == "healthy" else None
    facts = _facts(store, wanted)
    warnings = (*_warnings(wanted), *(() if check else _unchecked(wanted, facts)))
    return Outcome(facts, steps, steps.changed, warnings, failed)


def _not_healthy(store: Store, wanted: Wish) -> str | None:
    """Wait until it is healthy; return why it is not, for the result shows the container all the same."""
    from .container_health import wait

    try:
        wait(store, wanted.name, wanted.healthy_timeout)
    except (Busy, WrongState) as error:
        return str(error)
    return None


def _warnings(wanted: Wish) -> tuple[str, ...]:
    from ..containers.host_limits import capped
    from ..containers.security import without_effect

    if wanted.state == "absent":
        return wanted.warnings
    return (*wanted.warnings, *capped(wanted.spec), *(without_effect(wanted.spec) if wanted.spec.security_opts else ()))


def _unchecked(wanted: Wish, facts: dict[str, Any]) -> tuple[str, ...]:
    """Return the warning for a container of which nobody can say whether it is healthy."""
    if wanted.state != "healthy" or facts.get("container", {}).get("State", {}).get("Health"):
        return ()
    return (f"container {wanted.name} has no health check, so `state: healthy` waits for nothing",)


def _facts(store: Store, wanted: Wish) -> dict[str, Any]:
    if wanted.state == "absent":
        return {}
    from ..containers.inspect import inspect

    try:
        return {"container": inspect(store, wanted.name)}
    except ContainerNotFound:
        return {}


def _to_the_end(store: Store, wanted: Wish, steps: Plan) -> Outcome:
    """Wait for the end of a container with `detach: false`; its exit code decides whether the task failed."""
    from ..containers.wait import wait

    try:
        code = wait(store, wanted.name)
    except ContainerNotFound:
        if not wanted.spec.auto_remove:
            raise
        gone = f"container {wanted.name} ended and removed itself (auto_remove) before its exit code was known"
        return Outcome({}, steps, steps.changed, (*_warnings(wanted), gone))
    output = _output(store, wanted)
    facts = {**_facts(store, wanted), "status": code}
    if wanted.cleanup and not wanted.spec.auto_remove:
        from .container_steps import Remove

        Remove(wanted.name, volumes=not wanted.keep_volumes).apply(store)
        facts["container"] = {}
    if wanted.output_logs:
        import syslog

        syslog.syslog(f"container {wanted.name}: {output}")
    facts["container"] = {**facts.get("container", {}), "Output": output}
    return Outcome(facts, steps, steps.changed, _warnings(wanted), output or str(code) if code else None)


def _output(store: Store, wanted: Wish) -> str:
    if wanted.spec.auto_remove:
        return "Cannot retrieve result as auto_remove is enabled"
    from ..containers.log_options import readable
    from ..containers.logs import read

    if not readable(wanted.spec):
        return f"Result logged using `{wanted.spec.log_driver}` driver"
    data = b"".join(record.data for record in read(store, wanted.name))
    return data.decode(errors="replace")
