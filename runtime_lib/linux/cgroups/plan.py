"""What the rules of one cgroup version collect."""

from __future__ import annotations


class Plan:
    """`settings`: (key, file, text) to be written; `lacking`: sentences about what cannot be."""

    __slots__ = ("features", "key", "lacking", "settings")

    def __init__(self, features: frozenset[str]) -> None:
        self.features = features
        self.key = ""
        self.settings: list[tuple[str, str, str]] = []
        self.lacking: list[str] = []

    def put(self, file: str, value: object) -> None:
        """Write `value` to `file` of the present hierarchy."""
        self.settings.append((self.key, file, str(value)))

    def lacks(self, sentence: str) -> None:
        """Remember that something wanted cannot be had."""
        self.lacking.append(sentence)
