"""Which registries a host knows by another place, by mirrors, or not at all (containers-registries.conf(5))."""

from __future__ import annotations

import os

from ..errors import InvalidSpec
from ..records import dataclass
from . import endpoint, tomltext
from .endpoint import Endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

FILES = ("/etc/containers/registries.conf",)
_OFFICIAL = "library/"
FOLDERS = ("/etc/containers/registries.conf.d",)


@dataclass(frozen=True)
class Mirror:
    """Another place of the same images; `kind` is what may be pulled there: all, digest-only or tag-only."""

    location: str
    insecure: bool = False
    kind: str = "all"


@dataclass(frozen=True)
class Rule:
    """What holds for the images whose names begin with `prefix`."""

    prefix: str
    location: str
    insecure: bool = False
    blocked: bool = False
    mirrors: tuple[Mirror, ...] = ()

    def matches(self, name: str) -> int:
        """Return how much of an image's name (without tag) it covers, 0 for none."""
        if self.prefix.startswith("*."):
            host = name.partition("/")[0].partition(":")[0]
            return len(self.prefix) if host.endswith(self.prefix[1:]) else 0
        rest = name[len(self.prefix) :] if name.startswith(self.prefix) else "x"
        return len(self.prefix) if not rest or rest[0] in "/:@" else 0


@dataclass(frozen=True)
class Rules:
    """All rules of a host; `aliases` are (short name, full name)."""

    rules: tuple[Rule, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()

    def _meant(self, domain: str, path: str) -> tuple[str, str]:
        """Return the registry and path of a name, which an alias may have: `web` and docker.io/library/web are one."""
        short = path[len(_OFFICIAL) :] if path.startswith(_OFFICIAL) else path
        full = dict(self.aliases).get(short, "") if domain == endpoint.HUB else ""
        domain, _slash, path = (full or f"{domain}/{path}").partition("/")
        return domain, path

    def places(self, domain: str, path: str, push: bool = False, digest: bool = False) -> list[Endpoint]:
        """Return where an image is to be sought, the best place first. Raises InvalidSpec for a blocked registry."""
        if not push:
            domain, path = self._meant(domain, path)
        name = f"{domain}/{path}"
        rule = max(self.rules, key=lambda one: one.matches(name), default=None)
        if rule is None or not rule.matches(name):
            return [endpoint.of(domain, path)]
        if rule.blocked:
            raise InvalidSpec(f"the registry of {name} is blocked by this host's registries.conf ({rule.prefix})")
        rest = name[len(rule.prefix) :] if not rule.prefix.startswith("*.") else f"/{path}"
        mirrors = [] if push else [one for one in rule.mirrors if one.kind in ("all", _kind(digest))]
        found = [_place(f"{one.location}{rest}", one.insecure) for one in mirrors]
        location = rule.location or (domain if rule.prefix.startswith("*.") else rule.prefix)
        return [*found, _place(f"{location}{rest}", rule.insecure)]


def _aliased(document: dict[str, Any], where: str) -> dict[str, str]:
    """Return the [aliases] of a file; an empty one takes that of an earlier file away."""
    found = document.get("aliases", {})
    if not isinstance(found, dict):
        raise InvalidSpec(f"{where}: write aliases as a table: [aliases]")
    for short, full in found.items():
        host = full.partition("/")[0] if isinstance(full, str) else ""
        if full != "" and not (host != full and (set(".:") & set(host) or host == "localhost")):
            raise InvalidSpec(f"{where}: the alias {short} must be a name with its registry, such as quay.io/team/web")
    return found


def _kind(digest: bool) -> str:
    return "digest-only" if digest else "tag-only"


def _place(name: str, insecure: bool) -> Endpoint:
    domain, _slash, path = name.partition("/")
    return endpoint.of(domain, path, insecure)


def load(files: Sequence[str] = FILES, folders: Sequence[str] = FOLDERS) -> Rules:
    """Read a host's files; a later one replaces the rule of the same prefix. Raises InvalidSpec, OSError."""
    paths = [path for path in files if os.path.exists(path)]
    for folder in folders:
        if os.path.isdir(folder):
            paths += [f"{folder}/{name}" for name in sorted(os.listdir(folder)) if name.endswith(".conf")]
    found: dict[str, Rule] = {}
    aliases: dict[str, str] = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            one = parse(file.read(), path)
        found.update((rule.prefix, rule) for rule in one.rules)
        aliases.update(one.aliases)
    return Rules(tuple(found.values()), tuple((short, full) for short, full in aliases.items() if full))


def parse(text: str, where: str) -> Rules:
    """Return what one file in the format of version 2 says. Raises InvalidSpec with file and line."""
    document = tomltext.parse(text, where)
    if "registries" in document:
        raise InvalidSpec(f"{where}: this is version 1 of the format; write [[registry]] tables as version 2 has them")
    entries = document.get("registry", [])
    if not _are_tables(entries):
        raise InvalidSpec(f"{where}: write each registry as [[registry]]")
    return Rules(tuple(_rule(entry, where) for entry in entries), tuple(_aliased(document, where).items()))


def _rule(entry: dict[str, Any], where: str) -> Rule:
    location, prefix = _text(entry, "location", where), _text(entry, "prefix", where)
    if not location and not prefix:
        raise InvalidSpec(f"{where}: a [[registry]] needs a prefix or a location")
    if not _are_tables(entry.get("mirror", [])):
        raise InvalidSpec(f"{where}: write each mirror as [[registry.mirror]]")
    mirrors = tuple(_mirror(one, where) for one in entry.get("mirror", ()))
    return Rule(prefix or location, location, entry.get("insecure") is True, entry.get("blocked") is True, mirrors)


def _are_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)


def _mirror(entry: dict[str, Any], where: str) -> Mirror:
    location = _text(entry, "location", where)
    if not location:
        raise InvalidSpec(f"{where}: a [[registry.mirror]] needs a location")
    return Mirror(location, entry.get("insecure") is True, _text(entry, "pull-from-mirror", where) or "all")


def _text(entry: dict[str, Any], key: str, where: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str) or "://" in value:
        raise InvalidSpec(
            f"{where}: {key} must be a host and path such as registry.example:5000/team, without https://"
        )
    return value.rstrip("/")
