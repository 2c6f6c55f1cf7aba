"""Plans of networks, volumes, images and lists of containers: options and facts in, steps out."""

from __future__ import annotations

from typing import Any

import pytest

from runtime_lib.build.outputs import Output
from runtime_lib.containers.parts import Attachment
from runtime_lib.desired import containers, dockerfile_build, image_plan, network_plan, volume
from runtime_lib.desired.compare import equal
from runtime_lib.desired.container_health import healthy
from runtime_lib.desired.container_wish import wish as container_wish
from runtime_lib.desired.image_steps import check_archive
from runtime_lib.desired.image_wish import build_spec, full_name
from runtime_lib.desired.image_wish import wish as image_wish
from runtime_lib.desired.network_plan import Present
from runtime_lib.desired.network_steps import Renew
from runtime_lib.errors import ImageNotFound, InvalidSpec, WrongState
from runtime_lib.networks.options import MTU
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec
from runtime_lib.records import replace
from runtime_lib.volumes.spec import VolumeSpec

SUBNET = {"ipam_config": [{"subnet": "10.1.0.0/24"}]}


def said(steps: Any) -> list[str]:
    return [step.describe() for step in steps.steps]


def network(present: Present | None, **options: Any) -> list[str]:
    wanted = network_plan.wish({"name": "n", "state": "present", **options})
    return said(network_plan.plan(wanted, present))


def there(gateways: Any = (), **spec: Any) -> Present:
    members = {"a": Attachment("n")}
    return Present(NetworkSpec("n", **spec), spec.get("subnets", ()), members, frozenset("ab"), True, dict(gateways))


def test_networks() -> None:
    again = ["recreate network n, and connect a again"]
    assert network(None) == ["create network n"]
    assert network(None, connected=["nobody"]) == ["create network n"]
    assert network(there()) == []
    assert network(there(), force=True) == again
    assert network(there(), internal=True) == again
    assert network(there(labels={"x": "1", "y": "2"}), labels={"x": "1"}) == []
    assert network(there(), **SUBNET) == again
    assert network(there(), enable_ipv6=True) == again
    assert network(there(), config_from="plan") == again
    assert network(there(config_from="plan"), config_from="plan") == []
    assert network(there(ipam_options={"a": "1"}), ipam_driver_options={"a": "1"}) == []
    assert network(there(), internal=True, connected=["b"]) == [
        "disconnect container a from network n",
        "recreate network n",
        "connect container b to network n",
    ]
    assert network(there(subnets=(SubnetSpec("10.1.0.0/24", "10.1.0.1"),)), **SUBNET) == []
    chosen = there({"10.1.0.0/24": "10.1.0.1"}, subnets=(SubnetSpec("10.1.0.0/24"),))
    assert network(chosen, ipam_config=[{"subnet": "10.1.0.0/24", "gateway": "10.1.0.1"}]) == []
    assert network(chosen, ipam_config=[{"subnet": "10.1.0.0/24", "gateway": "10.1.0.2"}]) == again
    icc = "com.docker.network.bridge.enable_icc"
    for text in ("false", "False", "0"):
        assert network(there(driver_options={icc: text}), driver_options={icc: False}) == []
    assert network(there(driver_options={icc: "true"}), driver_options={icc: "0"}) == again
    assert network(there(), connected=["b"]) == [
        "connect container b to network n",
        "disconnect container a from network n",
    ]
    assert network(there(), connected=["b", "nobody"], appends=True) == ["connect container b to network n"]
    assert network(there(), state="absent") == ["disconnect container a from network n", "remove network n"]
    assert network(None, state="absent") == []


@pytest.mark.parametrize(
    "option", [{"enable_ipv4": False}, {"scope": "swarm"}, {"ingress": True}, {"driver": "overlay"}]
)
def test_networks_that_cannot_be(option: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec):
        network(None, **option)


def test_what_a_task_does_not_set_stays_when_a_network_is_made_anew() -> None:
    subnet = SubnetSpec("10.1.0.0/24", "10.1.0.1")
    present = there(subnets=(subnet,), labels={"x": "1"}, driver_options={MTU: "1400"}, attachable=True)

    def renewed(**options: Any) -> NetworkSpec:
        wanted = network_plan.wish({"name": "n", "state": "present", **options})
        (step,) = network_plan.plan(wanted, present).steps
        assert isinstance(step, Renew)
        return step.spec

    assert renewed(internal=True) == replace(present.spec, internal=True)
    assert renewed(labels={"x": "2"}) == replace(present.spec, labels={"x": "2"})
    assert renewed(enable_ipv6=True) == replace(present.spec, enable_ipv6=True)
    assert renewed(**SUBNET, force=True).subnets == (SubnetSpec("10.1.0.0/24"),)
    assert renewed(driver="macvlan", driver_options={"parent": "eth9"}).driver_options == {"parent": "eth9"}
    assert renewed(config_from="plan") == NetworkSpec("n", config_from="plan", attachable=True)


def test_containers_that_a_killed_task_left_behind() -> None:
    def plan(present: Present | None, **options: Any) -> list[str]:
        wanted = network_plan.wish({"name": "n", "state": "present", **options})
        return said(network_plan.plan(wanted, present, True))

    again = "connect the containers of network n again, which a task left without it"
    assert plan(there()) == [again]
    assert plan(there(), state="absent") == [again, "disconnect container a from network n", "remove network n"]
    assert plan(there(), internal=True) == ["recreate network n, and connect a again"]


def test_volumes() -> None:
    def plan(present: VolumeSpec | None, **options: Any) -> list[str]:
        return said(volume.plan(volume.wish({"volume_name": "vol", "state": "present", **options}), present))

    present = VolumeSpec("vol", labels={"a": "1"})
    assert plan(None) == ["create volume vol"]
    assert plan(present, labels={"a": "2"}) == []
    assert plan(present, labels={"a": "1"}, recreate="options-changed") == []
    assert plan(present, labels={"a": "2"}, recreate="options-changed") == ["remove volume vol", "create volume vol"]
    assert plan(present, recreate="always") == ["remove volume vol", "create volume vol"]
    assert plan(present, state="absent") == ["remove volume vol"]
    assert plan(None, state="absent") == []


def image(present: image_plan.Present, **options: Any) -> list[str]:
    base = {"name": "i", "tag": "latest", "state": "present", "source": "load", "load_path": "/a"}
    flags = dict.fromkeys(("force_source", "force_absent", "force_tag"), False)
    return said(image_plan.plan(image_wish({**base, **flags, **options}), present))


def test_images() -> None:
    here = image_plan.Present("sha256:1")
    assert image(image_plan.Present()) == ["load image i:latest from /a"]
    assert image(here) == []
    assert image(here, force_source=True) == ["load image i:latest from /a"]
    assert image(image_plan.Present("sha256:1", coming="sha256:1"), force_source=True) == []
    assert image(here, repository="j:2") == ["tag image i:latest as j:2"]
    assert image(image_plan.Present("sha256:1", "sha256:2"), repository="j:2") == []
    assert image(image_plan.Present("sha256:1", "sha256:2"), repository="j:2", force_tag=True) != []
    assert image(here, source="pull") == []
    assert image(here, state="absent") == ["remove image i:latest"]
    assert image(image_plan.Present(), state="absent") == []
    with pytest.raises(ImageNotFound):
        image(image_plan.Present(), source="local")
    assert image(image_plan.Present(), source="pull") == ["pull image i:latest"]
    for wrong in ({"source": None}, {"load_path": None}, {"push": True, "name": "sha256:" + "0" * 64}):
        with pytest.raises(InvalidSpec):
            image(image_plan.Present(), **wrong)


def test_names_of_images() -> None:
    assert full_name("nginx", "1") == "nginx:1"
    assert full_name("nginx:2", "1") == "nginx:2"
    assert full_name("localhost:5000/nginx", "1") == "localhost:5000/nginx:1"
    assert full_name(f"sha256:{'a' * 64}", "1") == f"sha256:{'a' * 64}"


def test_what_an_archive_brings() -> None:
    assert check_archive("i:1", "/a", [("sha256:1", ())]) == "sha256:1"
    assert check_archive("i:1", "/a", [("sha256:1", ("j:1",)), ("sha256:2", ("i:1",))]) == "sha256:2"
    with pytest.raises(InvalidSpec, match="it has j:1"):
        check_archive("i:1", "/a", [("sha256:1", ("j:1",))])


def test_a_build_is_an_image_task() -> None:
    options = {"name": "i", "tag": "1", "path": "/c", "rebuild": "auto"}
    assert dockerfile_build.as_image(options)["force_source"] is True
    assert dockerfile_build.as_image({**options, "rebuild": "never"})["force_source"] is False
    output = {"type": "image", "name": ["j"]}
    assert dockerfile_build.as_image({**options, "outputs": [output]})["repository"] == "j"
    with pytest.raises(InvalidSpec, match="push is a task of its own"):
        dockerfile_build.as_image({**options, "outputs": [{**output, "push": True}]})
    wanted = [{"type": "docker"}, output, {"type": "tar", "dest": "/t"}]
    assert dockerfile_build.as_outputs({**options, "outputs": wanted}) == [Output("tar", "/t")]
    with pytest.raises(InvalidSpec, match="type tar needs dest"):
        dockerfile_build.as_outputs({"outputs": [{"type": "tar"}]})


def test_secrets_of_a_build() -> None:
    given = [{"id": "a", "type": "value", "value": "k3y"}, {"id": "b", "type": "env", "env": "B"}]
    spec = build_spec("i", {"path": "/c", "secrets": given, "container_limits": {"cpushares": 5}})
    assert sorted(spec.secrets) == ["a", "b"]
    assert spec.container == {"cpu_shares": 5}
    assert "k3y" not in repr(spec)
    with pytest.raises(InvalidSpec, match="secrets: a of type file needs src"):
        build_spec("i", {"path": "/c", "secrets": [{"id": "a", "type": "file", "value": "x"}]})


def test_containers_wait_for_those_that_they_need() -> None:
    def order(*entries: dict[str, Any]) -> list[str]:
        return [wanted.name for wanted in containers.ordered([container_wish(entry) for entry in entries])]

    a = {"name": "a", "image": "i", "network_mode": "container:b"}
    b = {"name": "b", "image": "i", "volumes_from": ["c:ro"]}
    c = {"name": "c", "image": "i", "links": ["outside:x"]}
    assert order(a, b, c) == ["c", "b", "a"]
    assert order(a, {"name": "z", "state": "absent"}, b) == ["z", "b", "a"]
    with pytest.raises(InvalidSpec, match="a, b need each other"):
        order(a, {**b, "volumes_from": ["a"]})


def test_entries_of_a_list_take_over_what_stands_beside_it() -> None:
    options = {"image": "i", "state": "started", "containers": [{"name": "a"}, {"name": "b", "image": "j"}]}
    assert [entry["image"] for entry in containers.entries(options)] == ["i", "j"]
    with pytest.raises(InvalidSpec, match="a is there twice"):
        containers.entries({"containers": [{"name": "a"}, {"name": "a"}]})
    with pytest.raises(InvalidSpec, match="needs a name"):
        containers.entries({"containers": [{"image": "i"}]})


def test_health() -> None:
    assert healthy({"Status": "running", "Health": {"Status": "healthy"}}, "a")
    assert not healthy({"Status": "running", "Health": {"Status": "starting"}}, "a")
    assert healthy({"Status": "running"}, "a")
    with pytest.raises(WrongState, match="is exited"):
        healthy({"Status": "exited", "Health": {"Status": "unhealthy"}}, "a")


def test_comparison_modes() -> None:
    more = "allow_more_present"
    assert equal("list", more, ["a", "c"], ["a", "b", "c"])
    assert not equal("list", more, ["c", "a"], ["a", "b", "c"])
    assert not equal("list", "strict", ["a"], ["a", "b"])
    assert equal("set", "strict", ["a", "b"], ["b", "a"])
    assert not equal("set", more, ["a", "b"], ["a"])
    assert equal("dict", more, {"a": 1}, {"a": 1, "b": 2})
    assert not equal("dict", "strict", {"a": 1}, {"a": 1, "b": 2})
    assert equal("records", more, [{"a": 1}], [{"a": 1, "b": 2}, {"c": 3}])
    assert not equal("records", "strict", [{"a": 1}], [{"a": 1, "b": 2}, {"c": 3}])
    assert equal("set", "strict", None, [])
    assert not equal("value", "strict", None, "")
    assert equal("value", "ignore", 1, 2)
