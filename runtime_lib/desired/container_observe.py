"""Look at one container and at the image that a task names: a few rows of the database and one state file."""

from __future__ import annotations

from ..containers import catalog
from ..containers.parts import Attachment
from ..errors import ContainerNotFound
from ..images import catalog as images
from .container_facts import Facts, Present
from .container_views import ImageFacts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..containers.catalog import Container
    from ..store import Store
    from .container_wish import Wish


def observe(store: Store, wish: Wish) -> Facts:
    """Return what there is now. Nothing is changed; raises InvalidSpec for an ambiguous reference."""
    present = _present(store, wish.name)
    if wish.state == "absent" or not wish.image:
        return Facts(present)
    image_id = images.resolve(store, wish.image)
    if image_id is None:
        return Facts(present)
    if present and present.image.id == image_id:
        return Facts(present, present.image)
    return Facts(present, _image(store, image_id))


def _present(store: Store, name: str) -> Present | None:
    try:
        container = catalog.find(store, name)
    except ContainerNotFound:
        return None
    state = catalog.state(store, container)
    ended = state.exit_code if state.status == "exited" and not container.stopped_by_user else None
    image = _image(store, container.image_id)
    return Present(container.id, state.status, container.spec, image, networks(container), ended)


def _image(store: Store, image_id: str) -> ImageFacts:
    image = images.get(store, image_id)
    platform = {key: image.config.get(key) for key in ("os", "architecture", "variant")}
    return ImageFacts(image_id, image.defaults, platform)


def networks(container: Container) -> tuple[Attachment, ...]:
    """Return the networks that a container is joined to, or will be when it starts."""
    spec = container.spec
    if spec.network_mode in ("none", "host") or spec.network_mode.startswith("container:"):
        return ()
    if any(attachment.name == spec.network_mode for attachment in spec.networks):
        return spec.networks
    return (Attachment(spec.network_mode), *spec.networks)
