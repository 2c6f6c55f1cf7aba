"""The log drivers and their options, as Docker has them. Pure."""

from __future__ import annotations

from ..errors import InvalidSpec
from .sizes import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

    from .spec import ContainerSpec

DEFAULT_SIZE = 10 * 1024 * 1024
DEFAULT_FILES = 3
BUFFER = 1024 * 1024  # bytes, Docker's default of max-buffer-size
_FILES = ("max-size", "max-file", "compress")
_ATTRIBUTES = ("tag", "labels", "labels-regex", "env", "env-regex")
_CACHE = ("cache-disabled", "cache-max-size", "cache-max-file", "cache-compress")
_ALWAYS = ("mode", "max-buffer-size")
DRIVERS = {
    "json-file": (*_FILES, *_ATTRIBUTES, *_ALWAYS),
    "local": (*_FILES, *_ALWAYS),
    "journald": (*_ATTRIBUTES, *_CACHE, *_ALWAYS),
    "syslog": ("syslog-address", "syslog-facility", "syslog-format", *_ATTRIBUTES, *_CACHE, *_ALWAYS),
    "none": (),
}
FORMATS = ("", "rfc3164", "rfc5424", "rfc5424micro")
FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "",
    "", "", "", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip
TAG_FIELDS = ("ID", "FullID", "Name", "ImageID", "ImageFullID", "ImageName", "Command", "DaemonName")
_TRUE, _FALSE = ("1", "t", "true"), ("0", "f", "false")


def check(spec: ContainerSpec) -> None:
    """Raise InvalidSpec for a driver, an option or a value that makes no sense."""
    if spec.log_driver not in DRIVERS:
        raise InvalidSpec(f"log_driver {spec.log_driver!r}: use one of {', '.join(DRIVERS)}")
    known = DRIVERS[spec.log_driver]
    for key in spec.log_options:
        if key not in known:
            use = f"; use {', '.join(known)}" if known else ""
            raise InvalidSpec(f"log option {key!r} is unknown to the log driver {spec.log_driver}{use}")
    limits(spec)
    buffer(spec)
    compressed(spec)
    cached(spec)
    render(spec.log_options.get("tag", ""), dict.fromkeys(TAG_FIELDS, ""))
    for key in ("labels-regex", "env-regex"):
        expression(spec.log_options, key)
    if spec.log_driver == "syslog":
        from .log_address import parse

        parse(spec.log_options.get("syslog-address", ""))
        facility(spec)
        if spec.log_options.get("syslog-format", "") not in FORMATS:
            raise InvalidSpec(f"log option syslog-format: use one of {', '.join(FORMATS[1:])}")


def limits(spec: ContainerSpec) -> tuple[int, int]:
    """Return (bytes of one file, number of files); (0, 0) when nothing is to be kept on this host.

    Unlike Docker, whose default fills the disk, a log is at most 3 files of 10 MiB unless the user says otherwise;
    `max-size: -1` is no limit. Raises InvalidSpec.
    """
    if not readable(spec):
        return 0, 0
    prefix = "cache-" if cached(spec) else ""
    bytes_of_one = size(spec.log_options.get(f"{prefix}max-size", DEFAULT_SIZE), f"log option {prefix}max-size")
    files = spec.log_options.get(f"{prefix}max-file", str(DEFAULT_FILES))
    if not files.isascii() or not files.isdigit() or not 1 <= int(files) <= 1000:
        raise InvalidSpec(f"log option {prefix}max-file: {files!r} is not a number of files from 1 to 1000")
    if bytes_of_one == 0 or bytes_of_one < -1:
        raise InvalidSpec(f"log option {prefix}max-size must be a size above 0, or -1 for no limit")
    return bytes_of_one, int(files)


def readable(spec: ContainerSpec) -> bool:
    """Whether `logs` can show what the container wrote; of what is sent away a copy is kept (Docker's cache)."""
    return spec.log_driver in ("json-file", "local") or cached(spec)


def cached(spec: ContainerSpec) -> bool:
    """Whether the log is sent away and a copy is kept."""
    return spec.log_driver in ("journald", "syslog") and not _flag(spec, "cache-disabled")


def compressed(spec: ContainerSpec) -> bool:
    """Whether older files are compressed."""
    return _flag(spec, "cache-compress" if cached(spec) else "compress")


def buffer(spec: ContainerSpec) -> int:
    """Return how many bytes may wait for a receiver that is slow; 0 where the application is to wait for it.

    Raises InvalidSpec.
    """
    mode = spec.log_options.get("mode", "blocking")
    if mode not in ("blocking", "non-blocking"):
        raise InvalidSpec(f"log option mode: {mode!r} is neither blocking nor non-blocking")
    most = size(spec.log_options.get("max-buffer-size", BUFFER), "log option max-buffer-size")
    if most <= 0:
        raise InvalidSpec("log option max-buffer-size must be a size above 0")
    if "max-buffer-size" in spec.log_options and mode == "blocking":
        raise InvalidSpec("log option max-buffer-size needs mode=non-blocking")
    return most if mode == "non-blocking" else 0


def facility(spec: ContainerSpec) -> int:
    """Return the number of the option syslog-facility (RFC 5424, 6.2.1). Raises InvalidSpec."""
    text = spec.log_options.get("syslog-facility", "") or "daemon"
    if text in FACILITIES:
        return FACILITIES.index(text)
    if text.isascii() and text.isdigit() and int(text) < len(FACILITIES):
        return int(text)
    raise InvalidSpec(f"log option syslog-facility: {text!r} is neither a name such as local0 nor 0 to 23")


def render(template: str, values: dict[str, str]) -> str:
    """Return a tag from its template, in which `{{.Name}}` stands for a value. Raises InvalidSpec for any other."""
    result, rest = "", template
    while "{{" in rest:
        before, _unused, rest = rest.partition("{{")
        field, closed, rest = rest.partition("}}")
        value = values.get(field.strip()[1:]) if closed and field.strip()[:1] == "." else None
        if value is None:
            known = ", ".join(f"{{{{.{key}}}}}" for key in TAG_FIELDS)
            raise InvalidSpec(f"log option tag: {template!r} is no template of {known}")
        result += before + value
    return result + rest


def expression(options: dict[str, str], key: str) -> re.Pattern[str] | None:
    """Return the regular expression of an option, None where it is not given. Raises InvalidSpec."""
    text = options.get(key, "")
    if not text:
        return None
    import re  # only for those who ask for it: a start has no time for it

    try:
        return re.compile(text)
    except re.error as error:
        raise InvalidSpec(f"log option {key}: {text!r} is no regular expression: {error}") from error


def _flag(spec: ContainerSpec, key: str) -> bool:
    text = spec.log_options.get(key, "false").lower()
    if text not in _TRUE + _FALSE:
        raise InvalidSpec(f"log option {key}: {text!r} is neither true nor false")
    return text in _TRUE
