"""Where a container's output goes, by the part `log` of its monitor's request."""

from __future__ import annotations

from .logfile import LogFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Union

    from .loop import Loop
    from .remote import Both, Remote

    Sink = Union[LogFile, Remote, Both]


class Log:
    """What takes the records now; see `containers.log_settings` for `log`."""

    __slots__ = ("_lost", "_loop", "_path", "_sink")

    def __init__(self, path: str, log: dict[str, Any], loop: Loop) -> None:
        self._lost = 0
        self._loop = loop
        self._path = path
        self._sink = _opened(path, log, loop)

    @property
    def dropped(self) -> int:
        """How many records could not be kept or sent."""
        return self._lost + self._sink.dropped

    def write(self, stream: str, data: bytes) -> None:
        """Take what the application wrote to `stream` ("stdout" or "stderr")."""
        self._sink.write(stream, data)

    def finish(self) -> None:
        """Write unfinished lines, as the application has ended."""
        self._sink.finish()

    def replace(self, log: dict[str, Any]) -> None:
        """Keep and send what comes from now on otherwise."""
        self._sink.finish()
        self._sink.close()
        self._lost += self._sink.dropped
        self._sink = _opened(self._path, log, self._loop)


def _opened(path: str, log: dict[str, Any], loop: Loop) -> Sink:
    # Nothing is kept in /dev/null, and it must not be rotated.
    max_size = log["max_size"] if log["max_files"] else 0
    where = path if log["max_files"] else "/dev/null"
    file = LogFile(where, max_size, log["max_files"], log["compress"], log["attributes"])
    place = log["remote"]
    if place is None:
        return file
    from .remote import Both, Remote  # memory of those monitors alone that need it

    remote = Remote(place, _encoder(place), loop)
    if not log["max_files"]:
        file.close()
        return remote
    return Both(file, remote)


def _encoder(place: dict[str, Any]) -> Any:
    if place["kind"] == "syslog":
        from .syslog import Syslog

        return Syslog(place["facility"], place["format"], place["tag"]).encode
    from .journald import Journal

    return Journal(place["fields"]).encode
