"""Base images from a real registry."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime_lib.build.build import fingerprint
from runtime_lib.errors import ImageNotFound, RegistryError
from runtime_lib.images import catalog, push
from tests.support import registry
from tests.support.builder import Builder

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not os.path.exists(registry.SERVER), reason="needs docker-registry"),
]


def test_base_images_are_pulled(builder: Builder, tmp_path: Path) -> None:
    with registry.serving(tmp_path / "registry") as server:
        name = f"{server.host}/base:1"
        catalog.tag(builder.store, "base", name)
        push.push(builder.store, name)
        first = catalog.find(builder.store, name).id
        text = f"FROM {name}\nRUN echo 1 > /f\n"
        catalog.remove(builder.store, name)
        with pytest.raises(ImageNotFound, match="Dockerfile line 1: image .* is not on this host; pull, load"):
            builder.build(text)
        missing = builder.spec(text, pull="missing")
        assert fingerprint(builder.store, missing).missing == f"Dockerfile line 1: {name} has to be pulled"
        made = builder.build(text, pull="missing")
        assert f"Pulling {name}\n" in made.log
        assert catalog.find(builder.store, name).id == first
        assert fingerprint(builder.store, builder.spec(text, pull="always")).changed is False
        # A newer one in the registry is only seen when it is asked for.
        catalog.tag(builder.store, "made", name)
        push.push(builder.store, name)
        newer = catalog.find(builder.store, name).id
        catalog.tag(builder.store, first, name)
        assert fingerprint(builder.store, builder.spec(text, pull="missing")).changed is False
        assert fingerprint(builder.store, builder.spec(text, pull="always")).changed
        builder.build(text, pull="always")
        assert catalog.find(builder.store, name).id == newer
    with pytest.raises(RegistryError, match="Dockerfile line 1: image .* is to be pulled; that failed: "):
        builder.build(text, pull="always")
