"""The first process of a container, until it executes the user's program."""

from __future__ import annotations

import os

from ..errors import InvalidSpec
from ..linux import keyring, libc, mounts, namespaces, signals, terminal, userns
from . import become, channel, devices, home, mountpoint, outside, plan, reaper, report, rootfs, seal, sysctl
from .process import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from ..linux.cgroups.group import Cgroup
    from . import hooks


class Wanted:
    """Everything that was decided, before anything is touched."""

    __slots__ = (
        "bundle", "config", "console", "container_id", "devices", "extra", "filter_flags", "filter_program", "gate",
        "hooks", "keyring", "mounts", "namespaces", "netns", "pivot", "process", "propagation", "root", "stdio",
        "sysctls", "userns",
    )  # fmt: skip

    def __init__(self, bundle: str, config: dict[str, Any], container_id: str) -> None:
        """Read a bundle's configuration. Raises InvalidSpec."""
        self.bundle = bundle
        self.config = config
        self.container_id = container_id
        if "process" not in config:
            raise InvalidSpec("the configuration has no process: say what to run")
        self.process = Process(config["process"])
        self.root = plan.root(config, bundle)
        self.mounts = plan.mounts(config, bundle)
        self.namespaces = plan.namespaces(config)
        self.devices = devices.planned(config) if devices.wanted(config) else []
        self.sysctls = sysctl.planned(config)
        outside.check(self.root, self.mounts, self.namespaces)
        self.propagation = plan.propagation(config, self.mounts)
        self.stdio = (-1, -1, -1)
        self.console = self.netns = self.gate = self.userns = -1
        self.filter_program = b""
        self.filter_flags = 0
        self.extra: tuple[int, ...] = ()
        self.keyring = self.pivot = True
        self.hooks = _hooks(config)
        if any(mount.options.copy_up for mount in self.mounts):
            from ..linux import treecopy  # noqa: F401 - `rootfs` needs it when nothing can be imported any more

    @property
    def new_user_namespace(self) -> bool:
        """Whether the ids of the container are mapped by us."""
        return self.namespaces.get("user") == ""


def run(wanted: Wanted, cgroup: Cgroup | None, told: report.Failures, down: int) -> NoReturn:
    """Set up everything, say so where failures are told, wait for the gate, execute the program.

    Raises OSError and SkiffError.
    """
    gate = down if wanted.gate < 0 else wanted.gate
    stays, profile = reaper.wanted(wanted.config), become.profile(wanted.process)
    os.setsid()
    seal.seal()
    signals.reset()
    _leave_host(wanted, cgroup, told.descriptor)
    tree = _build_tree(wanted, cgroup)
    stdio = _terminal(wanted, tree) if wanted.process.terminal else wanted.stdio
    if wanted.hooks:
        _hooks_of_create(wanted, told.descriptor, down)
    become.label("" if stays else profile)
    tree.finish(bool((wanted.config.get("root") or {}).get("readonly")), _final_propagation(wanted), wanted.pivot)
    given = (*stdio, *wanted.extra)
    *_unused, told.descriptor, gate = seal.only(*given, told.descriptor, gate, inherited=len(given))
    if wanted.process.terminal:
        with report.Stage("terminal"):
            terminal.take_control(0)
    program = become.settle(wanted.process, wanted.filter_program, wanted.filter_flags)
    become.label(profile if stays else "", at_once=True)
    os.write(told.descriptor, b"r")
    read_exactly(gate, 1)
    _run_hooks(wanted, "startContainer", "created")
    if stays:
        reaper.stay(lambda: become.execute(program, wanted.process), wanted.process.terminal)
    become.execute(program, wanted.process)


def read_exactly(descriptor: int, count: int) -> bytes:
    """Read `count` bytes. Raises EOFError when the other side has gone."""
    data = b""
    while len(data) < count:
        part = os.read(descriptor, count - len(data))
        if not part:
            raise EOFError("the caller has gone")
        data += part
    return data


def _hooks(config: dict[str, Any]) -> dict[str, list[hooks.Hook]]:
    if not config.get("hooks"):
        return {}
    from . import hooks  # and json with it: a start without hooks does not wait for them

    return hooks.planned(config)


def _hooks_of_create(wanted: Wanted, up: int, down: int) -> None:
    """Have the caller run the hooks of its namespaces, then run those of ours."""
    os.write(up, b"h")
    read_exactly(down, 1)
    _run_hooks(wanted, "createContainer", "creating")


def _run_hooks(wanted: Wanted, kind: str, status: str) -> None:
    if kind in wanted.hooks:
        from . import hooks  # loaded by `_hooks`

        told = hooks.state(wanted.config, wanted.container_id, wanted.bundle, status, os.getpid())
        hooks.run(wanted.hooks[kind], told)


def _leave_host(wanted: Wanted, cgroup: Cgroup | None, up: int) -> None:
    """Enter the cgroup, the namespaces, and a session keyring of our own."""
    if cgroup:
        with report.Stage("cgroup"):
            cgroup.enter()
    if wanted.keyring:
        with report.Stage("keyring"):
            keyring.join_session(f"_ses.{wanted.container_id}")
    become.oom_score(wanted.process.oom_score_adj)
    if "user" in wanted.namespaces:
        _enter_user_namespace(wanted, up)
    flags = _join_others(wanted)
    with report.Stage("namespace"):
        libc.unshare(flags)
        if "user" in wanted.namespaces:
            outside.take(wanted.root, wanted.mounts)
        if flags & libc.CLONE_NEWTIME:  # unshare(2) puts only children into it
            namespaces.join("/proc/self/ns/time_for_children", "time")
        if flags & libc.CLONE_NEWNET:
            namespaces.loopback_up()
    _name_host(wanted.config)


def _join_others(wanted: Wanted) -> int:
    """Enter the namespaces that are there already; return the flags of those that are to be made (clone(2))."""
    flags = 0
    for kind, path in wanted.namespaces.items():
        if kind in ("user", "pid"):
            continue
        with report.Stage("namespace", path or kind):
            if kind == "network" and wanted.netns >= 0:
                libc.setns(wanted.netns, libc.CLONE_NEWNET)
            elif path:
                namespaces.join(path, kind)
            else:
                flags |= namespaces.KINDS[kind][1]
    return flags


def _enter_user_namespace(wanted: Wanted, up: int) -> None:
    section = wanted.config.get("linux") or {}
    outside.open_sources(wanted.root, wanted.mounts, wanted.bundle, wanted.propagation, wanted.userns)
    outside.hold(wanted.root, wanted.mounts, wanted.bundle)
    if not wanted.process.terminal:
        become.hand_over(wanted.stdio, userns.outside(section.get("uidMappings") or (), wanted.process.uid))
    with report.Stage("namespace", "user"):
        libc.setns(wanted.userns, libc.CLONE_NEWUSER)
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        libc.prctl(libc.PR_SET_DUMPABLE, 0)
        if wanted.new_user_namespace and wanted.namespaces.get("pid") == "":
            _enter_pid_namespace(up)


def _enter_pid_namespace(up: int) -> None:
    """Go on as the first process of a new pid namespace; the caller ends, after it has told the new one's number."""
    libc.unshare(libc.CLONE_NEWPID)
    pid = os.fork()
    if pid:
        os.write(up, b"p" + pid.to_bytes(8, "big"))
        os._exit(0)
    os.setsid()


def _name_host(config: dict[str, Any]) -> None:
    with report.Stage("namespace", "hostname"):
        if config.get("hostname"):
            libc.sethostname(config["hostname"])
        if config.get("domainname"):
            libc.setdomainname(config["domainname"])


def _build_tree(wanted: Wanted, cgroup: Cgroup | None) -> rootfs.Rootfs:
    os.umask(0)
    outside.open_shared(wanted.mounts, wanted.bundle)
    tree = rootfs.prepare(wanted.root, wanted.bundle, wanted.propagation)
    own_cgroups = wanted.namespaces.get("cgroup") == ""
    tree.mount_all(wanted.mounts, cgroup.paths() if cgroup else {}, own_cgroups)
    if wanted.devices:
        devices.make(tree.root, wanted.devices, by_bind="user" in wanted.namespaces)
    wanted.process.env.setdefault("HOME", home.of(tree.root, wanted.process.uid))
    with report.Stage("cwd", wanted.process.cwd):
        os.close(mountpoint.opened(tree.root, wanted.process.cwd, folder=True))
    sysctl.write(wanted.sysctls)
    tree.make_readonly(rootfs.paths(wanted.config, "readonlyPaths"))
    tree.mask(rootfs.paths(wanted.config, "maskedPaths"))
    return tree


def _terminal(wanted: Wanted, tree: rootfs.Rootfs) -> tuple[int, int, int]:
    """Make a terminal in the container's /dev/pts, show it at /dev/console, send its master out."""
    with report.Stage("terminal", "/dev/pts/ptmx"):
        if tree.devpts < 0:
            raise report.LaunchError(19, "a terminal needs a mount of type devpts", "/dev/pts", "terminal")
        master, slave = terminal.open_pair(tree.devpts)
        rows, columns = wanted.process.rows_columns
        if rows or columns:
            terminal.resize(master, rows, columns)
    with report.Stage("terminal", "/dev/console"):
        mount = mounts.clone(slave)
        tree.place(mount, "/dev/console")
        os.close(mount)
    with report.Stage("terminal", "console socket"):
        channel.send_terminal(wanted.console, master)
    os.close(master)
    return slave, slave, slave


def _final_propagation(wanted: Wanted) -> int:
    return wanted.propagation if (wanted.config.get("linux") or {}).get("rootfsPropagation") else 0
