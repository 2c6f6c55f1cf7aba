"""Conditions that pick objects: what `--filter KEY=VALUE` and the modules' filters say. Pure.

They are a dictionary of lists: several values of one key are alternatives, but labels all hold; several keys all hold.
"""

from __future__ import annotations

from .errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Conditions = Mapping[str, list[str]]


def from_texts(texts: Iterable[str]) -> dict[str, list[str]]:
    """Return the conditions of `KEY=VALUE` texts; `label!=x` is key `label!`. Raises InvalidSpec."""
    found: dict[str, list[str]] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise InvalidSpec(f"--filter: {text!r} is not KEY=VALUE")
        found.setdefault(key.strip().lower(), []).append(value.strip())
    return found


def from_option(given: Mapping[str, object] | None) -> dict[str, list[str]]:
    """Return the conditions of a module's dictionary, whose values are texts, numbers, booleans or lists of them."""
    return {key: [_text(value) for value in _entries(values)] for key, values in (given or {}).items()}


def _entries(values: object) -> list[object]:
    """{"label": {"a": "b"}} is "a=b", as the Docker SDK has it."""
    if isinstance(values, dict):
        return [f"{key}={_text(value)}" for key, value in values.items()]
    return list(values) if isinstance(values, (list, tuple)) else [values]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def check(conditions: Conditions, known: Iterable[str], what: str) -> None:
    """Raise InvalidSpec for a key that is not known; `what` says what is looked for."""
    for key in conditions:
        if key not in known:
            raise InvalidSpec(f"filter {key!r}: {what} can be picked by {', '.join(sorted(known))}")


def truth(conditions: Conditions, key: str) -> bool | None:
    """Return what a key such as `dangling` says; None when it is not there. Raises InvalidSpec."""
    values = conditions.get(key)
    if not values:
        return None
    if any(value.lower() not in ("1", "t", "true", "0", "f", "false") for value in values):
        raise InvalidSpec(f"filter {key}: {values[0]!r} is neither true nor false")
    return any(value.lower() in ("1", "t", "true") for value in values)


def labelled(labels: Mapping[str, str], conditions: Conditions) -> bool:
    """Whether labels have what `label` wants, and nothing that `label!` excludes."""
    return all(_has(labels, wanted) for wanted in conditions.get("label", ())) and not any(
        _has(labels, unwanted) for unwanted in conditions.get("label!", ())
    )


def _has(labels: Mapping[str, str], wanted: str) -> bool:
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)


def matches(text: str, conditions: Conditions, key: str) -> bool:
    """Whether a text has a part that one of a key's regular expressions describes, or the key is not there.

    Raises InvalidSpec for what is no regular expression.
    """
    values = conditions.get(key)
    if not values:
        return True
    import re

    try:
        return any(value == text or re.search(value, text) for value in values)
    except re.error as error:
        raise InvalidSpec(f"filter {key}: {values[0]!r} is no regular expression: {error}") from None


def among(text: str, conditions: Conditions, key: str) -> bool:
    """Whether a text is one of a key's values, or the key is not there."""
    return key not in conditions or text in conditions[key]


def created_until(created: int, conditions: Conditions) -> bool:
    """Whether something was created (ns since 1970) before the moment that `until` names. Raises InvalidSpec."""
    from .moments import moment

    return all(created < moment(text, "filter until") for text in conditions.get("until", ()))
