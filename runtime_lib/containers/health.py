"""Health checks: what the container's description and its image ask for, and what the monitor has seen."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..monitor import state as monitor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store
    from .catalog import Container
    from .parts import Healthcheck
    from .spec import ContainerSpec

_SECOND = 10**9  # nanoseconds, which is what images count in
_LEAST = 10**6
_MOST = 2**63 - 1
_KINDS = ("NONE", "CMD", "CMD-SHELL")
# Docker's defaults (moby, daemon/health.go).
_DEFAULTS = {"Interval": 30 * _SECOND, "Timeout": 30 * _SECOND, "StartPeriod": 0, "StartInterval": 5 * _SECOND}
_RETRIES = 3
_SHELL = ("/bin/sh", "-c")


def check(spec: ContainerSpec) -> None:
    """Raise InvalidSpec for a health check that makes no sense; no time may be below a millisecond, but for 0."""
    wanted = spec.healthcheck
    if wanted is None:
        return
    if wanted.test and wanted.test[0] not in _KINDS:
        raise InvalidSpec(f"healthcheck: a test starts with NONE, CMD or CMD-SHELL, not {wanted.test[0][:40]!r}")
    if wanted.test[:1] in (("CMD",), ("CMD-SHELL",)) and len(wanted.test) < 2:
        raise InvalidSpec(f"healthcheck: {wanted.test[0]} needs a command")
    if any("\0" in word for word in wanted.test):
        raise InvalidSpec("healthcheck: the test must not contain a NUL character")
    for key, value in _values(wanted).items():
        if key != "Retries" and not (value == 0 or _LEAST <= value <= _MOST):
            raise InvalidSpec(f"healthcheck: {key} must be at least one millisecond, and below 292 years")
    if wanted.retries < 0:
        raise InvalidSpec("healthcheck: retries must not be negative")


def declared(given: Healthcheck | None, image: dict[str, Any]) -> dict[str, Any] | None:
    """Return Docker's `Healthcheck` object: what was given, completed by what the image's configuration says."""
    inherited = _of_image(image.get("Healthcheck"))
    if given is None:
        return inherited or None
    own: dict[str, Any] = {"Test": list(given.test), **_values(given)}
    return {**inherited, **{key: value for key, value in own.items() if value}}


def settings(given: Healthcheck | None, image: dict[str, Any]) -> dict[str, Any] | None:
    """Return the `health` of a monitor's request; None when nothing is to be checked."""
    found = declared(given, image) or {}
    test = found.get("Test") or ["NONE"]
    if test[0] not in ("CMD", "CMD-SHELL") or len(test) < 2:
        return None
    times = {key: found.get(key) or default for key, default in _DEFAULTS.items()}
    return {
        "command": test[1:] if test[0] == "CMD" else [*_shell(image), *test[1:]],
        "interval": times["Interval"] / _SECOND,
        "timeout": times["Timeout"] / _SECOND,
        "start_period": times["StartPeriod"] / _SECOND,
        "start_interval": times["StartInterval"] / _SECOND,
        "retries": found.get("Retries") or _RETRIES,
        "too_long": f"Health check exceeded timeout ({length(times['Timeout'])})",
    }


def seen(store: Store, container: Container, state: monitor.State) -> dict[str, Any] | None:
    """Return `status`, `failing_streak` and `log` of the last run; None when it has never been checked."""
    folder = store.layout.container(container.id)
    found = monitor.health(store.layout.bundle(container.id), folder)
    if found and not state.monitored:
        found["status"] = "unhealthy"  # nobody checks any more
    return found


def length(nanoseconds: int) -> str:
    """Return a length of time as Go writes it: "1m30s", "300ms", "1.5s"."""
    if nanoseconds < _SECOND:
        return f"{nanoseconds / _LEAST:.9g}ms"
    minutes, rest = divmod(nanoseconds, 60 * _SECOND)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest // _SECOND}.{rest % _SECOND:09d}".rstrip("0").rstrip(".") + "s"
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + seconds


def _values(given: Healthcheck) -> dict[str, int]:
    return {
        "Interval": round(given.interval * _SECOND),
        "Timeout": round(given.timeout * _SECOND),
        "StartPeriod": round(given.start_period * _SECOND),
        "StartInterval": round(given.start_interval * _SECOND),
        "Retries": given.retries,
    }


def _of_image(value: Any) -> dict[str, Any]:
    """Return what makes sense of an image's health check: nobody has looked at it before."""
    if not isinstance(value, dict):
        return {}
    found: dict[str, Any] = {}
    test = value.get("Test")
    if isinstance(test, list) and test and all(isinstance(word, str) and "\0" not in word for word in test):
        found["Test"] = test
    for key in (*_DEFAULTS, "Retries"):
        number = value.get(key)
        if isinstance(number, int) and not isinstance(number, bool) and 0 < number <= _MOST:
            found[key] = number
    return found


def _shell(image: dict[str, Any]) -> list[str]:
    words = image.get("Shell")
    if isinstance(words, list) and words and all(isinstance(word, str) and "\0" not in word for word in words):
        return words
    return list(_SHELL)
