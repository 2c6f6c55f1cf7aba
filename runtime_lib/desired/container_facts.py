"""What a `container` task finds on the host, as far as its plan depends on it."""

from __future__ import annotations

from ..records import dataclass
from .container_views import ImageFacts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..containers.parts import Attachment
    from ..containers.spec import ContainerSpec


@dataclass(frozen=True)
class Present:
    """A container that exists. `networks` are those that it is joined to now, `status` is the monitor's word.

    `exit_code` is that of a run that has ended by itself, None where there was none, or where a user ended it.
    """

    id: str
    status: str
    spec: ContainerSpec
    image: ImageFacts
    networks: tuple[Attachment, ...] = ()
    exit_code: int | None = None

    @property
    def running(self) -> bool:
        """Whether it has a process, or will have one again by itself."""
        return self.status in ("running", "paused", "restarting")


@dataclass(frozen=True)
class Facts:
    """`image` is what the task's image option means on this host now; None when it is not there."""

    container: Present | None = None
    image: ImageFacts | None = None
