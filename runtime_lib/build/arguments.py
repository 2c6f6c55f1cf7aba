"""Build arguments and their scopes: before the first FROM, and per stage."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .platforms import Platform

# docs.docker.com/reference/dockerfile/#predefined-args: usable without an ARG line, and kept out of history and cache.
PREDEFINED = frozenset(
    spelling
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for spelling in (name, name.lower())
)


# Usable without an ARG line, and no reason for a warning when nothing asks for it.
SOURCE_DATE_EPOCH = "SOURCE_DATE_EPOCH"


def platform(target: Platform, build: Platform) -> dict[str, str]:
    """Return the arguments that name the platforms: known before the first FROM, and in a stage after `ARG NAME`.

    docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope
    """
    found: dict[str, str] = {}
    for side, one in (("TARGET", target), ("BUILD", build)):
        parts = {"PLATFORM": str(one), "OS": one.os, "ARCH": one.architecture, "VARIANT": one.variant}
        found.update((f"{side}{name}", value) for name, value in parts.items())
    return found


class Arguments:
    """The arguments of one stage. A value that the user gave wins over every default."""

    def __init__(self, given: Mapping[str, str], global_defaults: Mapping[str, str | None]) -> None:
        """Take what the user gave, and the defaults of the ARG lines before the first FROM."""
        self._given = given
        self._global = global_defaults
        self._declared: dict[str, str | None] = {}

    def declare(self, name: str, default: str | None) -> None:
        """Note an ARG of this stage."""
        self._declared[name] = default

    def value(self, name: str) -> str | None:
        """Return the value that a declared or predefined argument has, or None."""
        if name in self._given:
            return self._given[name]
        default = self._declared.get(name)
        return self._global.get(name) if default is None else default

    def visible(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return the arguments with a value that no ENV hides: what RUN and expansions see beside `env`."""
        names = [*self._declared, *(name for name in sorted(PREDEFINED) if name in self._given)]
        values = {name: self.value(name) for name in names if name not in env}
        return {name: value for name, value in values.items() if value is not None}

    def recorded(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return those of `visible` that belong into history and cache key, sorted by name."""
        visible = self.visible(env)
        return {name: visible[name] for name in sorted(visible) if name in self._declared or name not in PREDEFINED}
