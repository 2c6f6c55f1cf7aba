"""Whether another OCI runtime can run a container, and where it is."""

from __future__ import annotations

import os
import shutil

from ..errors import HostLacks, InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .spec import ContainerSpec

OWN = ("", "skiff", "skiff-oci")


def check(spec: ContainerSpec) -> None:
    """Raise InvalidSpec for what only our own runtime can do."""
    if spec.oci_runtime in OWN:
        return
    if "\0" in spec.oci_runtime or ("/" in spec.oci_runtime and not spec.oci_runtime.startswith("/")):
        raise InvalidSpec(f"oci_runtime {spec.oci_runtime!r}: give a name such as runc, or an absolute path")
    lacking = {
        "init": spec.init,
        "userns_mode": spec.userns_mode not in ("", "host"),
        "a mount of type image": any(mount.kind == "image" for mount in spec.mounts),
        "a mount with idmap": any(mount.idmap is not None for mount in spec.mounts),
        "a part of a volume (subpath)": any(mount.subpath for mount in spec.mounts),
    }
    for what, wanted in lacking.items():
        if wanted:
            raise InvalidSpec(f"{what} needs Skiff's own runtime: leave it out, or oci_runtime {spec.oci_runtime!r}")


def program(spec: ContainerSpec) -> str:
    """Return the path of the wanted runtime, "" for our own. Raises HostLacks."""
    if spec.oci_runtime in OWN:
        return ""
    found = shutil.which(spec.oci_runtime, path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin")
    if not found:
        raise HostLacks(f"the OCI runtime {spec.oci_runtime!r} is not on this host: install it, or leave it out")
    return found
