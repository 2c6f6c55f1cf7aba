"""What a user asks of a volume, checked before anything is touched."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..patterns import Pattern
from ..records import dataclass, field
from . import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = Pattern(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}\Z")


@dataclass(frozen=True)
class VolumeSpec:
    """A volume as the user asked for it; `driver_options` type, o and device mean a mount, made when it is used."""

    name: str
    driver: str = "local"
    driver_options: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Raise InvalidSpec when something in it makes no sense."""
        if not _NAME.match(self.name):
            raise InvalidSpec(
                f"volume name {self.name!r}: use 2 to 255 letters, digits, _ . and -, a letter or digit first"
            )
        if self.driver != "local":
            raise InvalidSpec(f"volume {self.name}: the driver {self.driver!r} is not there; use local")
        local.check(self.name, self.driver_options)
