"""Hosts with a switch of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ovshosts import Host, a_host, two_hosts


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with a_host(tmp_path / "a") as made:
        yield made


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[tuple[Host, Host]]:
    """Two hosts, 198.51.100.1 and 198.51.100.2, that reach each other by their bridges `uplink`."""
    with two_hosts(tmp_path) as made:
        yield made
