"""The log of one stage: lines of its own where several stages are built at once."""

from __future__ import annotations

from contextlib import contextmanager

from ..errors import CommandFailed
from .watcher import Watcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .dockerfile import Stage as Parsed


class Stage:
    """Passes on what a stage says. With `several` whole lines, each with the stage's name before it.

    `total` is the number of its steps. A context manager: the stage ends with the block.
    """

    def __init__(
        self,
        output: Callable[[str], None],
        stages: Sequence[Parsed],
        index: int,
        several: bool,
        watcher: Watcher | None = None,
    ) -> None:
        """Write to `output` for the stage with this index; a `watcher` is told of it instead."""
        self._output = _drop if watcher else output
        self._label = stages[index].name or str(index)
        self._several = several
        self._watcher = watcher or Watcher()
        self._rest = ""
        self._prefix = f"[{self._label}] " if several else ""
        self.total = 0

    def begin(self, number: int, text: str) -> None:
        """Tell that a step begins."""
        self._watcher.begin(self._label, number, self.total, text)
        if not self._several:
            self._output(f"Step {number}/{self.total} : {text}\n")
            return
        self.flush()
        self._prefix = f"[{self._label} {number}/{self.total}] "
        self._pass_on(f"{text}\n")

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: type[BaseException] | None, *_unused: object) -> None:
        self.flush()
        self._watcher.end(self._label, kind is None)

    def cached(self) -> None:
        """Tell that the step is from the cache."""
        self._watcher.cached(self._label)
        self._pass_on(" ---> Using cache\n")

    @contextmanager
    def named(self) -> Iterator[None]:
        """Name the stage in the failure of a command. Raises CommandFailed."""
        try:
            yield
        except CommandFailed as error:
            if not self._several:
                raise
            raise CommandFailed(f"stage {self._label}, {error}", error.exit_code) from error

    def write(self, text: str) -> None:
        """Pass on a piece of output."""
        self._watcher.said(self._label, text)
        self._pass_on(text)

    def _pass_on(self, text: str) -> None:
        if not self._several:
            self._output(text)
            return
        *lines, self._rest = f"{self._rest}{text}".split("\n")
        if lines:
            self._output("".join(f"{self._prefix}{line}\n" for line in lines))

    def flush(self) -> None:
        """Pass on the beginning of a line that has not ended."""
        if self._rest:
            self._pass_on("\n")


def _drop(_unused: str) -> None:
    """Drop a piece of output."""
