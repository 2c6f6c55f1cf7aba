"""Docker's texts for mounts, as values: `-v`, `--mount` and `--tmpfs`. Pure: nothing is looked up on the host."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..records import replace
from .parts import Mount
from .sizes import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PROPAGATIONS = ("private", "rprivate", "shared", "rshared", "slave", "rslave")
_RECURSIONS = ("enabled", "disabled", "writable", "readonly")
_KINDS = ("bind", "volume", "image", "tmpfs")
# SELinux labels and consistency hints (Docker Desktop) mean nothing here, and every Docker user's file has them.
_IGNORED = ("z", "Z", "consistent", "cached", "delegated", "default")
_ALIASES = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly"}


def parse_volume(text: str) -> Mount:
    """Return the mount of a `-v` text: `TARGET`, `SOURCE:TARGET` or `SOURCE:TARGET:OPTIONS`.

    A source that starts with `/`, `.` or `~` is a path on the host, any other one is a volume's name. A relative path
    must have been made absolute by the caller, which knows its working directory. Raises InvalidSpec.
    """
    parts = text.split(":")
    if len(parts) > 3 or not all(parts):
        raise InvalidSpec(f"volume {text!r} is not TARGET, SOURCE:TARGET or SOURCE:TARGET:OPTIONS")
    if len(parts) == 1:
        return Mount("volume", _target(parts[0], text))
    source, target = parts[0], _target(parts[1], text)
    mode = parts[2] if len(parts) == 3 else ""
    options = mode.split(",") if mode else []
    if source.startswith("/"):
        mount = Mount("bind", target, source, create_source=True, **_options(options, text, "bind"))
    elif source.startswith((".", "~")):
        raise InvalidSpec(f"the source of volume {text!r} must be an absolute path or the name of a volume")
    else:
        mount = Mount("volume", target, source, **_options(options, text, "volume"))
    return mount if mode == mount.mode() else replace(mount, told={"mode": mode})


def parse_mount(text: str) -> Mount:
    """Return the mount of a `--mount` text: `type=bind,source=/a,target=/b,readonly` (type: volume by default)."""
    values: dict[str, list[str]] = {}
    for part in csv_fields(text, "mount"):
        key, equals, value = part.partition("=")
        key = _ALIASES.get(key.lower(), key.lower())
        values.setdefault(key, []).append(value if equals else "true")
    return _mount(values, text)


def csv_fields(text: str, what: str) -> list[str]:
    """Return the fields of one line of CSV (RFC 4180): one with commas stands in quotes, a quote in it is doubled.

    Raises InvalidSpec.
    """
    found, rest = [], f"{text},"
    while rest:
        if rest[0] != '"':
            part, _unused, rest = rest.partition(",")
        else:
            end = rest[1:].replace('""', "__").find('"') + 1
            if end == 0 or rest[end + 1] != ",":
                raise InvalidSpec(f"{what} {text!r}: a quote must end before a comma, or at the end")
            part, rest = rest[1:end].replace('""', '"'), rest[end + 2 :]
        found.append(part)
    return found


def idmap(word: str | None) -> str | None:
    """Return what `Mount.idmap` is for the value of such an option: true, false, or ids."""
    return {"true": "", "false": None}.get(word, word) if word is not None else None


def parse_tmpfs(text: str) -> tuple[str, str]:
    """Return (path, options) of a `--tmpfs` text: `/run` or `/run:size=64m,mode=755`."""
    path, _unused, options = text.partition(":")
    return _target(path, text), options


def _options(options: list[str], text: str, kind: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for option in options:
        if option in ("ro", "rw"):
            values["read_only"] = option == "ro"
        elif option == "nocopy" and kind == "volume":
            values["copy"] = False
        elif option in PROPAGATIONS and kind == "bind":
            values["propagation"] = option
        elif option.partition("=")[0] == "idmap":
            values["idmap"] = option[len("idmap=") :]
        elif option not in _IGNORED:
            raise InvalidSpec(f"volume {text!r}: unknown option {option!r} for a {kind}; use ro, rw or nocopy")
    if "ro" in options and "rw" in options:
        raise InvalidSpec(f"volume {text!r}: ro and rw exclude each other")
    return values


def _mount(values: dict[str, list[str]], text: str) -> Mount:
    kind = (_take(values, "type") or "volume").lower()
    if kind not in _KINDS:
        raise InvalidSpec(f"mount {text!r}: type must be one of {', '.join(_KINDS)}")
    for key in values:
        if key.partition("-")[0] in _KINDS and not key.startswith(f"{kind}-"):
            raise InvalidSpec(f"mount {text!r}: {key} is not for the type {kind}")
    target = _take(values, "target")
    if not target:
        raise InvalidSpec(f"mount {text!r} has no target")
    recursion = _take(values, "bind-recursive") or "enabled"
    if recursion not in _RECURSIONS:
        raise InvalidSpec(f"mount {text!r}: bind-recursive must be one of {', '.join(_RECURSIONS)}")
    mount = Mount(
        kind,
        _target(target, text),
        _take(values, "source"),
        read_only=_flag(values, "readonly", text) or kind == "image",
        propagation=_take(values, "bind-propagation"),
        recursive=not _flag(values, "bind-nonrecursive", text) and recursion != "disabled",
        read_only_tree=recursion == "readonly",
        create_source=_flag(values, "bind-create-mountpoint", text),
        copy=not _flag(values, "volume-nocopy", text),
        subpath=_take(values, "image-subpath" if kind == "image" else "volume-subpath"),
        labels=_pairs(values.pop("volume-label", [])),
        volume_options=_pairs(values.pop("volume-opt", [])),
        idmap=idmap(_take(values, "idmap")),
        tmpfs_size=size(_take(values, "tmpfs-size") or "0", "tmpfs-size") or None,
        tmpfs_mode=_octal(_take(values, "tmpfs-mode"), text),
        short=False,
        told=told(_take(values, "volume-driver"), _take(values, "consistency")),
    )
    if mount.told.get("driver", "local") != "local":
        raise InvalidSpec(f"mount {text!r}: there is one volume driver, local")
    if values:
        raise InvalidSpec(f"mount {text!r}: unknown key {sorted(values)[0]!r}")
    return mount


def told(driver: str | None, consistency: str | None) -> dict[str, str]:
    """Return what of a long form is only kept to be shown."""
    return {key: value for key, value in (("driver", driver), ("consistency", consistency)) if value}


def _target(path: str, text: str) -> str:
    if not path.startswith("/"):
        raise InvalidSpec(f"mount {text!r}: the target {path!r} must be an absolute path inside the container")
    return path


def _take(values: dict[str, list[str]], key: str) -> str | None:
    found = values.pop(key, None)
    return found[-1] if found else None


def _flag(values: dict[str, list[str]], key: str, text: str) -> bool:
    word = (_take(values, key) or "false").lower()
    if word not in ("true", "1", "false", "0"):
        raise InvalidSpec(f"mount {text!r}: {key} must be true or false")
    return word in ("true", "1")


def _pairs(texts: list[str]) -> dict[str, str]:
    return {key: value for key, _unused, value in (text.partition("=") for text in texts)}


def _octal(word: str | None, text: str) -> int | None:
    if word is None:
        return None
    try:
        mode = int(word, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o7777:
        raise InvalidSpec(f"mount {text!r}: tmpfs-mode must be octal, such as 1777")
    return mode
