"""Containers from end to end, on the real kernel; at the end of each test nothing of them is left on the host."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime_lib.containers import catalog, logs, verbs
from runtime_lib.containers.attach import Wishes
from runtime_lib.containers.connect import connect, disconnect
from runtime_lib.containers.create import create
from runtime_lib.containers.event_stream import events
from runtime_lib.containers.execute import ExecSpec, capture, detach
from runtime_lib.containers.inspect import inspect
from runtime_lib.containers.parts import Attachment, Mount, Ulimit
from runtime_lib.containers.remove import remove
from runtime_lib.containers.run import run
from runtime_lib.containers.spec import ContainerSpec
from runtime_lib.containers.start import start, start_many
from runtime_lib.containers.stop import stop
from runtime_lib.containers.top import top
from runtime_lib.containers.update import update
from runtime_lib.containers.usage import usage
from runtime_lib.containers.wait import wait
from runtime_lib.errors import (
    CommandFailed,
    Conflict,
    ContainerNotFound,
    HostLacks,
    ImageNotFound,
    InvalidSpec,
    NameTaken,
    NetworkNotFound,
    WrongState,
)
from runtime_lib.images import catalog as images
from runtime_lib.images.create import image as create_image
from runtime_lib.images.rootfs import import_rootfs
from runtime_lib.linux.process import Process
from runtime_lib.networks import catalog as networks
from runtime_lib.networks.model import endpoints
from runtime_lib.networks.spec import NetworkSpec
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from runtime_lib.volumes import catalog as volumes
from tests.support import leftovers, rootfs, waiting
from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
PATIENCE = 120  # seconds; it takes one

Make = Callable[..., str]
FOREVER = ("sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("skiff")
    opened = Store(Layout(str(folder / "root"), str(folder / "root" / "run")))
    tree = folder / "rootfs"
    (tree / "data" / "deep").mkdir(parents=True)
    (tree / "data" / "deep" / "seed").write_text("from the image\n")
    with open(rootfs.tar(tree, folder / "rootfs.tar"), "rb") as file:
        import_rootfs(opened, file, "busybox", ["VOLUME /data/deep", "ENV FROM=image"])
    yield opened
    Skiff(Path(opened.layout.root)).remove_everything()
    opened.close()


@pytest.fixture
def make(store: Store) -> Iterator[Make]:
    """Create containers that are removed at the end, with proof that nothing is left."""
    made: list[str] = []

    def one(*command: str, image: str = "busybox", network_mode: str = "none", **values: object) -> str:
        spec = ContainerSpec(image=image, command=command or FOREVER, network_mode=network_mode, **values)  # type: ignore[arg-type]
        made.append(create(store, spec).id)
        return made[-1]

    yield one
    for container_id in made:
        try:
            remove(store, container_id, force=True, volumes=True)
        except ContainerNotFound:
            continue
    for network in networks.listing(store):
        if network.name not in ("bridge", "host", "none"):
            networks.remove(store, network.name)
    until(lambda: not left(store), "nothing is left")
    assert not any(store.query(f"SELECT * FROM {table}") for table in ("endpoints", "leases", "ports"))


def left(store: Store) -> list[str]:
    """Return what can only be ours: other suites make interfaces and rules beside us."""
    found = leftovers.of(store.layout.root, store.layout.label, patience=0.0)
    names = [name for kind in ("processes", "mounts", "cgroups", "folders") for name in found.get(kind, [])]
    # The monitors' group goes when it is next found empty; named volumes are for the test to remove.
    return [name for name in names if not name.endswith((store.layout.label, "/monitors")) and "volumes/" not in name]


def status(store: Store, ref: str) -> str:
    return catalog.state(store, catalog.find(store, ref)).status


def until(condition: Callable[[], bool], what: str) -> None:
    waiting.until(condition, PATIENCE, what)


def output(store: Store, ref: str) -> str:
    return b"".join(record.data for record in logs.read(store, ref)).decode()


def sh(store: Store, ref: str, script: str, **values: object) -> str:
    result = capture(store, ref, ExecSpec(("sh", "-c", script), **values))  # type: ignore[arg-type]
    assert result.exit_code == 0, result
    return result.stdout.decode()


def run_in_foreground(store: Store, tmp_path: Path, *command: str, **values: object) -> tuple[int, str, str]:
    out, err = tmp_path / "out", tmp_path / "err"
    values.setdefault("network_mode", "none")
    spec = ContainerSpec(image="busybox", command=command, auto_remove=True, **values)  # type: ignore[arg-type]
    with open(os.devnull) as null, open(out, "wb") as first, open(err, "wb") as second:
        code = run(store, spec, Wishes(stdio=(null.fileno(), first.fileno(), second.fileno())))
    return code, out.read_text(), err.read_text()


# Life


def test_run_in_the_foreground(store: Store, tmp_path: Path, make: Make) -> None:
    code, out, err = run_in_foreground(store, tmp_path, "sh", "-c", "echo out; echo err >&2; exit 5")
    assert (code, out, err) == (5, "out\n", "err\n")
    assert catalog.listing(store) == []


@pytest.mark.parametrize(
    ("command", "code"), [(("nosuch",), 127), (("/etc/passwd",), 126), (("/etc",), 126), (("/nosuch/program",), 127)]
)
def test_programs_that_cannot_be_executed(
    store: Store, tmp_path: Path, make: Make, command: tuple[str, ...], code: int
) -> None:
    with pytest.raises(CommandFailed) as error:
        run_in_foreground(store, tmp_path, *command)
    assert error.value.exit_code == code
    container = make(*command, network_mode="bridge", published_ports=("127.0.0.1:18381:80",))
    with pytest.raises(CommandFailed):
        start(store, container)
    assert status(store, container) == "created"
    assert store.query("SELECT * FROM ports") == store.query("SELECT * FROM leases") == []


def test_output_exit_code_and_second_start(store: Store, make: Make) -> None:
    container = make("sh", "-c", "echo hello; exit 3", name="once")
    assert status(store, "once") == "created"
    for times in (1, 2):
        start(store, container)
        assert wait(store, container, 10) == 3
        until(lambda: not os.path.exists(store.layout.bundle(container)), "the exit program has cleaned up")
        assert status(store, container) == "exited"
        assert output(store, container) == "hello\n" * times


def test_stop_asks_first_and_then_insists(store: Store, make: Make) -> None:
    polite, stubborn = make(), make("sh", "-c", "trap '' TERM; while :; do sleep 0.05; done")
    for container, code in ((polite, 7), (stubborn, 137)):
        start(store, container)
        until(lambda number=container: b"trap" in _process(store, number), "the shell runs")  # type: ignore[misc]
        stop(store, container, 0.5 if code == 137 else 10)
        assert inspect(store, container)["State"]["ExitCode"] == code
        assert not os.path.exists(store.layout.bundle(container))
    stop(store, polite)  # nothing to do


def _process(store: Store, container: str) -> bytes:
    process = catalog.state(store, catalog.find(store, container)).process
    return Path(f"/proc/{process.pid}/cmdline").read_bytes() if process else b""


@pytest.mark.cgroups
def test_kill_restart_pause_rename(store: Store, make: Make) -> None:
    container = make(name="first")
    start(store, container)
    first = inspect(store, container)["State"]["Pid"]
    verbs.restart(store, "first", 0)
    assert inspect(store, container)["State"]["Pid"] not in (0, first)
    verbs.pause(store, "first")
    assert status(store, container) == "paused"
    for forbidden in (lambda: start(store, container), lambda: verbs.pause(store, container)):
        with pytest.raises(WrongState):
            forbidden()
    with pytest.raises(WrongState, match="paused"):
        capture(store, container, ExecSpec(("true",)))
    verbs.unpause(store, "first")
    verbs.rename(store, "first", "second")
    verbs.kill(store, "second", "KILL")
    assert wait(store, "second", 10) == 137
    with pytest.raises(WrongState):
        verbs.kill(store, "second")
    with pytest.raises(ContainerNotFound):
        catalog.find(store, "first")


@pytest.mark.cgroups
def test_stop_of_a_paused_container(store: Store, make: Make) -> None:
    container = make()
    start(store, container)
    verbs.pause(store, container)
    stop(store, container, 5)
    assert status(store, container) == "exited"


def test_remove_needs_force_while_it_runs(store: Store, make: Make) -> None:
    container = make(name="busy")
    start(store, container)
    with pytest.raises(WrongState):
        remove(store, container)
    remove(store, container, force=True)
    with pytest.raises(ContainerNotFound):
        remove(store, "busy")


@pytest.mark.cgroups
def test_auto_remove_without_anybody_waiting(store: Store, make: Make) -> None:
    container = make("true", auto_remove=True)
    start(store, container)
    until(lambda: not store.query("SELECT 1 FROM containers WHERE id = ?", (container,)), "it has removed itself")
    until(lambda: not os.path.exists(store.layout.container(container)), "its folder is gone")


def test_restart_policy_until_a_user_stops_it(store: Store, make: Make) -> None:
    container = make("sh", "-c", "echo again; exit 1", restart_policy="always")
    start(store, container)
    until(lambda: catalog.state(store, catalog.find(store, container)).restart_count >= 2, "it was restarted twice")
    stop(store, container, 0)
    assert status(store, container) == "exited"
    assert output(store, container).count("again") >= 2


def test_containers_keep_an_image_that_was_removed_by_force(store: Store, make: Make) -> None:
    made = images.find(store, "busybox")
    stopped = make("sh", "-c", "echo $FROM; cat /etc/group")
    try:
        assert images.remove(store, made.id, force=True).deleted == made.id
        assert images.resolve(store, "busybox") is None
        start(store, stopped)
        assert wait(store, stopped) == 0
        assert output(store, stopped).startswith("image\nroot:")
        assert inspect(store, stopped)["Image"] == made.id
    finally:
        create_image(store, made.config, made.layers, ["busybox"])


def test_failures_before_anything_is_touched(store: Store, make: Make) -> None:
    make(name="taken")
    for error, values in (
        (NameTaken, {"name": "taken"}),
        (ImageNotFound, {"image": "nosuch"}),
        (NetworkNotFound, {"network_mode": "nosuch"}),
        (InvalidSpec, {"memory": 1}),
        (InvalidSpec, {"mounts": (Mount("bind", "/x", "/nosuch/folder"),)}),
        (ContainerNotFound, {"volumes_from": ("nosuch",)}),
    ):
        with pytest.raises(error):
            make(**values)
    assert len(catalog.listing(store)) == 1
    assert len(os.listdir(f"{store.layout.root}/containers")) == 1


# What it sees


def test_environment_user_groups_and_folder(store: Store, tmp_path: Path, make: Make) -> None:
    look = "grep -E 'Cap(Inh|Eff|Amb)|Sig(Ign|Blk)' /proc/self/status"
    script = f"id; pwd; echo $HOME $FROM $MINE; hostname; umask; {look}"
    _, out, _ = run_in_foreground(
        store, tmp_path, "sh", "-c", script, user="u1", groups=("7",), env={"MINE": "yes"},
        working_dir="/new/folder", hostname="boat",
    )  # fmt: skip
    lines = out.splitlines()
    assert lines[0] == "uid=1000(u1) gid=1000(u1) groups=7,1000(u1),4242(extra)"
    assert lines[1:5] == ["/new/folder", "/home/u1 image yes", "boat", "0022"]
    values = {line.split()[0]: int(line.split()[1], 16) for line in lines[5:]}
    # The shell itself ignores SIGQUIT, as it does under Docker.
    assert values == {"SigBlk:": 0, "SigIgn:": 4, "CapInh:": 0, "CapEff:": 0, "CapAmb:": 0}


@pytest.mark.cgroups
def test_limits_are_there_and_can_be_changed(store: Store, make: Make) -> None:
    limits = {"memory": 64 << 20, "pids_limit": 50, "ulimits": (Ulimit("nofile", 100, 200),)}
    container = make(**limits)
    start(store, container)
    assert sh(store, container, "ulimit -Sn; ulimit -Hn").split() == ["100", "200"]
    read = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; true"
    assert sh(store, container, read).strip() == str(64 << 20)
    update(store, container, {"memory": 128 << 20})
    assert sh(store, container, read).strip() == str(128 << 20)
    assert inspect(store, container)["HostConfig"]["MemorySwap"] == 256 << 20
    with pytest.raises(InvalidSpec):
        update(store, container, {"image": "x"})
    used = usage(store, catalog.find(store, container))
    assert (used.memory_limit, used.pids_limit) == (128 << 20, 50)
    assert 0 < used.memory < used.memory_limit
    assert 0 < used.pids <= 50
    assert 0 < used.cpu < used.host_cpu
    assert used.interfaces == {}
    stop(store, container, 0)
    with pytest.raises(WrongState):
        usage(store, catalog.find(store, container))


def test_an_update_that_the_kernel_refuses_changes_nothing(store: Store, make: Make) -> None:
    container = make(pids_limit=50, cpus=0.5)
    start(store, container)
    shown = "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; true"
    with pytest.raises((OSError, HostLacks)):
        update(store, container, {"pids_limit": 60, "memory": 64 << 20, "cpu_rt_runtime": 999_999})
    assert sh(store, container, shown).strip() == "50"
    found = catalog.find(store, container).spec
    assert (found.pids_limit, found.memory, found.cpu_rt_runtime) == (50, 0, 0)
    assert "999999" not in Path(store.layout.bundle(container), "config.json").read_text()
    update(store, container, {"cpus": 0.0})
    assert '"cpu"' not in Path(store.layout.bundle(container), "config.json").read_text()


def test_a_restart_policy_that_is_changed_counts_at_once(store: Store, tmp_path: Path, make: Make) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    command = ("sh", "-c", "touch /runs/$(ls /runs | wc -l); while [ ! -e /runs/end ]; do sleep 0.02; done; exit 3")
    container = make(*command, mounts=(Mount("bind", "/runs", str(runs)),))
    start(store, container)
    update(store, container, {"restart_policy": "on-failure", "restart_retries": 2})
    (runs / "end").touch()
    assert wait(store, container, timeout=60) == 3
    assert inspect(store, container)["RestartCount"] == 2
    start(store, container)  # every run ends at once now, and the pauses grow
    update(store, container, {"restart_policy": "always"})
    until(lambda: catalog.state(store, catalog.find(store, container)).restart_count > 2, "it was started again")
    update(store, container, {"restart_policy": "no"})
    assert wait(store, container, timeout=60) == 3


def test_volumes_binds_and_tmpfs(store: Store, tmp_path: Path, make: Make) -> None:
    before = {volume.name for volume in volumes.listing(store)}
    (tmp_path / "bound").mkdir()
    mounts = (
        Mount("volume", "/named", "named"),
        Mount("volume", "/data", "seeded"),
        Mount("bind", "/bound", str(tmp_path / "bound")),
        Mount("bind", "/made", str(tmp_path / "made" / "deep"), read_only=True, create_source=True),
    )
    container = make(mounts=mounts, tmpfs={"/run": "size=64k"})
    start(store, container)
    assert sh(store, container, "cat /data/deep/seed") == "from the image\n"
    sh(store, container, "echo mine > /bound/file; echo mine > /named/file; echo x > /run/x")
    assert capture(store, container, ExecSpec(("touch", "/made/x"))).exit_code == 1
    assert (tmp_path / "bound" / "file").read_text() == "mine\n"
    other = make(volumes_from=(f"{container}:ro",))
    start(store, other)
    assert sh(store, other, "cat /named/file") == "mine\n"
    assert capture(store, other, ExecSpec(("touch", "/named/x"))).exit_code == 1
    for each in (other, container):
        remove(store, each, force=True, volumes=True)
    left = {volume.name for volume in volumes.listing(store)} - before
    assert left == {"named", "seeded"}  # the anonymous one is gone
    for name in ("named", "seeded"):
        volumes.remove(store, name)
    assert (tmp_path / "bound" / "file").exists()


def test_shared_namespaces(store: Store, make: Make) -> None:
    owner = make(name="owner", network_mode="bridge", hostname="owner-host")
    guest = make(network_mode="container:owner", pid_mode="container:owner", ipc_mode="container:owner")
    assert [container.id for container in start_many(store, [guest, owner])] == [owner, guest]
    look = "for kind in net pid ipc; do readlink /proc/self/ns/$kind; done"
    assert sh(store, owner, look) == sh(store, guest, look)
    assert sh(store, guest, "cat /etc/hosts") == sh(store, owner, "cat /etc/hosts")
    remove(store, guest, force=True)
    stop(store, owner, 0)


def test_an_init_collects_orphans_and_passes_signals_on(store: Store, tmp_path: Path, make: Make) -> None:
    container = make(init=True)
    start(store, container)
    until(lambda: capture(store, container, ExecSpec(("pidof", "sh"))).exit_code == 0, "the shell runs")
    sh(store, container, "for n in 1 2 3; do (sleep 0 &) & done; wait")
    until(lambda: " Z " not in sh(store, container, "ps -o pid,stat,comm"), "no zombie is left")
    stop(store, container, 10)
    assert inspect(store, container)["State"]["ExitCode"] == 7
    assert run_in_foreground(store, tmp_path, "sh", "-c", "exit 6", init=True)[0] == 6


# Networks


def test_names_ports_and_addresses(store: Store, make: Make) -> None:
    networks.create(store, NetworkSpec("inside"))
    server = make("httpd", "-f", "-p", "80", "-h", "/etc", name="server", network_mode="inside",
                  networks=(Attachment("inside", ("alias",)),), published_ports=("127.0.0.1::80",))  # fmt: skip
    client = make(network_mode="inside")
    start_many(store, [server, client])
    until(lambda: capture(store, client, ExecSpec(("wget", "-qO-", "http://alias/group"))).exit_code == 0, "it answers")
    assert "extra" in sh(store, client, "wget -qO- http://server/group")
    ports = inspect(store, server)["NetworkSettings"]["Ports"]["80/tcp"]
    assert ports[0]["HostIp"] == "127.0.0.1"
    assert int(ports[0]["HostPort"]) > 0
    remove(store, server, force=True)
    assert "server" not in sh(store, client, "cat /etc/hosts")


def test_networks_come_and_go_while_it_runs(store: Store, make: Make) -> None:
    for name in ("one", "two"):
        networks.create(store, NetworkSpec(name))
    web = make(network_mode="one")
    start(store, web)
    connect(store, web, Attachment("two", ("www",)))
    gateways = [endpoint.gateway(4) for endpoint in endpoints(store, web)]
    default = "ip route | grep default"
    assert sh(store, web, default).split()[2] == str(gateways[0])
    assert "www" in sh(store, web, "cat /etc/hosts")
    with pytest.raises(Conflict, match="on network two already"):
        connect(store, web, Attachment("two"))
    disconnect(store, web, "one")
    assert sh(store, web, default).split()[1:] == ["via", str(gateways[1]), "dev", "eth1"]
    disconnect(store, web, "two")
    assert sh(store, web, "ip route; ls /sys/class/net") == "lo\n"
    with pytest.raises(Conflict, match="is not on network two"):
        disconnect(store, web, "two")


def test_what_leads_in_and_out_goes_by_the_first_network_when_that_is_joined_anew(store: Store, make: Make) -> None:
    for name in ("one", "two"):
        networks.create(store, NetworkSpec(name))
    web = make(network_mode="one", networks=(Attachment("two"),), published_ports=("127.0.0.1:18097:80",))
    start(store, web)
    route, ports = sh(store, web, "ip route | grep default"), "SELECT host_port, container_ip FROM ports"
    leads = [tuple(row) for row in store.query(ports)]
    disconnect(store, web, "one")
    assert sh(store, web, "ip route | grep default") != route
    connect(store, web, Attachment("one", ("www",)), first=True)
    assert sh(store, web, "ip route | grep default") == route
    assert [tuple(row) for row in store.query(ports)] == leads
    disconnect(store, web, "one")
    connect(store, web, Attachment("one"))
    assert sh(store, web, "ip route | grep default") != route  # it is the last one now, as at the next start


# Programs inside


def ends_of_execs(store: Store, container: str) -> list[str]:
    """Return the exit codes that the log of events has of commands that were executed in a container."""
    noted = events(store, {"event": ["exec_die"]}, 0, time.time_ns())
    return [one["Actor"]["Attributes"]["exitCode"] for one in noted if one["Actor"]["ID"] == container]


def test_exec_in_every_way(store: Store, make: Make) -> None:
    container = make()
    start(store, container)
    big = os.urandom(300_000)
    assert capture(store, container, ExecSpec(("cat",)), big).stdout == big
    assert capture(store, container, ExecSpec(("sh", "-c", "echo e >&2; exit 9"))).stderr == b"e\n"
    assert capture(store, container, ExecSpec(("tty",), tty=True)).stdout.startswith(b"/dev/pts/")
    seen = sh(store, container, "id -u; echo $A; pwd", user="u1", env={"A": "1"}, working_dir="/tmp")
    assert seen == "1000\n1\n/tmp\n"
    assert capture(store, container, ExecSpec(("sh", "-c", "kill -9 $$"))).exit_code == 137
    for command, code in ((("nosuch",), 127), (("/etc/passwd",), 126)):
        with pytest.raises(CommandFailed) as error:
            capture(store, container, ExecSpec(command))
        assert error.value.exit_code == code
    for tty, end in ((False, "8"), (True, "9")):
        detach(store, container, ExecSpec(("sh", "-c", f"touch /tmp/detached{end}; exit {end}"), tty=tty))
        until(lambda end=end: end in ends_of_execs(store, container), "its end is noted")  # type: ignore[misc]
        assert capture(store, container, ExecSpec(("test", "-e", f"/tmp/detached{end}"))).exit_code == 0
    assert any("trap" in row[-1] for row in top(store, container)[1])
    stop(store, container, 0)
    with pytest.raises(WrongState):
        capture(store, container, ExecSpec(("true",)))


# Faults


@pytest.mark.cgroups
def test_a_killed_monitor(store: Store, make: Make) -> None:
    """The container goes on; stop, start and rm work, and the exit code is said to be unknown."""
    container = make()
    start(store, container)
    kept = json.loads(Path(f"{store.layout.bundle(container)}/state.json").read_text())
    Process(kept["monitor_pid"], kept["monitor_start_time"]).signal(9)
    until(lambda: not catalog.state(store, catalog.find(store, container)).monitored, "its death is noticed")
    assert status(store, container) == "running"
    assert sh(store, container, "echo alive") == "alive\n"
    stop(store, container, 5)
    assert inspect(store, container)["State"]["ExitCode"] == 255
    start(store, container)
    assert sh(store, container, "echo again") == "again\n"


def test_twenty_at_once(store: Store, make: Make) -> None:
    many = [make("sleep", "1000", network_mode="bridge") for _ in range(20)]
    start_many(store, many)
    assert {status(store, one) for one in many} == {"running"}
    addresses = {inspect(store, one)["NetworkSettings"]["IPAddress"] for one in many}
    assert len(addresses) == 20
    for one in many:
        remove(store, one, force=True)
