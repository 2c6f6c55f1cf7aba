"""From a container's log driver and options to what its monitor is told to do."""

from __future__ import annotations

from ..errors import HostLacks, InvalidSpec
from ..jsontext import compact
from . import log_options
from .config import arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .catalog import Container

JOURNAL = "/run/systemd/journal/socket"  # systemd-journald.service(8)
_MOST = 16 * 1024  # bytes of attributes: each record repeats them


def settings(container: Container, defaults: dict[str, Any]) -> dict[str, Any]:
    """Return the part `log` of the monitor's request; `defaults` is the image's config.

    `max_files` 0 keeps nothing, `max_size` 0 is no limit, `attributes` is text to be put into each record, `remote` is
    None or where records are sent. Raises HostLacks when the host has no such receiver.
    """
    spec = container.spec
    max_size, max_files = log_options.limits(spec)
    found = attributes(container, defaults)
    result = {
        "max_size": max(max_size, 0),
        "max_files": max_files,
        "compress": log_options.compressed(spec),
        "attributes": "",
        "remote": None,
    }
    if spec.log_driver == "json-file":
        text = tag(container, defaults, "")
        result["attributes"] = _attrs({**found, **({"tag": text} if text else {})})
    elif spec.log_driver in ("syslog", "journald"):
        result["remote"] = {**_remote(container, defaults, found), "buffer": log_options.buffer(spec)}
    return result


def _attrs(found: dict[str, str]) -> str:
    text = f',"attrs":{compact(dict(sorted(found.items())))}' if found else ""
    if len(text) > _MOST:
        raise InvalidSpec(f"log options labels and env: more than {_MOST} bytes, which every line would repeat")
    return text


def _remote(container: Container, defaults: dict[str, Any], found: dict[str, str]) -> dict[str, Any]:
    from .log_address import resolve

    spec, text = container.spec, tag(container, defaults, "{{.ID}}")
    if spec.log_driver == "syslog":
        place = resolve(spec.log_options.get("syslog-address", ""))
        form = spec.log_options.get("syslog-format", "")
        return {**place, "kind": "syslog", "facility": log_options.facility(spec), "format": form, "tag": text}
    import os

    if not os.path.exists(JOURNAL):
        raise HostLacks("the log driver journald needs systemd-journald, which does not run on this host")
    return {"kind": "journald", "scheme": "unixgram", "address": JOURNAL, "fields": _fields(container, text, found)}


def _fields(container: Container, text: str, found: dict[str, str]) -> dict[str, str]:
    named = {
        "CONTAINER_ID": container.id[:12],
        "CONTAINER_ID_FULL": container.id,
        "CONTAINER_NAME": container.name,
        "CONTAINER_TAG": text,
        "IMAGE_NAME": container.spec.image,
        "SYSLOG_IDENTIFIER": text,
    }
    return {**named, **{_field_name(key): value for key, value in found.items() if _field_name(key)}}


def _field_name(key: str) -> str:
    """Return the name of a journal's field: capitals, digits and _, the first one no _ (systemd.journal-fields(7))."""
    signs = [sign.upper() if sign.isascii() and sign.isalnum() else "_" for sign in key]
    return "".join(signs).lstrip("_")


def tag(container: Container, defaults: dict[str, Any], default: str) -> str:
    """Return the text of the option `tag`. Pure."""
    values = {
        "ID": container.id[:12],
        "FullID": container.id,
        "Name": container.name,
        "ImageID": container.image_id[:12],
        "ImageFullID": container.image_id,
        "ImageName": container.spec.image,
        "Command": " ".join(arguments(container.spec, defaults)),
        "DaemonName": "skiff",
    }
    return log_options.render(container.spec.log_options.get("tag", default), values)


def attributes(container: Container, defaults: dict[str, Any]) -> dict[str, str]:
    """Return the labels and variables that the options labels, labels-regex, env and env-regex choose. Pure."""
    options = container.spec.log_options
    labels = {**(defaults.get("Labels") or {}), **container.spec.labels}
    variables = dict(entry.partition("=")[::2] for entry in defaults.get("Env") or ())
    variables.update(container.spec.env)
    return {**_chosen(labels, "labels", options), **_chosen(variables, "env", options)}


def _chosen(values: dict[str, str], option: str, options: dict[str, str]) -> dict[str, str]:
    names = [name.strip() for name in options.get(option, "").split(",")]
    found = {name: values[name] for name in names if name in values}
    pattern = log_options.expression(options, f"{option}-regex")
    if pattern is not None:
        found.update({name: value for name, value in values.items() if pattern.search(name)})
    return found
