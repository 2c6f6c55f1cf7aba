from __future__ import annotations

from pathlib import Path

import pytest

from runtime_lib.cli.container_flags import RUN
from runtime_lib.cli.container_spec import container_spec, restart_policy
from runtime_lib.containers.parts import Attachment, Device, Healthcheck, Mount, Throttle, Ulimit
from runtime_lib.containers.spec import ContainerSpec
from runtime_lib.errors import InvalidSpec
from runtime_lib.moments import seconds


def spec(*words: str) -> ContainerSpec:
    return container_spec(RUN.parse([*words, "image", "cmd", "-x"], interspersed=False))


def test_nothing_given_is_nothing_set() -> None:
    assert container_spec(RUN.parse(["image"])) == ContainerSpec(image="image")
    assert spec().command == ("cmd", "-x")


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (["--rm"], "auto_remove", True),
        (["-it"], "interactive", True),
        (["--name", "web"], "name", "web"),
        (["-w", "/srv"], "working_dir", "/srv"),
        (["-u", "1000:100"], "user", "1000:100"),
        (["-h", "host1"], "hostname", "host1"),
        (["-m", "64m"], "memory", 64 * 1024 * 1024),
        (["--memory-swap", "-1"], "memory_swap", -1),
        (["--cpus", "1.5"], "cpus", 1.5),
        (["-c", "512"], "cpu_shares", 512),
        (["--pids-limit", "-1"], "pids_limit", -1),
        (["--shm-size=1g"], "shm_size", 1024**3),
        (["-p", "8080:80", "-p", "53:53/udp"], "published_ports", ("8080:80", "53:53/udp")),
        (["-P"], "publish_all_ports", True),
        (["--cap-add", "NET_ADMIN", "--cap-add", "SYS_TIME"], "cap_add", ("NET_ADMIN", "SYS_TIME")),
        (["--entrypoint", "/bin/sh"], "entrypoint", ("/bin/sh",)),
        (["--entrypoint", ""], "entrypoint", ()),
        (["-l", "a=1", "--label", "b"], "labels", {"a": "1", "b": ""}),
        (["--restart", "on-failure:3"], "restart_policy", "on-failure"),
        (["--ulimit", "nofile=1024:2048"], "ulimits", (Ulimit("nofile", 1024, 2048),)),
        (["--ulimit", "core=0"], "ulimits", (Ulimit("core", 0, 0),)),
        (["--device", "/dev/fuse"], "devices", (Device("/dev/fuse", "/dev/fuse", "rwm"),)),
        (["--device", "/dev/a:/dev/b:r"], "devices", (Device("/dev/a", "/dev/b", "r"),)),
        (["--device", "/dev/a:rw"], "devices", (Device("/dev/a", "/dev/a", "rw"),)),
        (["--blkio-weight-device", "/dev/vda:100"], "blkio_weight_device", (Throttle("/dev/vda", 100),)),
        (["--cpu-rt-runtime", "5000"], "cpu_rt_runtime", 5000),
        (["--device-read-bps", "/dev/vda:1mb"], "device_read_bps", (Throttle("/dev/vda", 1024 * 1024),)),
        (["--add-host", "db:10.0.0.5"], "etc_hosts", {"db": "10.0.0.5"}),
        (["--add-host", "six:fe80::1"], "etc_hosts", {"six": "fe80::1"}),
        (["--tmpfs", "/run:size=1m"], "tmpfs", {"/run": "size=1m"}),
        (["-v", "data:/srv:ro"], "mounts", (Mount("volume", "/srv", "data", read_only=True),)),
        (["--mount", "type=tmpfs,dst=/t"], "mounts", (Mount("tmpfs", "/t"),)),
        (["--net", "host"], "network_mode", "host"),
        (["--network", "default"], "network_mode", "bridge"),
        (["--log-opt", "max-size=1m"], "log_options", {"max-size": "1m"}),
        (["--sysctl", "net.core.somaxconn=1"], "sysctls", {"net.core.somaxconn": "1"}),
        (["--stop-timeout", "3"], "stop_timeout", 3),
        (["--init"], "init", True),
        (["--pid", "host"], "pid_mode", "host"),
        (["--no-healthcheck"], "healthcheck", Healthcheck(("NONE",))),
    ],
)
def test_options_become_fields(words: list[str], field: str, value: object) -> None:
    assert getattr(spec(*words), field) == value


def test_networks() -> None:
    one = spec("--network", "front", "--ip", "10.1.0.9", "--network-alias", "www", "--network", "back")
    assert one.network_mode == "front"
    assert one.networks == (Attachment("front", ("www",), ipv4_address="10.1.0.9"), Attachment("back"))
    long = spec("--network", "name=front,alias=www,alias=web,ip=10.1.0.9,mac-address=02:42:0a:01:00:09")
    wanted = Attachment("front", ("www", "web"), ipv4_address="10.1.0.9", mac_address="02:42:0a:01:00:09")
    assert (long.network_mode, long.networks) == ("front", (wanted,))
    text = 'name=front,driver-opt=a=b,"driver-opt=c=d,e",link-local-ip=169.254.1.1,gw-priority=-3'
    joined = spec("--network", text, "--link-local-ip", "169.254.1.2").networks[0]
    assert joined.driver_opts == {"a": "b", "c": "d,e"}
    assert (joined.link_local_ips, joined.gw_priority) == (("169.254.1.1", "169.254.1.2"), -3)


@pytest.mark.parametrize(
    "words",
    [
        ["--network", "alias=x"],
        ["--network", "name=a,name=b"],
        ["--network", "name=a,foo=b"],
        ["--network", "name=a,driver-opt=x"],
        ["--network", "name=a,ip="],
        ["--network", "name=a,ip=10.0.0.1", "--ip", "10.0.0.2"],
    ],
)
def test_networks_that_make_no_sense(words: list[str]) -> None:
    with pytest.raises(InvalidSpec, match="network"):
        spec(*words)


def test_health() -> None:
    one = spec("--health-cmd", "true", "--health-interval", "1m30s", "--health-retries", "2")
    assert one.healthcheck == Healthcheck(("CMD-SHELL", "true"), interval=90.0, retries=2)


def test_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "env"
    file.write_text("# a comment\n\nA=1\n  B=two words\nC\n")
    monkeypatch.setenv("C", "ours")
    monkeypatch.delenv("D", raising=False)
    assert spec("--env-file", str(file), "-e", "A=2", "-e", "D", "-e", "E=").env == {
        "A": "2",
        "B": "two words",
        "C": "ours",
        "E": "",
    }


def test_a_relative_source_is_below_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert spec("-v", "./page:/srv").mounts[0].source == str(tmp_path / "page")
    assert spec("-v", ".:/srv").mounts[0].source == str(tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        ["--ulimit", "nofile"],
        ["--ulimit", "nofile=many"],
        ["--device", "/dev/a:/dev/b:x"],
        ["--cpus", "two"],
        ["-m", "lots"],
        ["--add-host", "db"],
        ["--sysctl", "x"],
        ["--restart", "always:3"],
        ["-e", "=1"],
        ["--device-read-bps", "vda:1"],
        ["--no-healthcheck", "--health-retries", "1"],
        ["--health-cmd", "x", "--health-interval", "soon"],
    ],
)
def test_mistakes_are_told_before_anything_is_touched(words: list[str]) -> None:
    with pytest.raises(InvalidSpec):
        spec(*words)


def test_restart_policies() -> None:
    assert restart_policy("unless-stopped") == ("unless-stopped", 0)
    assert restart_policy("on-failure:5") == ("on-failure", 5)
    assert restart_policy("") == ("no", 0)


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("30s", 30), ("1h2m3s", 3723), ("500ms", 0.5), ("1.5m", 90)])
def test_lengths_of_time(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value)
