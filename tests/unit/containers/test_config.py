"""Each case is a file: a description, an image's configuration, and what the OCI document must say at some places."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runtime_lib.containers.config import Overlay, Settings, oci_config
from runtime_lib.containers.security import DEFAULT
from runtime_lib.containers.spec import ContainerSpec
from runtime_lib.containers.users import User
from runtime_lib.errors import InvalidSpec

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))
AVAILABLE = frozenset({*DEFAULT, "CAP_SYS_ADMIN", "CAP_NET_ADMIN"})


def settings(spec: ContainerSpec, image: dict[str, Any], **more: Any) -> Settings:
    own_network = spec.network_mode != "host"
    root = Overlay(("/l/b", "/l/a:c"), "/c/upper", "/c/work")
    values = {"user": User(0, 0, (0, 10), "/root"), "available": AVAILABLE, "own_network": own_network, **more}
    return Settings(spec, image, hostname="host", cgroup="/skiff/id", root=root, **values)


def at(document: Any, path: str) -> Any:
    for key in path.split("."):
        document = document[int(key)] if key.isdigit() else document.get(key)
        if document is None:
            return None
    return document


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = json.loads(path.read_text())
    spec = ContainerSpec.from_json(case["spec"])
    spec.check()
    document = oci_config(settings(spec, case["image"]))
    assert json.loads(json.dumps(document)) == document
    found = {key: at(document, key) for key in case["expect"]}
    assert found == case["expect"]


def test_a_user_has_no_capability_but_the_bounding_set() -> None:
    spec = ContainerSpec(image="i", command=("sh",))
    process = oci_config(settings(spec, {}, user=User(1000, 1000, (1000,), "/")))["process"]
    assert process["capabilities"]["effective"] == process["capabilities"]["permitted"] == []
    assert len(process["capabilities"]["bounding"]) == 14


def test_nothing_is_given_that_this_process_has_not() -> None:
    spec = ContainerSpec(image="i", command=("sh",), cap_add=("ALL",))
    process = oci_config(settings(spec, {}, available=frozenset({"CAP_KILL"})))["process"]
    assert process["capabilities"]["bounding"] == ["CAP_KILL"]


def test_an_image_without_a_command() -> None:
    with pytest.raises(InvalidSpec, match="no command was given"):
        oci_config(settings(ContainerSpec(image="empty"), {}))


def test_version_1_hosts_share_their_cgroup_namespace() -> None:
    document = oci_config(settings(ContainerSpec(image="i", command=("sh",)), {}, cgroup_version=1))
    assert {"type": "cgroup"} not in document["linux"]["namespaces"]
