"""What `--cache-from` and `--cache-to` say, in BuildKit's words. Pure."""

from __future__ import annotations

import os

from ..errors import InvalidSpec
from ..images import reference
from ..records import dataclass
from .secrets import fields

_KINDS = ("registry", "local", "inline")


@dataclass(frozen=True)
class CachePlace:
    """A place of a cache. `kind` is registry (`place` is an image's name), local (an OCI layout's path) or inline.

    With `every_stage` the steps of all stages are written, else those that the image has. With `may_fail` a build
    does not fail when its cache cannot be written.
    """

    kind: str
    place: str = ""
    every_stage: bool = False
    may_fail: bool = False


def source(text: str) -> CachePlace:
    """Return where a cache is read: an image's name, type=registry,ref=NAME or type=local,src=PATH.

    Raises InvalidSpec.
    """
    if "=" not in text:
        return _checked(CachePlace("registry", text), "cache-from", "ref")
    values = fields(text, "cache-from")
    kind = values.pop("type", "")
    if kind == "inline":
        raise InvalidSpec("--cache-from: the type inline is for --cache-to; read such a cache by the image's name")
    return _checked(_read(kind, values, "cache-from", "src"), "cache-from", "src")


def target(text: str) -> CachePlace:
    """Return where a cache is written: type=inline, type=registry,ref=NAME or type=local,dest=PATH.

    Raises InvalidSpec.
    """
    if "=" not in text:
        return _checked(CachePlace("registry", text), "cache-to", "ref")
    values = fields(text, "cache-to")
    mode, may_fail = values.pop("mode", "min"), values.pop("ignore-error", "false")
    if mode not in ("min", "max"):
        raise InvalidSpec(f"--cache-to: mode={mode[:40]} is neither min nor max")
    found = _read(values.pop("type", ""), values, "cache-to", "dest")
    return _checked(CachePlace(found.kind, found.place, mode == "max", may_fail in ("true", "1")), "cache-to", "dest")


def _read(kind: str, values: dict[str, str], option: str, path: str) -> CachePlace:
    if kind not in _KINDS:
        raise InvalidSpec(f"--{option}: type={kind[:40]} is none of {', '.join(_KINDS)}")
    key = {"registry": "ref", "local": path}.get(kind, "")
    place = values.pop(key, "")
    if values:
        raise InvalidSpec(f"--{option}: type={kind} has no key {sorted(values)[0]!r}")
    return CachePlace(kind, os.path.abspath(place) if kind == "local" and place else place)


def _checked(found: CachePlace, option: str, path: str) -> CachePlace:
    if found.kind != "inline" and not found.place:
        raise InvalidSpec(f"--{option}: type={found.kind} needs {path if found.kind == 'local' else 'ref'}")
    if found.kind == "registry":
        reference.parse(found.place)
    return found
