"""The entry point `pytest11`: make the backend `skiff` known to testinfra, where that is installed."""

from __future__ import annotations

import importlib.util


def pytest_configure() -> None:
    """Name the backend; it is imported when a run asks for it."""
    if importlib.util.find_spec("testinfra"):
        from testinfra.backend import BACKENDS

        BACKENDS["skiff"] = "skiff_containers.testinfra_backend.SkiffBackend"
