"""A volume as it is in the store."""

from __future__ import annotations

import os

from ..records import dataclass
from .spec import VolumeSpec


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
    def seeded(self) -> bool:
        """Whether no image fills it any more: it holds something, or it is a mount of the user's."""
        if self.spec.driver_options:
            return True
        with os.scandir(self.folder) as entries:
            return next(entries, None) is not None
