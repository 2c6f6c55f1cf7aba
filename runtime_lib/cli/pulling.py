"""`skiff pull`, and how a pull is told of: by lines as Docker's, or by bars on a terminal."""

from __future__ import annotations

import os
import sys
import threading
import time

from ..images.pull import Listener
from . import opened, output
from .options import FLAG, TEXT, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..images.fetching import Seen
    from ..images.origins import Blob
    from ..images.pull import Pulled
    from ..images.reference import Reference

_PULL = Usage(
    "pull",
    "[OPTIONS] NAME[:TAG|@DIGEST]",
    "Pull an image, or all of a repository, from a registry",
    (
        Option("all-tags", "a", FLAG, "All tagged images of the repository"),
        Option("disable-content-trust", "", FLAG, "Accepted for Docker's sake: signatures are not looked at"),
        Option("platform", "", TEXT, "Of an image for several platforms, that one: linux/arm64/v8"),
        Option("quiet", "q", FLAG, "Print the name only"),
    ),
    1,
    1,
)
_BAR = 50  # signs; Docker's
_PAUSE = 0.1  # seconds between two pictures on a terminal


def pull(words: list[str]) -> int:
    """Pull images."""
    from ..images import pull as engine
    from ..images import reference

    parsed = _PULL.parse(words)
    ref = parsed.arguments[0]
    name = reference.parse(ref)
    told = Listener() if parsed.quiet else Telling(sys.stdout, name.familiar_name if parsed.all_tags else "")
    platform = parsed.platform or ""
    if parsed.all_tags:
        names = engine.tags(ref)
    else:
        if not parsed.quiet and not name.digest and ":" not in ref.rpartition("/")[2]:
            output.write_lines([f"Using default tag: {name.tag}"])
        names = [name.familiar]
    for each in names:
        engine.pull(opened.store(), each, platform, listener=told)
    if isinstance(told, Telling) and parsed.all_tags:
        told.summary(name.familiar_name)
    output.write_lines([name.familiar_name if parsed.all_tags else name.full])
    return 0


class Telling(Listener):
    """Tells of a pull as Docker does."""

    def __init__(self, stream: object, together: str = "") -> None:
        """Write to `stream`, with bars when that is a terminal; say what became of several names only `together`."""
        self._together = together
        self._changed = False
        self._stream = stream
        self._bars = os.isatty(stream.fileno())  # type: ignore[attr-defined]
        self._lock = threading.Lock()
        self._states: dict[str, str] = {}
        self._height = 0
        self._shown = 0.0

    def begin(self, found: Reference) -> None:
        """Say what is looked up."""
        self._states, self._height = {}, 0
        self._repository = found.path
        self._name = found

    def layer(self, blob: Blob, status: str) -> None:
        """Say what has become of a layer."""
        self._begin()
        self._say(blob.digest[7:19], status)

    def seen(self, seen: Seen) -> None:
        """Show how much of a layer is there."""
        short = seen.digest[7:19]
        if seen.size >= seen.total:
            self._say(short, "Download complete")
        elif self._bars and time.monotonic() - self._shown > _PAUSE:
            self._say(short, f"Downloading {progress_bar(seen.size, seen.total)}")

    def end(self, pulled: Pulled) -> None:
        """Say what the name is."""
        self._begin()
        self._changed = self._changed or pulled.changed
        self._write(f"Digest: {pulled.digest}\n")
        if not self._together:
            self.summary(self._name.familiar)

    def summary(self, what: str) -> None:
        """Say whether anything is new."""
        status = "Downloaded newer image" if self._changed else "Image is up to date"
        self._write(f"Status: {status} for {what}\n")

    def _begin(self) -> None:
        if self._name_told is not self._name:
            self._name_told = self._name
            self._write(f"{self._name.tag or self._name.familiar}: Pulling from {self._repository}\n")

    _name_told: object = None

    def _say(self, short: str, status: str) -> None:
        with self._lock:
            if self._states.get(short) == "Pull complete":
                return  # another thread may be late with its word
            self._states[short] = status
            self._write(self._picture() if self._bars else f"{short}: {status}\n")
            self._shown = time.monotonic()

    def _picture(self) -> str:
        up = f"\x1b[{self._height}A" if self._height else ""
        self._height = len(self._states)
        return up + "".join(f"\r\x1b[2K{short}: {status}\n" for short, status in self._states.items())

    def _write(self, text: str) -> None:
        self._stream.write(text)  # type: ignore[attr-defined]
        self._stream.flush()  # type: ignore[attr-defined]


def progress_bar(size: int, total: int) -> str:
    """Return a progress bar as Docker's: [=====>     ]  1.2MB/9.5MB."""
    done = min(_BAR - 1, _BAR * size // max(1, total))
    return f"[{'=' * done}>{' ' * (_BAR - 1 - done)}]  {output.size(size)}/{output.size(total)}"
