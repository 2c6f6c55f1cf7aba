"""The `registry_login` module's work."""

from __future__ import annotations

import os

from ..errors import InvalidSpec
from ..registry import credentials
from ..registry.endpoint import named
from .plan import Outcome, Plan, converge
from .registry_steps import Login, Logout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Log in to a registry, or out of it; with `check`, only ask whether the credentials are right."""
    registry = named(options["registry_url"])
    path = os.path.expanduser(options["config_path"])
    kept = credentials.find((path,), registry)
    if options["state"] == "absent":
        steps = plan(registry, path, kept, None)
        if not check:
            converge(store, steps)
        return Outcome({"login_results": {}}, steps, steps.changed)
    wanted = _checked(registry, options)
    steps = plan(registry, path, None if options["reauthorize"] else kept, wanted)
    if not check:
        converge(store, steps)
    return Outcome({"login_results": {"IdentityToken": "", "Status": "Login Succeeded"}}, steps, steps.changed)


def _checked(registry: str, options: dict[str, Any]) -> credentials.Credentials:
    """Return the credentials, which the registry has accepted. Raises InvalidSpec without them, RegistryError."""
    from ..registry.client import login
    from ..registry.settings import of_host

    if not options["username"] or not options["password"]:
        raise InvalidSpec("username and password are needed to log in")
    wanted = credentials.Credentials(options["username"], options["password"])
    login(registry, of_host(), wanted)
    return wanted


def plan(
    registry: str, path: str, kept: credentials.Credentials | None, wanted: credentials.Credentials | None
) -> Plan:
    """Return the step from the kept credentials to the wanted ones. Pure; secrets are not shown."""
    if kept == wanted:
        return Plan()
    before, after = ({"logged_in": each is not None} for each in (kept, wanted))
    return Plan((Login(registry, path, wanted) if wanted else Logout(registry, path),), before, after)
