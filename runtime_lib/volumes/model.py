"""A volume as it is in the store."""

from __future__ import annotations

import os

from ..records import dataclass
from .spec import VolumeSpec

_MEMORY = ("tmpfs", "ramfs")


@dataclass(frozen=True)
class Volume:
    """A volume that exists. `folder` holds its content; a volume with driver options is mounted over it while used."""

    spec: VolumeSpec
    folder: str
    anonymous: bool
    created: int

    @property
    def name(self) -> str:
        """The name that the user gave, or 64 hexadecimal digits."""
        return self.spec.name

    @property
    def memory(self) -> bool:
        """Whether its content is in memory, and gone with its last user."""
        return self.spec.driver_options.get("type") in _MEMORY

    @property
    def seeded(self) -> bool:
        """Whether no image fills it any more: it holds something, or keeps nothing. A mount has to be looked into."""
        if self.spec.driver_options:
            return self.memory
        with os.scandir(self.folder) as entries:
            return next(entries, None) is not None
