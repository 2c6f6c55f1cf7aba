"""The part `HostConfig` of `docker inspect`. Pure."""

from __future__ import annotations

from . import profile
from .inspect_long import long_form
from .spec import ContainerSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .parts import Mount, Throttle

_EVERYWHERE = "0.0.0.0"


def host_config(spec: ContainerSpec) -> dict[str, Any]:
    """Return what was asked for, under Docker's names."""
    return {
        "Binds": [_bind(one) for one in spec.mounts if one.short and not (one.long or one.anonymous)] or None,
        **_given({"Mounts": [long_form(one) for one in spec.mounts if one.long]}),
        "ContainerIDFile": "",
        "LogConfig": {"Type": spec.log_driver, "Config": dict(spec.log_options)},
        "NetworkMode": spec.network_mode,
        "PortBindings": bindings(spec),
        "RestartPolicy": {"Name": spec.restart_policy, "MaximumRetryCount": spec.restart_retries},
        "AutoRemove": spec.auto_remove,
        "VolumeDriver": "",
        "VolumesFrom": list(spec.volumes_from) or None,
        **_namespaces(spec),
        **_security(spec),
        **_resources(spec),
    }


def bindings(spec: ContainerSpec) -> dict[str, list[dict[str, str]]]:
    """Return {"80/tcp": [{"HostIp", "HostPort"}]} of the ports that were asked for; "" where Skiff chooses one."""
    from ..networks.ports import parse

    result: dict[str, list[dict[str, str]]] = {}
    for mapping in parse(spec.published_ports, spec.default_host_ip):
        address = "" if mapping.host_ip == spec.default_host_ip == _EVERYWHERE else mapping.host_ip
        port = str(mapping.host_port) if mapping.host_port else ""
        if mapping.host_port_last > mapping.host_port:
            port += f"-{mapping.host_port_last}"
        key = f"{mapping.container_port}/{mapping.protocol}"
        result.setdefault(key, []).append({"HostIp": address, "HostPort": port})
    return result


def _namespaces(spec: ContainerSpec) -> dict[str, Any]:
    return {
        "CgroupnsMode": spec.cgroupns_mode,
        "Dns": list(spec.dns_servers),
        "DnsOptions": list(spec.dns_options),
        "DnsSearch": list(spec.dns_search),
        "ExtraHosts": [f"{name}:{address}" for name, address in spec.etc_hosts.items()] or None,
        "GroupAdd": list(spec.groups) or None,
        "IpcMode": spec.ipc_mode or "private",
        "Cgroup": "",
        "Links": _links(spec) or None,
        "OomScoreAdj": spec.oom_score_adj,
        "PidMode": spec.pid_mode,
        "UTSMode": spec.uts_mode,
        "UsernsMode": spec.userns_mode,
        "ShmSize": spec.shm_size or profile.SHM_SIZE,
        "Runtime": spec.oci_runtime or "skiff",
        "ConsoleSize": [0, 0],
        "Isolation": "",
        **_given({"Tmpfs": dict(spec.tmpfs), "Sysctls": dict(spec.sysctls), "Init": spec.init}),
    }


def _links(spec: ContainerSpec) -> list[str]:
    """Return the links on the predefined bridge in Docker's form, `/db:/web/alias`."""
    if spec.network_mode not in ("bridge", "default"):
        return []
    parts = [text.partition(":") for text in spec.links]
    return [f"/{ref}:/{spec.name}/{alias or ref}" for ref, _colon, alias in parts]


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """Docker leaves these out where they say nothing."""
    return {key: value for key, value in values.items() if value}


def _security(spec: ContainerSpec) -> dict[str, Any]:
    return {
        "CapAdd": list(spec.cap_add) or None,
        "CapDrop": list(spec.cap_drop) or None,
        "Privileged": spec.privileged,
        "PublishAllPorts": spec.publish_all_ports,
        "ReadonlyRootfs": spec.read_only,
        "SecurityOpt": list(spec.security_opts) or None,
        "MaskedPaths": None if spec.privileged else list(profile.MASKED_PATHS),
        "ReadonlyPaths": None if spec.privileged else list(profile.READONLY_PATHS),
    }


def _resources(spec: ContainerSpec) -> dict[str, Any]:
    return {
        "CpuShares": spec.cpu_shares,
        "Memory": spec.memory,
        "NanoCpus": round(spec.cpus * 1e9),
        "CgroupParent": spec.cgroup_parent,
        "BlkioWeight": spec.blkio_weight,
        "BlkioWeightDevice": [{"Path": one.path, "Weight": one.rate} for one in spec.blkio_weight_device],
        "BlkioDeviceReadBps": _rates(spec.device_read_bps),
        "BlkioDeviceWriteBps": _rates(spec.device_write_bps),
        "BlkioDeviceReadIOps": _rates(spec.device_read_iops),
        "BlkioDeviceWriteIOps": _rates(spec.device_write_iops),
        "CpuPeriod": spec.cpu_period,
        "CpuQuota": spec.cpu_quota,
        "CpuRealtimePeriod": spec.cpu_rt_period,
        "CpuRealtimeRuntime": spec.cpu_rt_runtime,
        "CpusetCpus": spec.cpuset_cpus,
        "CpusetMems": spec.cpuset_mems,
        "Devices": [
            {"PathOnHost": device.source, "PathInContainer": device.target, "CgroupPermissions": device.permissions}
            for device in spec.devices
        ],
        "DeviceCgroupRules": list(spec.device_cgroup_rules) or None,
        "DeviceRequests": None,
        "KernelMemory": 0,
        "KernelMemoryTCP": 0,
        "MemoryReservation": spec.memory_reservation,
        "MemorySwap": spec.memory_swap or spec.memory * 2,
        "MemorySwappiness": spec.memory_swappiness,
        "OomKillDisable": spec.oom_kill_disable,
        "PidsLimit": profile.PIDS_LIMIT if spec.pids_limit is None else max(spec.pids_limit, 0),
        "Ulimits": [{"Name": one.name, "Hard": one.hard, "Soft": one.soft} for one in spec.ulimits] or None,
        "CpuCount": 0,
        "CpuPercent": 0,
        "IOMaximumIOps": 0,
        "IOMaximumBandwidth": 0,
    }


def _rates(throttles: Iterable[Throttle]) -> list[dict[str, Any]] | None:
    return [{"Path": one.path, "Rate": one.rate} for one in throttles] or None


def _bind(mount: Mount) -> str:
    mode = mount.told.get("mode", mount.mode())
    return f"{mount.source}:{mount.target}:{mode}" if mode else f"{mount.source}:{mount.target}"
