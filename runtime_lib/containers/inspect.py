"""A container in the shape of `docker inspect` (Engine API 1.41)."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import lru_cache

from ..errors import ContainerNotFound, CorruptData
from ..images import catalog as images
from ..linux.cgroups.hierarchy import detect
from ..linux.trees import tree_size
from ..networks.model import endpoints
from ..store import Store
from . import apparmor, health
from .catalog import Container, find, state
from .config import arguments, working_dir
from .inspect_host import bindings, host_config
from .inspect_mounts import mounts
from .inspect_network import network_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..images.catalog import Image
    from ..monitor.state import State
    from .spec import ContainerSpec

NEVER = "0001-01-01T00:00:00Z"
_SECOND = 1_000_000_000
OVERLAY = "overlay2"


def inspect(store: Store, ref: str, sizes: bool = False) -> dict[str, Any]:
    """Return what `docker inspect` tells of a container, with `sizes` also how many bytes it has.

    Raises ContainerNotFound.
    """
    container = find(store, ref)
    image = images.known(store, container.image_id)
    found = state(store, container)
    folder = store.layout.container(container.id)
    spec = container.spec
    words = arguments(spec, image.defaults)
    result = {
        "Id": container.id,
        "Created": moment(container.created),
        "Path": words[0],
        "Args": words[1:],
        "State": {**_state(found), **_health(store, container, found)},
        "Image": container.image_id,
        "ResolvConfPath": f"{folder}/resolv.conf",
        "HostnamePath": f"{folder}/hostname",
        "HostsPath": f"{folder}/hosts",
        "LogPath": f"{folder}/container.log",
        "Name": f"/{container.name}",
        "RestartCount": found.restart_count,
        "Driver": OVERLAY,
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": apparmor.shown(spec, started=found.started > 0),
        "ExecIDs": None,
        "HostConfig": {**host_config(spec), **_resolved(store, spec)},
        "GraphDriver": _graph(store, container, image, found),
        "Mounts": mounts(store, container),
        "Config": configuration(store, container, image),
        "NetworkSettings": network_settings(store, container, endpoints(store, container.id), found),
    }
    if sizes:
        own = tree_size(f"{folder}/upper")
        result.update({"SizeRw": own, "SizeRootFs": own + image.size})
    return result


def moment(nanoseconds: int) -> str:
    """Return a time as RFC 3339 in UTC with nanoseconds; Docker's "never" for 0."""
    if not nanoseconds:
        return NEVER
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(nanoseconds // _SECOND))
    return f"{text}.{nanoseconds % _SECOND:09d}Z"


def _state(found: State) -> dict[str, Any]:
    return {
        "Status": found.status,
        "Running": found.status in ("running", "paused", "restarting"),
        "Paused": found.status == "paused",
        "Restarting": found.status == "restarting",
        "OOMKilled": found.oom_killed,
        "Dead": found.status == "dead",
        "Pid": found.process.pid if found.process else 0,
        "ExitCode": found.exit_code,
        "Error": found.error,
        "StartedAt": moment(found.started),
        "FinishedAt": moment(found.finished),
        # A word of our own, so only where there is something to tell.
        **({"LogDropped": found.log_dropped} if found.log_dropped else {}),
    }


def _health(store: Store, container: Container, found: State) -> dict[str, Any]:
    seen = health.seen(store, container, found)
    if not seen:
        return {}
    log = [
        {
            "Start": moment(entry["start"]),
            "End": moment(entry["end"]),
            "ExitCode": entry["exit_code"],
            "Output": entry["output"],
        }
        for entry in seen["log"]
    ]
    return {"Health": {"Status": seen["status"], "FailingStreak": seen["failing_streak"], "Log": log}}


def _resolved(store: Store, spec: ContainerSpec) -> dict[str, str]:
    """Return what Docker tells otherwise than it was asked: ids of other containers, and this host's default."""
    words = {"CgroupnsMode": spec.cgroupns_mode or _cgroupns_default()}
    for key, mode in (("NetworkMode", spec.network_mode), ("IpcMode", spec.ipc_mode), ("PidMode", spec.pid_mode)):
        kind, colon, ref = mode.partition(":")
        if kind == "container" and colon:
            with suppress(ContainerNotFound):
                words[key] = f"container:{find(store, ref).id}"
    return words


@lru_cache(None)
def _cgroupns_default() -> str:
    # Asked once: it is the same for all, and the list of mounts grows with the containers.
    return "private" if detect().mode == "v2" else "host"


def _graph(store: Store, container: Container, image: Image, found: State) -> dict[str, Any]:
    from ..images.layers import folders

    folder = store.layout.container(container.id)
    lower: list[str] = []
    with suppress(CorruptData):  # what a start has to complain about, not whoever looks
        lower = folders(store, image.layers)
    data = {
        "LowerDir": ":".join(lower),
        # Nothing is mounted on the host: the whole is seen through the container's first process.
        "MergedDir": f"/proc/{found.process.pid}/root" if found.process else "",
        "UpperDir": f"{folder}/upper",
        "WorkDir": f"{folder}/work",
    }
    return {"Data": data, "Name": OVERLAY}


def configuration(store: Store, container: Container, image: Image) -> dict[str, Any]:
    """Return the part `Config`: what an image that is made of the container has as its defaults."""
    from ..networks.ports import spread
    from .host_files import hostname

    spec, defaults = container.spec, image.defaults
    labels = {**(defaults.get("Labels") or {}), **spec.labels}
    volumes = {
        **(defaults.get("Volumes") or {}),
        **{one.target: {} for one in spec.mounts if one.anonymous and one.short},
    }
    ports = [*(defaults.get("ExposedPorts") or {}), *spread(spec.exposed_ports), *bindings(spec)]
    command = spec.command if spec.command is not None else (defaults.get("Cmd") if spec.entrypoint is None else None)
    result: dict[str, Any] = {
        "Hostname": hostname(store, container),
        "Domainname": spec.domainname,
        "User": spec.user or defaults.get("User") or "",
        "AttachStdin": spec.stdin_once,
        "AttachStdout": False,
        "AttachStderr": False,
        "Tty": spec.tty,
        "OpenStdin": spec.interactive,
        "StdinOnce": spec.stdin_once,
        "Env": _environment(spec.env, defaults) or (None if defaults.get("Env") is None else []),
        "Cmd": list(command) if command else None,
        "Image": spec.image,
        "Volumes": volumes or None,
        "WorkingDir": working_dir(spec, defaults) if spec.working_dir or defaults.get("WorkingDir") else "",
        "Entrypoint": list(spec.entrypoint) if spec.entrypoint is not None else defaults.get("Entrypoint"),
        "OnBuild": None,
        "Labels": labels,
    }
    if ports:
        result["ExposedPorts"] = {port: {} for port in ports}
    result.update(_optional(container, defaults))
    return result


def _optional(container: Container, defaults: dict[str, Any]) -> dict[str, Any]:
    spec = container.spec
    values: dict[str, Any] = {
        "StopSignal": spec.stop_signal or defaults.get("StopSignal"),
        "StopTimeout": spec.stop_timeout,
        "Healthcheck": health.declared(spec.healthcheck, defaults),
    }
    if spec.mac_address:
        values["MacAddress"] = spec.mac_address
    return {key: value for key, value in values.items() if value is not None}


def _environment(given: dict[str, str], defaults: dict[str, Any]) -> list[str]:
    values = dict(entry.split("=", 1) for entry in defaults.get("Env") or () if "=" in entry)
    values.update(given)
    return [f"{name}={value}" for name, value in values.items()]
