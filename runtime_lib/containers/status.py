"""How long ago, and how it stands: the words of `docker ps`. Pure, but that what runs knows its age itself."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..monitor.state import State

SECOND = 1_000_000_000
# (from this many seconds on, divisor, singular); go-units' HumanDuration.
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def status_text(state: State, now: int, health: str = "") -> str:
    """Return "Up 3 minutes", "Exited (0) 2 hours ago", "Created", ...; `now` is in nanoseconds since 1970.

    `health` is "starting", "healthy" or "unhealthy"; "" for a container without a health check.
    """
    if state.status == "created":
        return "Created"
    if state.status in ("running", "paused"):
        said = "health: starting" if health == "starting" else health
        word = "Paused" if state.status == "paused" else said
        return f"Up {duration(state.uptime(now))}{f' ({word})' if word else ''}"
    ended = f"({state.exit_code}) {duration(now - state.finished)} ago"
    if state.status == "restarting":
        return f"Restarting {ended}"
    return "Dead" if state.status == "dead" else f"Exited {ended}"


def duration(nanoseconds: int) -> str:
    """Return a length of time in Docker's words: "Less than a second", "3 minutes", "About an hour"."""
    seconds = max(nanoseconds // SECOND, 0)
    if seconds < 1:
        return "Less than a second"
    if seconds == 1:
        return "1 second"
    if seconds < _MINUTE:
        return f"{seconds} seconds"
    minutes, hours = seconds // _MINUTE, round(seconds / _HOUR)
    if minutes == 1:
        return "About a minute"
    if minutes < 60:
        return f"{minutes} minutes"
    if hours <= 1:
        return "About an hour"
    if hours < 48:
        return f"{hours} hours"
    return _days(seconds)


def _days(seconds: int) -> str:
    days = seconds // _DAY
    if days < 14:
        return f"{days} days"
    if days < 60:
        return f"{days // 7} weeks"
    return f"{days // 30} months" if days < 730 else f"{days // 365} years"
