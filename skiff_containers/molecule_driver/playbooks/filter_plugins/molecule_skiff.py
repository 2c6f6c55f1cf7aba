"""From the platforms of molecule.yml to the options of the collection's modules."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

LABELS = {"owner": "molecule"}
SCENARIO = "molecule.scenario"  # a label, too
SETTINGS = ("SKIFF_ROOT", "SKIFF_RUN")
DEFAULT_ROOT = "/var/lib/skiff"
DEFAULT_DOCKERFILE = "Dockerfile.j2"
# An option that says with which other container to share something, as `container:NAME`.
SHARING = ("network_mode", "ipc_mode", "pid_mode")
# Options of a platform that the container module has too, with the same meaning.
PASSED = (
    "blkio_weight", "cap_drop", "capabilities", "cgroupns_mode", "cpu_period", "cpu_quota", "cpu_shares", "cpus",
    "cpuset_cpus", "cpuset_mems", "device_cgroup_rules", "devices", "dns_opts", "dns_search_domains", "dns_servers",
    "domainname", "entrypoint", "env", "etc_hosts", "exposed_ports", "groups_add", "healthcheck", "hostname", "image",
    "init", "ipc_mode", "kill_signal", "memory", "memory_reservation", "memory_swap", "mounts", "network_mode",
    "oom_score_adj", "pid_mode", "pids_limit", "privileged", "publish_all_ports", "published_ports", "read_only",
    "restart_policy", "restart_retries", "security_opts", "shm_size", "stop_signal", "sysctls", "tmpfs", "tty",
    "ulimits", "user", "uts", "volumes", "working_dir",
)  # fmt: skip
RENAMED = {"groups_add": "groups"}  # `groups` of a platform are Ansible's
SYSTEMD: dict[str, Any] = {
    "command": ["/sbin/init"],
    "stop_signal": "SIGRTMIN+3",  # systemd(1): starts halt.target
    "tmpfs": ["/run", "/run/lock", "/tmp"],
    "env": {"container": "skiff"},  # systemd.io/CONTAINER_INTERFACE
}
WAIT_FOR_SYSTEMD = """\
count=0
while [ $count -lt 600 ]; do
  case "$(systemctl is-system-running 2>&1)" in running|degraded) exit 0;; esac
  count=$((count + 1))
  sleep 0.1
done
echo "systemd is still starting: $(systemctl list-jobs 2>&1)" >&2
exit 1"""

# Prints the images that are not there.
MISSING_IMAGES = """\
for image in {names}; do
  {skiff} image inspect "$image" >/dev/null 2>&1 || echo "$image"
done"""
# Where nothing was ever made, the command is not there either. Prints what it removes.
REMOVE = """\
[ -x {skiff} ] || exit 0
containers=$({skiff} ps -aq --filter label={label}) || exit
[ -z "$containers" ] || {skiff} rm -f -v $containers || exit
networks=$({skiff} network ls -q --filter label={label}) || exit
[ -z "$networks" ] || {skiff} network rm $networks"""


def molecule_skiff(
    platforms: Iterable[Mapping[str, Any]], hostvars: Mapping[str, Any], scenario_folder: str, ephemeral_folder: str
) -> dict[str, Any]:
    """Return the options of each task of the playbooks create.yml and destroy.yml.

    `hostvars` tell the scenario's id, which is part of the names of its containers, networks and built images.
    """
    platforms = [{**platform, **_dockerfile(platform, scenario_folder, ephemeral_folder)} for platform in platforms]
    scenario = hostvars[platforms[0]["name"]]["molecule_skiff_scenario"] if platforms else ""
    names = Names(scenario, platforms)
    images = {image["name"]: image for image in map(_image, platforms) if image}
    environment = {name: os.environ[name] for name in SETTINGS if name in os.environ}
    return {
        "become": os.geteuid() != 0,
        "environment": environment,
        "images": list(images.values()),
        "look_for_images": _shell(environment, MISSING_IMAGES, names=shlex.join(images)),
        "templates": [platform for platform in platforms if "molecule_skiff_template" in platform],
        "builds": [_build(platform, names, scenario_folder) for platform in platforms if _is_built(platform)],
        "networks": _networks(platforms, names),
        "containers": [_container(platform, names) for platform in platforms],
        "removal": _shell(environment, REMOVE, label=f"{SCENARIO}={scenario}") if scenario else "exit 0",
        "with_systemd": [names.scoped(platform["name"]) for platform in platforms if platform.get("systemd")],
        "wait_for_systemd": ["sh", "-c", WAIT_FOR_SYSTEMD],
    }


class Names:
    """The names of a scenario's objects on the host."""

    def __init__(self, scenario: str, platforms: Iterable[Mapping[str, Any]]) -> None:
        self.scenario = scenario
        self._platforms = {platform["name"] for platform in platforms}

    def scoped(self, name: str) -> str:
        """Return the name on the host of something that belongs to the scenario."""
        return f"{name}-{self.scenario}"

    def labels(self, described: Mapping[str, Any]) -> dict[str, str]:
        """Return the labels of a container or network: `destroy` finds it by them, whatever molecule.yml says then."""
        return {**described.get("labels", {}), **LABELS, SCENARIO: self.scenario}

    def container(self, name: str) -> str:
        """Return the name on the host of a container, which may be an instance of the scenario or any other one."""
        return self.scoped(name) if name in self._platforms else name


def _dockerfile(platform: Mapping[str, Any], scenario_folder: str, ephemeral_folder: str) -> dict[str, str]:
    """Return which Dockerfile to use, and the template that it is made from."""
    if platform.get("pre_build_image"):
        return {}
    path = os.path.join(scenario_folder, platform.get("dockerfile", DEFAULT_DOCKERFILE))
    if "dockerfile" not in platform and not os.path.exists(path):
        return {}
    if not path.endswith(".j2"):
        return {"molecule_skiff_dockerfile": path}
    filled = os.path.join(ephemeral_folder, f"Dockerfile_{platform['name']}")
    return {"molecule_skiff_template": path, "molecule_skiff_dockerfile": filled}


def python_of(platform: Mapping[str, Any], scenario_folder: str) -> str | None:
    """Return where Python is in an instance, when that is known: where Debian's packages have it."""
    as_it_is = "bootstrap" in platform and not _dockerfile(platform, scenario_folder, "")
    return "/usr/bin/python3" if as_it_is else None


def _is_built(platform: Mapping[str, Any]) -> bool:
    return "molecule_skiff_dockerfile" in platform


def _shell(environment: Mapping[str, str], script: str, **words: str) -> str:
    """Return a script for the host's shell, which uses the command of the installation that the environment names."""
    command = shlex.quote(f"{environment.get('SKIFF_ROOT', DEFAULT_ROOT)}/bin/skiff")
    settings = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    return "\n".join([*settings, script.format(skiff=command, **words)])


def _image(platform: Mapping[str, Any]) -> dict[str, Any] | None:
    if "bootstrap" in platform:
        return {"name": platform["image"], "source": "bootstrap", "bootstrap": platform["bootstrap"]}
    if "load_path" in platform:
        return {"name": platform["image"], "source": "load", "load_path": os.path.expanduser(platform["load_path"])}
    return None


def _build(platform: Mapping[str, Any], names: Names, scenario_folder: str) -> dict[str, Any]:
    return {
        "name": _built_name(platform, names),
        "path": scenario_folder,
        "dockerfile": platform["molecule_skiff_dockerfile"],
        "args": {key: str(value) for key, value in platform.get("buildargs", {}).items()},
        "network": platform.get("build_network", "host"),
        "labels": LABELS,
    }


def _built_name(platform: Mapping[str, Any], names: Names) -> str:
    return f"molecule_local/{names.scoped(platform['name'])}".lower()


def _networks(platforms: Iterable[Mapping[str, Any]], names: Names) -> list[dict[str, Any]]:
    """Return every network that a platform describes or joins, once."""
    found: dict[str, dict[str, Any]] = {}
    for platform in platforms:
        for network in platform.get("docker_networks", []):
            found[network["name"]] = dict(network)
    for platform in platforms:
        for network in platform.get("networks", []):
            found.setdefault(network["name"], {})
    return [{**network, "name": names.scoped(name), "labels": names.labels(network)} for name, network in found.items()]


def _container(platform: Mapping[str, Any], names: Names) -> dict[str, Any]:
    options = {RENAMED.get(key, key): platform[key] for key in PASSED if key in platform}
    options["name"] = names.scoped(platform["name"])
    options.setdefault("hostname", platform["name"])
    if _is_built(platform):
        options["image"] = _built_name(platform, names)
    options["labels"] = names.labels(platform)
    for key in SHARING:
        if str(options.get(key, "")).startswith("container:"):
            options[key] = f"container:{names.container(options[key][len('container:') :])}"
    for key in ("links", "volumes_from"):
        if key in platform:
            options[key] = [_first_part_named(entry, names) for entry in platform[key]]
    if platform.get("networks"):
        options["networks"] = [_joined(network, platform["name"], names) for network in platform["networks"]]
    return {**options, **_process(platform), "state": "started"}


def _first_part_named(entry: str, names: Names) -> str:
    name, colon, rest = entry.partition(":")
    return f"{names.container(name)}{colon}{rest}"


def _joined(network: Mapping[str, Any], name: str, names: Names) -> dict[str, Any]:
    """Return how a platform joins a network: it is known there by its name in molecule.yml."""
    return {**network, "name": names.scoped(network["name"]), "aliases": [name, *network.get("aliases", [])]}


def _process(platform: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of what runs in the container."""
    if platform.get("systemd"):
        tmpfs = [*SYSTEMD["tmpfs"], *platform.get("tmpfs", [])]
        return {**SYSTEMD, "tmpfs": tmpfs, "env": {**SYSTEMD["env"], **platform.get("env", {})}}
    if "command" in platform:
        return {"command": platform["command"]}
    if not platform.get("override_command", True):
        return {}
    # What a role leaves running in the background is reaped by a first process that does so.
    return {"command": ["sleep", "infinity"], "init": platform.get("init", True)}


class FilterModule:
    """The filter that the playbooks use."""

    def filters(self) -> dict[str, Any]:
        """Return the filters of this file by name."""
        return {"molecule_skiff": molecule_skiff}
