# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an image comes from that is sent to a host: an archive on the controller, or Skiff's store on some host."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack, contextmanager

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible_collections.skiff.containers.plugins.plugin_utils import host_listing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any, Protocol

    class Source(Protocol):
        """An image that was found: its id, and the diff ids of its layers from the lowest up."""

        image_id: str
        layers: list[str]

        def find(self, name: str, machine: str, stack: ExitStack) -> None:
            """Find the image for a machine; what has to be closed goes to the stack. Raises AnsibleActionFail."""

        def write(self, missing: list[str], path: str) -> None:
            """Write an archive with these of its layers alone. Raises AnsibleActionFail."""


def full_name(name: str, tag: str) -> str:
    """Return the name with the tag, unless it has one of its own or is an id. Pure."""
    own = "@" in name or ":" in name.rpartition("/")[2]
    return name if own else f"{name}:{tag}"


@contextmanager
def opened(make: Callable[[], Source], name: str, machine: str) -> Iterator[Source]:
    """Give the source with the image found in it; failures of the library are the task's. Raises AnsibleActionFail."""
    from ansible_collections.skiff.containers.plugins.module_utils.runtime_lib import errors

    try:
        with ExitStack() as stack:
            source = make()
            source.find(name, machine, stack)
            yield source
    except errors.SkiffError as error:
        raise AnsibleActionFail(str(error)) from error
    except OSError as error:
        raise AnsibleActionFail(errors.sentence(error)) from error


class Archive:
    """An archive, or a folder with an OCI layout, on the controller."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.image_id = ""
        self.layers: list[str] = []

    def find(self, name: str, machine: str, stack: ExitStack) -> None:
        """Find the image for a machine: the one of this name, or the only one if it has no name."""
        from ansible_collections.skiff.containers.plugins.module_utils.runtime_lib.desired import image_steps
        from ansible_collections.skiff.containers.plugins.module_utils.runtime_lib.images import archive, digest, thin

        with archive.located(self._path):
            self._members = stack.enter_context(archive.opened(self._path, C.DEFAULT_LOCAL_TMP))
            images = archive.images(self._members, self._path, machine)
        by_id = {digest.of(image.config): image for image in images}
        told = [(digest.of(image.config), image.names) for image in images]
        self.image_id = image_steps.check_archive(name, self._path, told) or ""
        self._image = by_id[self.image_id]
        self.layers = thin.diff_ids(self._image)

    def write(self, missing: list[str], path: str) -> None:
        """Write an archive with these of its layers alone."""
        from ansible_collections.skiff.containers.plugins.module_utils.runtime_lib.images import thin

        with open(path, "wb") as file:
            thin.write(self._members, self._image, None, missing, file.fileno())


class Elsewhere:
    """Skiff's store on a host of the inventory; `localhost` is the controller."""

    def __init__(self, host: str, task_vars: Mapping[str, Any], context: Any) -> None:
        self._name = host
        self._host = host_listing.of_inventory(host, task_vars, context)
        self.image_id = ""
        self.layers: list[str] = []

    def find(self, name: str, machine: str, stack: ExitStack) -> None:
        """Find the image by its name or id. Raises AnsibleActionFail."""
        self._ref = name
        code, output, errors = self._host.call("inspect", "--type", "image", name)
        if self._host.is_bare(code, errors):
            raise AnsibleActionFail(f"image {name} cannot be had from {self._name}: Skiff was never used there")
        if code:
            raise AnsibleActionFail(f"image {name} cannot be had from {self._name}: {self._host.reason(code, errors)}")
        (found,) = json.loads(output)
        self.image_id = found["Id"]
        self.layers = found["RootFS"]["Layers"]

    def write(self, missing: list[str], path: str) -> None:
        """Write an archive with these of its layers alone. Raises AnsibleActionFail."""
        present = [f"--without={value}" for value in dict.fromkeys(self.layers) if value not in missing]
        self._host.fetch(path, "save", *present, self._ref)
        if not os.path.getsize(path):
            raise AnsibleActionFail(f"image {self._ref} came from {self._name} as an empty file")
