"""The bundle of a start: the files that the container sees as its own, and config.json."""

from __future__ import annotations

import os

from ..jsontext import compact
from ..linux import capabilities as kernel
from ..linux.cgroups.hierarchy import detect
from ..records import replace
from ..store import Store, write_file
from . import apparmor, attach_volumes, devices, host_files, link_variables, namespaces, tree, userns, users
from .catalog import Container
from .config import Overlay, Settings, oci_config, working_dir
from .config_mounts import Additions, ReadyMount
from .release import cgroup_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..images.catalog import Image
    from .users import User

OWN_FILES = ("resolv.conf", "hostname", "hosts")


def write(
    store: Store,
    container: Container,
    image: Image,
    layers: Sequence[str],
    size: tuple[int, int] = (0, 0),
    more: Additions | None = None,
) -> None:
    """Write config.json of a start into the run folder. The network's files must be there already.

    `size` are the (rows, columns) of its terminal, `more` what this start alone has.
    """
    more = more or Additions()
    folder = store.layout.container(container.id)
    id_maps = userns.mappings(store, container)
    binds = (*own_files(store, container), *attach_volumes.ready(store, container.spec), *more.mounts)
    attach_volumes.check_propagation(binds)
    settings = Settings(
        spec=container.spec,
        image=image.defaults,
        user=_look(container, image, layers, folder, more),
        hostname=host_files.hostname(store, container),
        cgroup=cgroup_path(store, container.id),
        root=Overlay(tuple(layers), f"{folder}/upper", f"{folder}/work"),
        mounts=tuple(replace(one, idmap=one.idmap and id_maps is not None) for one in binds),
        devices=devices.resolve(container.spec),
        throttled=devices.throttled(container.spec),
        available=frozenset(kernel.names(kernel.own_bounding())),
        joined=namespaces.joined(store, container.spec),
        own_network=namespaces.own_network(container.spec),
        throttles=_throttles(),
        apparmor=apparmor.ready(container.spec),
        id_maps=id_maps,
        links=link_variables.variables(store, container),
        cgroup_version=2 if detect().mode == "v2" else 1,
    )
    userns.check_user(settings.user, id_maps)
    config = oci_config(settings)
    if more.env:
        config["process"]["env"] = _replaced(config["process"]["env"], more.env)
    if any(size):
        config["process"]["consoleSize"] = {"height": size[0], "width": size[1]}
    text = compact(config)
    write_file(f"{store.layout.bundle(container.id)}/config.json", text.encode(errors="surrogateescape"))


def _replaced(env: Sequence[str], more: Sequence[str]) -> list[str]:
    names = {text.partition("=")[0] for text in more}
    return [*(text for text in env if text.partition("=")[0] not in names), *more]


def _throttles() -> tuple[str, ...]:
    """Return what moby masks of the processors: /sys/devices/system/cpu/cpuN/thermal_throttle, where it is there."""
    processors = "/sys/devices/system/cpu"
    present = os.listdir(processors) if os.path.isdir(processors) else []
    names = [name for name in present if name.startswith("cpu") and name[3:].isdigit()]
    folders = [f"{processors}/{name}/thermal_throttle" for name in names]
    return tuple(folder for folder in folders if os.path.isdir(folder))


def _look(container: Container, image: Image, layers: Sequence[str], folder: str, more: Additions) -> User:
    """Return the user, after making the working directory where it is missing, as Docker does."""
    spec = container.spec
    defaults = image.defaults
    declared = defaults.get("User")
    user = spec.user or (declared if isinstance(declared, str) else "")
    with tree.container_tree(layers, folder) as root:
        path = working_dir(spec, defaults)
        if path != "/" and not _mounted((*spec.mounts, *more.mounts), path):
            os.close(root.folder(path, 0o755))
        return users.lookup(root, user, spec.groups)


def _mounted(mounts: Sequence[object], path: str) -> bool:
    """Whether the path lies in something that is mounted later: nothing is to be made below it."""
    targets = [getattr(mount, "target", "").rstrip("/") for mount in mounts]
    return any(path == target or path.startswith(f"{target}/") for target in targets)


def own_files(store: Store, container: Container) -> tuple[ReadyMount, ...]:
    """Return the files of /etc that are written for a container, or for the one whose network it shares."""
    owner = namespaces.network_owner(store, container)
    folder = store.layout.container(owner)
    return tuple(ReadyMount(f"/etc/{name}", f"{folder}/{name}", idmap=True) for name in OWN_FILES)
