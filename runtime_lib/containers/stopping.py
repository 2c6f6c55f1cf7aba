"""How a container is to be asked to end."""

from __future__ import annotations

from ..errors import InvalidSpec
from . import signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..images.catalog import Image
    from .catalog import Container

TIMEOUT = 10  # seconds; Docker's


def stop_signal(container: Container, image: Image) -> int:
    """Return the signal that asks the container to end: its own, the image's, or SIGTERM."""
    if container.spec.stop_signal:
        return signals.number(container.spec.stop_signal)
    declared = image.defaults.get("StopSignal")
    try:
        return signals.number(declared) if isinstance(declared, str) and declared else 15
    except InvalidSpec:
        return 15  # a stranger's image; Docker falls back as well


def stop_timeout(container: Container, given: float | None = None) -> float:
    """Return the seconds between that and SIGKILL: those given, the container's own, or 10; -1 is "never"."""
    if given is not None:
        return given
    return TIMEOUT if container.spec.stop_timeout is None else container.spec.stop_timeout
