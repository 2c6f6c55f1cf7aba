"""The page is served from a container, as an administrator of the host sees it."""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path

import pytest
import testinfra
import yaml


@pytest.fixture(scope="module")
def container(host: testinfra.host.Host) -> dict:
    return json.loads(host.check_output("skiff inspect static-web"))[0]


def test_the_page_is_served(host: testinfra.host.Host) -> None:
    assert "<title>" in host.check_output("curl -sS http://127.0.0.1:8080/")


def test_the_container_has_its_limits(host: testinfra.host.Host, container: dict) -> None:
    group = host.check_output("cut -d: -f3 /proc/%s/cgroup", str(container["State"]["Pid"]))
    assert host.file(f"/sys/fs/cgroup{group}/memory.max").content_string.strip() == str(64 << 20)


def test_the_page_is_served_to_others(host: testinfra.host.Host) -> None:
    (instance,) = yaml.safe_load(Path(os.environ["MOLECULE_INSTANCE_CONFIG"]).read_text())
    with urllib.request.urlopen(f"http://127.0.0.1:{instance['forwards']['8080']}/", timeout=120) as answer:
        assert answer.read().decode().strip() == host.check_output("curl -sS http://127.0.0.1:8080/").strip()


def test_the_host_brings_containers_back_at_boot(host: testinfra.host.Host) -> None:
    assert host.service("skiff").is_enabled
    assert host.service("skiff").is_running
