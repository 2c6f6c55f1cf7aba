"""Somebody who sees how a build goes on: step by step, in place of reading its log."""

from __future__ import annotations


class Watcher:
    """Hears of the steps of all stages, from several threads; `stage` is a stage's name or number."""

    def begin(self, stage: str, number: int, total: int, text: str) -> None:
        """A step begins; the one before it in its stage has ended."""

    def said(self, stage: str, text: str) -> None:
        """A piece of the output of a stage's step."""

    def cached(self, stage: str) -> None:
        """The step is from the cache."""

    def end(self, stage: str, whole: bool) -> None:
        """A stage has ended; `whole` is False when its last step has failed or was stopped."""
