"""From the options of `run` and `create` to the description of a container. Pure but for the files they name."""

from __future__ import annotations

import os

from ..containers.mounts import parse_mount, parse_tmpfs, parse_volume
from ..containers.parts import Attachment, Device, Healthcheck, Throttle, Ulimit
from ..containers.sizes import size
from ..containers.spec import ContainerSpec
from ..errors import InvalidSpec
from ..moments import seconds
from ..records import replace
from .network_options import attachment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .options import Parsed

# Options whose values are fields of the same or of another name.
_PLAIN = {
    "blkio_weight": "blkio_weight",
    "cgroup_parent": "cgroup_parent",
    "runtime": "oci_runtime",
    "cgroupns": "cgroupns_mode",
    "cpu_period": "cpu_period",
    "cpu_quota": "cpu_quota",
    "cpu_rt_period": "cpu_rt_period",
    "cpu_rt_runtime": "cpu_rt_runtime",
    "cpu_shares": "cpu_shares",
    "cpuset_cpus": "cpuset_cpus",
    "cpuset_mems": "cpuset_mems",
    "domainname": "domainname",
    "hostname": "hostname",
    "init": "init",
    "interactive": "interactive",
    "ipc": "ipc_mode",
    "log_driver": "log_driver",
    "mac_address": "mac_address",
    "memory_swappiness": "memory_swappiness",
    "name": "name",
    "oom_kill_disable": "oom_kill_disable",
    "oom_score_adj": "oom_score_adj",
    "pid": "pid_mode",
    "pids_limit": "pids_limit",
    "privileged": "privileged",
    "publish_all": "publish_all_ports",
    "read_only": "read_only",
    "rm": "auto_remove",
    "stop_signal": "stop_signal",
    "stop_timeout": "stop_timeout",
    "tty": "tty",
    "user": "user",
    "userns": "userns_mode",
    "uts": "uts_mode",
    "workdir": "working_dir",
}
_LISTS = {
    "cap_add": "cap_add",
    "cap_drop": "cap_drop",
    "device_cgroup_rule": "device_cgroup_rules",
    "dns": "dns_servers",
    "dns_option": "dns_options",
    "dns_search": "dns_search",
    "expose": "exposed_ports",
    "group_add": "groups",
    "link": "links",
    "publish": "published_ports",
    "security_opt": "security_opts",
    "volumes_from": "volumes_from",
}
_STREAMS = ("stdin", "stdout", "stderr")
_SIZES = ("memory", "memory_reservation", "memory_swap", "shm_size")
_RATES = ("blkio_weight_device", "device_read_bps", "device_read_iops", "device_write_bps", "device_write_iops")


def container_spec(parsed: Parsed) -> ContainerSpec:
    """Return the description that the options and arguments of `run` make. Raises InvalidSpec."""
    image, *command = parsed.arguments
    given = parsed.values
    values: dict[str, Any] = {"image": image, "command": tuple(command) or None}
    values.update({field: given[key] for key, field in _PLAIN.items() if given[key] is not None})
    values.update({field: tuple(given[key]) for key, field in _LISTS.items()})
    values.update({key: size(given[key], key) for key in _SIZES if given[key] is not None})
    values.update({key: tuple(_rate(text, key) for text in given[key]) for key in _RATES})
    values.update(
        env=environment(given["env_file"], given["env"]),
        labels=_labels(given["label_file"], given["label"]),
        log_options=pairs(given["log_opt"], "log-opt"),
        sysctls=pairs(given["sysctl"], "sysctl"),
        etc_hosts=dict(host(text) for text in given["add_host"]),
        tmpfs=dict(parse_tmpfs(text) for text in given["tmpfs"]),
        devices=tuple(device(text) for text in given["device"]),
        ulimits=tuple(ulimit(text) for text in given["ulimit"]),
        mounts=(
            *(parse_volume(_absolute(text)) for text in given["volume"]),
            *(parse_mount(text) for text in given["mount"]),
        ),
        **_networks(given),
    )
    if given["entrypoint"] is not None:
        values["entrypoint"] = (given["entrypoint"],) if given["entrypoint"] else ()
    if given["cpus"] is not None:
        values["cpus"] = number(given["cpus"], "cpus")
    if given["restart"] is not None:
        values["restart_policy"], values["restart_retries"] = restart_policy(given["restart"])
    values["healthcheck"] = _healthcheck(given)
    values["stdin_once"] = (
        bool(given["interactive"]) and not given.get("detach") and "stdin" in attached(given["attach"])
    )
    if values.get("security_opts"):
        from ..containers.security_files import with_profiles

        values["security_opts"] = with_profiles(values["security_opts"])
    return ContainerSpec(**values)


def attached(streams: list[str]) -> tuple[str, ...]:
    """Return the streams that `-a` names, in small letters; all of them without it. Raises InvalidSpec."""
    names = tuple(name.lower() for name in streams)
    for name in names:
        if name not in _STREAMS:
            raise InvalidSpec(f"attach: {name!r} is not one of {', '.join(_STREAMS)}")
    return names or _STREAMS


def environment(files: list[str], texts: list[str]) -> dict[str, str]:
    """Return variables: those of files first, then `KEY=VALUE`; a `KEY` alone is taken from our own environment.

    Raises InvalidSpec.
    """
    found: dict[str, str] = {}
    for text in [*(line for path in files for line in _lines(path)), *texts]:
        key, equals, value = text.partition("=")
        if not key:
            raise InvalidSpec(f"env: {text!r} has no name before the '='")
        if equals:
            found[key] = value
        elif key in os.environ:
            found[key] = os.environ[key]
    return found


def device(text: str) -> Device:
    """Return the device of `/dev/x`, `/dev/x:/dev/y` or `/dev/x:/dev/y:rwm`. Raises InvalidSpec."""
    source, *rest = text.split(":")
    if len(rest) == 1 and set(rest[0]) <= set("rwm"):
        return Device(source, source, rest[0])
    target = rest[0] if rest else source
    permissions = rest[1] if len(rest) > 1 else "rwm"
    if len(rest) > 2 or not source or not set(permissions) <= set("rwm"):
        raise InvalidSpec(f"device: {text!r} is not PATH[:PATH_IN_CONTAINER[:rwm]]")
    return Device(source, target, permissions)


def ulimit(text: str) -> Ulimit:
    """Return the limit of `nofile=1024` or `nofile=1024:2048`. Raises InvalidSpec."""
    name, equals, limits = text.partition("=")
    soft, colon, hard = limits.partition(":")
    try:
        if equals:
            return Ulimit(name, int(soft), int(hard if colon else soft))
    except ValueError:
        pass  # told below
    raise InvalidSpec(f"ulimit: {text!r} is not NAME=SOFT[:HARD]")


def restart_policy(text: str) -> tuple[str, int]:
    """Return the policy and number of retries of `always` or `on-failure:3`. Raises InvalidSpec."""
    name, colon, retries = text.partition(":")
    if colon and (name != "on-failure" or not (retries.isascii() and retries.isdigit())):
        raise InvalidSpec(f"restart: {text!r} is not no, on-failure[:max-retries], always or unless-stopped")
    return name or "no", int(retries) if colon else 0


def _networks(given: dict[str, Any]) -> dict[str, Any]:
    names: list[str] = given["network"]
    aliases, address, address6 = tuple(given["network_alias"]), given["ip"], given["ip6"]
    link_local = tuple(given["link_local_ip"])
    if not names and not (aliases or address or address6 or link_local):
        return {}
    first, *others = [attachment(text) for text in names or ["bridge"]]
    if (address and first.ipv4_address) or (address6 and first.ipv6_address):
        raise InvalidSpec(f"network {first.name}: its address is given twice, by --network and by --ip or --ip6")
    first = replace(
        first,
        aliases=(*first.aliases, *aliases),
        ipv4_address=address or first.ipv4_address,
        ipv6_address=address6 or first.ipv6_address,
        link_local_ips=(*first.link_local_ips, *link_local),
    )
    networks = others if first == Attachment(first.name) else [first, *others]
    return {"network_mode": "bridge" if first.name == "default" else first.name, "networks": tuple(networks)}


def _healthcheck(given: dict[str, Any]) -> Healthcheck | None:
    times = {key: given[f"health_{key}"] for key in ("interval", "timeout", "start_period", "start_interval")}
    details = [given["health_cmd"], given["health_retries"], *times.values()]
    if given["no_healthcheck"]:
        if any(detail is not None for detail in details):
            raise InvalidSpec("--no-healthcheck conflicts with the --health-* options")
        return Healthcheck(test=("NONE",))
    if all(detail is None for detail in details):
        return None
    test = ("CMD-SHELL", given["health_cmd"]) if given["health_cmd"] else ()
    lengths = {key: seconds(text) for key, text in times.items() if text is not None}
    return Healthcheck(test=test, retries=given["health_retries"] or 0, **lengths)


def _labels(files: list[str], texts: list[str]) -> dict[str, str]:
    return {key: value for key, _unused, value in (text.partition("=") for path in files for text in _lines(path))} | {
        key: value for key, _unused, value in (text.partition("=") for text in texts)
    }


def pairs(texts: list[str], what: str) -> dict[str, str]:
    """Return the dict of `KEY=VALUE` texts. Raises InvalidSpec."""
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise InvalidSpec(f"{what}: {text!r} is not KEY=VALUE")
        found[key] = value
    return found


def host(text: str) -> tuple[str, str]:
    """Return (name, address) of `HOST:IP`. Raises InvalidSpec."""
    name, colon, address = text.partition(":")
    if not colon or not name or not address:
        raise InvalidSpec(f"add-host: {text!r} is not HOST:IP")
    return name, address


def _rate(text: str, key: str) -> Throttle:
    """Return the rate of `/dev/sda:1mb`, or the number of `/dev/sda:100` where it has no unit."""
    path, colon, rate = text.rpartition(":")
    option = key.replace("_", "-")
    number = rate.isascii() and rate.isdigit()
    if not colon or not path.startswith("/") or not (number or key.endswith("bps")):
        raise InvalidSpec(f"{option}: {text!r} is not PATH:{'RATE' if key.endswith('bps') else 'NUMBER'}")
    return Throttle(path, size(rate, option))


def _absolute(text: str) -> str:
    """Make a relative source of `-v` absolute: `.:/src` means the folder where the command was called."""
    source, colon, rest = text.partition(":")
    return f"{os.path.abspath(source)}:{rest}" if colon and source.startswith(".") else text


def number(text: str, what: str) -> float:
    """Return the number of a text. Raises InvalidSpec."""
    try:
        return float(text)
    except ValueError:
        raise InvalidSpec(f"{what}: {text!r} is not a number") from None


def _lines(path: str) -> list[str]:
    with open(path, encoding="utf-8") as file:
        lines = [line.lstrip() for line in file.read().splitlines()]
    return [line for line in lines if line and not line.startswith("#")]
