"""One `RUN --mount`, as docs.docker.com/reference/dockerfile/#run---mount and BuildKit's parser have it. Pure."""

from __future__ import annotations

import csv
import posixpath

from ..containers.sizes import size
from ..errors import InvalidSpec
from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Values = dict[str, str]

KINDS = ("bind", "cache", "tmpfs", "secret", "ssh")
SHARING = ("shared", "private", "locked")
_ALIASES = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly", "rw": "readwrite"}
_KEYS = {
    "bind": ("from", "source", "target", "readonly", "readwrite"),
    "cache": ("from", "source", "target", "readonly", "readwrite", "id", "sharing", "mode", "uid", "gid"),
    "tmpfs": ("target", "size", "readonly", "readwrite"),
    "secret": ("source", "target", "id", "required", "mode", "uid", "gid", "env"),
    "ssh": ("target", "id", "required", "mode", "uid", "gid"),
}
_SWITCHES = ("readonly", "readwrite", "required")
_HIGHEST_ID = 2**32 - 2


@dataclass(frozen=True)
class RunMount:
    """One mount of a RUN. `target` is absolute, or "" for a secret that is a variable only.

    `origin` is what `from` names, "" for the build context (bind) or nothing (cache). `source` is a path in it, or
    what a cache shows of itself. `size` is in bytes, 0 without a limit. `mode`: None is the default of the kind.
    """

    kind: str
    target: str
    origin: str = ""
    source: str = "/"
    read_only: bool = False
    required: bool = False
    size: int = 0
    ident: str = ""
    sharing: str = "shared"
    mode: int | None = None
    uid: int = 0
    gid: int = 0
    env: str = ""

    def key(self) -> list[object]:
        """Return what the cache of a RUN depends on; the content is the caller's to add. No secret is in it."""
        return [self.kind, self.target, self.origin, self.source, self.read_only, self.size, self.ident, self.env]


def parse(text: str, expand: Callable[[str], str], working_dir: str) -> RunMount:
    """Return the mount of a flag's value. `expand` replaces variables. Raises InvalidSpec."""
    values: Values = {}
    for field in _fields(text):
        key, value = _pair(field, expand, text)
        values[key] = value
    kind = values.pop("type", "bind")
    if kind not in KINDS:
        raise InvalidSpec(f"--mount={text[:200]}: the type {kind[:40]!r} is none of {', '.join(KINDS)}")
    for key in values:
        if key not in _KEYS[kind]:
            known = ", ".join(_KEYS[kind])
            raise InvalidSpec(f"--mount={text[:200]}: a {kind} mount has no {key[:40]!r}; it has {known}")
    try:
        return _named(kind, values, working_dir) if kind in ("secret", "ssh") else _filled(kind, values, working_dir)
    except InvalidSpec as error:
        raise InvalidSpec(f"--mount=type={kind}: {error}") from error


def _filled(kind: str, values: Values, working_dir: str) -> RunMount:
    """Return a bind, a cache or a tmpfs."""
    target = _target(values.get("target", ""), working_dir)
    read_only = _switch(values, "readonly", kind == "bind")
    if "readwrite" in values:
        read_only = not _switch(values, "readwrite", True)
    sharing = values.get("sharing", "shared").lower()
    if sharing not in SHARING:
        raise InvalidSpec(f"sharing={sharing[:40]} is none of {', '.join(SHARING)}")
    return RunMount(
        kind,
        target,
        values.get("from", ""),
        posixpath.normpath(posixpath.join("/", values.get("source", ""))).replace("//", "/"),
        read_only,
        False,
        size(values.get("size", "0"), "size"),
        values.get("id", "") or (target if kind == "cache" else ""),
        sharing,
        _mode(values),
        _number(values, "uid"),
        _number(values, "gid"),
    )


def _named(kind: str, values: Values, working_dir: str) -> RunMount:
    """Return a secret, or the socket of an agent, whose default place depends on how many there are."""
    ident, target = values.get("id", ""), values.get("target", "")
    if ident and values.get("source"):
        raise InvalidSpec("both id and source name the secret; give one of them")
    ident = ident or values.get("source", "") or posixpath.basename(target)
    env = values.get("env", "")
    if "=" in env or "\0" in env:
        raise InvalidSpec(f"env={env[:40]!r} is not the name of a variable")
    if kind == "ssh":
        ident = values.get("id", "") or "default"
    elif not ident:
        raise InvalidSpec("a secret needs an id or a target")
    elif not target and not env:
        target = f"/run/secrets/{posixpath.basename(ident)}"
    return RunMount(
        kind,
        _target(target, working_dir) if target else "",
        required=_switch(values, "required", False),
        ident=ident,
        mode=_mode(values),
        uid=_number(values, "uid"),
        gid=_number(values, "gid"),
        env=env,
    )


def _fields(text: str) -> list[str]:
    try:
        (fields,) = csv.reader([text], strict=True)
    except (csv.Error, ValueError) as error:
        raise InvalidSpec(f"--mount={text[:200]} is no list of KEY=VALUE with commas in between") from error
    return fields


def _pair(field: str, expand: Callable[[str], str], text: str) -> tuple[str, str]:
    key, equals, value = field.partition("=")
    key = _ALIASES.get(key.strip().lower(), key.strip().lower())
    if not equals:
        if key in _SWITCHES:
            return key, "true"
        raise InvalidSpec(f"--mount={text[:200]}: {field[:40]!r} is no KEY=VALUE")
    if key == "from":
        if "$" in value:
            raise InvalidSpec(f"--mount={text[:200]}: from takes no variable; name a stage, and use ARG in its FROM")
        return key, value
    return key, expand(value)


def _target(path: str, working_dir: str) -> str:
    clean = posixpath.normpath(posixpath.join("/", working_dir, path)).replace("//", "/")
    if not path or clean == "/" or "\0" in path:
        raise InvalidSpec(f"target={path[:200]!r} is no place for a mount; name a path below /")
    return clean


def _switch(values: Values, key: str, default: bool) -> bool:
    word = values.get(key, str(default)).lower()
    if word not in ("true", "1", "false", "0"):
        raise InvalidSpec(f"{key}={word[:40]} is neither true nor false")
    return word in ("true", "1")


def _mode(values: Values) -> int | None:
    text = values.get("mode")
    if text is None:
        return None
    if not 1 <= len(text) <= 5 or not set(text) <= set("01234567"):
        raise InvalidSpec(f"mode={text[:40]} is no octal number such as 0400")
    return int(text, 8) & 0o7777


def _number(values: Values, key: str) -> int:
    text = values.get(key, "0")
    if not text.isascii() or not text.isdigit() or len(text) > 10 or int(text) > _HIGHEST_ID:
        raise InvalidSpec(f"{key}={text[:40]} is no number of an account; names do not count here")
    return int(text)
