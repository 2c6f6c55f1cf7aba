"""One container's group, in every hierarchy of the host at once."""

from __future__ import annotations

import errno
import os
import time

from ...errors import Busy, HostLacks
from . import birth, fs, inherit, limits, realtime
from .hierarchy import UNIFIED, Hierarchy
from .v1 import MEMSW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Set
    from typing import Any

PATIENCE = 10.0  # seconds for processes to die and for the kernel to let a folder go
# Of these two files a kernel has one; the other may be missing.
EITHER = ("io.bfq.weight", "io.weight")


class Cgroup:
    """A group `path` (such as /skiff/<id>) below the root of each hierarchy. Making the object touches nothing.

    A host that does not let us make groups at the roots gets them below our own group; so another process must not
    guess them: it opens them by the `paths()` that were written down.
    """

    __slots__ = ("_born_here", "_folders", "_hierarchy", "_path")

    def __init__(self, hierarchy: Hierarchy, path: str, paths: dict[str, str] | None = None) -> None:
        """With `paths` of an earlier object, the group that already exists there."""
        self._hierarchy = hierarchy
        self._path = path
        self._born_here = False  # whether this process was, in the version 2 folder
        self._folders = paths or {key: hierarchy.folder(key, path) for key in hierarchy.mounts}

    def paths(self) -> dict[str, str]:
        """Return {controller: folder}; the version 2 folder has the key `hierarchy.UNIFIED`."""
        return dict(self._folders)

    def create(self) -> None:
        """Make the group's folders; those that exist are used. Raises OSError, or HostLacks where none may be made."""
        for key, folder in self._folders.items():
            try:
                self._make(key, folder)
            except OSError as error:
                if error.errno not in inherit.REFUSED:
                    raise
                self._folders[key] = self._make_below_own(key, error)
        if self._hierarchy.mode == "v2":
            # Also where the folders exist: whoever made them may not have got that far yet.
            self._enable_above(self._folders[UNIFIED], self._hierarchy.v2_controllers)

    def add(self, pid: int) -> None:
        """Move a process with all its threads into the group. Raises OSError."""
        for folder in self._distinct():
            fs.write(f"{folder}/cgroup.procs", str(pid))

    def fork(self) -> int:
        """fork(2) for a process with one thread; the child must call `enter`, which then takes a fraction of the time.

        Moving a process waits for a grace period of RCU (6 to 18 ms seen), being born in the group does not.
        """
        pid, self._born_here = birth.fork(self._folders.get(UNIFIED, ""))
        return pid

    def enter(self) -> None:
        """Move the calling process into the group. It must have one thread.

        Cheaper than `add`: a lone thread that moves itself in version 1 (`tasks`) does not wait for RCU.
        """
        for key, folder in self._folders.items():
            if key != UNIFIED:
                fs.write(f"{folder}/tasks", "0")
            elif not self._born_here:
                fs.write(f"{folder}/cgroup.procs", "0")

    def occupy(self) -> None:
        """Create the group and enter it, also while somebody else removes it for being empty. Raises Busy."""
        for _unused in fs.until(time.monotonic() + PATIENCE):
            try:
                self.create()
                return self.enter()
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ENODEV):  # the latter: removed after its file was opened
                    raise
        raise Busy(f"the cgroup {self._path} is removed again and again; try later")

    def apply(self, resources: dict[str, Any]) -> None:
        """Write OCI `linux.resources`: those that the host supports (see `limits.unsupported`).

        Device rules of a host without the version 1 controller become a program. Raises OSError with the file's path.
        """
        self.write(limits.files(resources, self._hierarchy))
        rules = resources.get("devices")
        if rules and self._hierarchy.version("devices") == 0 and UNIFIED in self._folders:
            from .. import devices_bpf

            devices_bpf.attach(self._folders[UNIFIED], devices_bpf.program(rules))

    def write(self, settings: list[tuple[str, str, str]]) -> None:
        """Write (controller, file, text), as `limits.files` has them. Raises HostLacks."""
        if self._hierarchy.mode == "hybrid":
            wanted = {file.partition(".")[0] for key, file, _text in settings if key == UNIFIED}
            self._enable_above(self._folders.get(UNIFIED, ""), wanted - {"cgroup"})
        for key, file, text in self._ordered(settings):
            path = f"{self._folders[key]}/{file}"
            if file in EITHER and not os.path.exists(path):
                self._check_weights(os.path.dirname(path))
                continue
            if file == realtime.RUNTIME:
                realtime.allow(os.path.dirname(path), int(text))
            try:
                fs.write(path, text)
            except OSError as error:
                if error.errno == errno.EOPNOTSUPP and "weight" in file:
                    raise HostLacks(f"{file} cannot be set: device {text.split()[0]} does not use BFQ") from error
                if error.errno != errno.ENOENT or not os.path.isdir(self._folders[key]):
                    raise
                why = "this kernel has no such file" if key != UNIFIED else f"the group above {path} does not allow it"
                raise HostLacks(f"{file} cannot be set: {why}") from None

    def _check_weights(self, folder: str) -> None:
        """Raise HostLacks where the kernel has none of the files `EITHER`."""
        if not any(os.path.exists(f"{folder}/{name}") for name in EITHER):
            raise HostLacks("a weight of block IO cannot be set: this kernel has no I/O scheduler that obeys weights")

    def pids(self) -> list[int]:
        """Return all processes of the group and of the groups below it; empty when it is gone."""
        return sorted({pid for folder in fs.tree(self._tracking()) for pid in fs.pids(folder)})

    def freeze(self) -> None:
        """Stop all processes; returns when they stand still. Raises Busy after `PATIENCE` seconds."""
        self._set_frozen(True)

    def thaw(self) -> None:
        """Let frozen processes go on."""
        self._set_frozen(False)

    def frozen(self) -> bool:
        """Whether the group is stopped, or about to be; False when it is gone."""
        try:
            if "freezer" in self._folders:
                return not _state_is(f"{self._folders['freezer']}/freezer.state", "THAWED")
            return _state_is(f"{self._folders[UNIFIED]}/cgroup.freeze", "1")
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENODEV):
                raise
            return False

    def kill(self, signal: int = 9) -> None:
        """Send `signal` to all processes, also to those that are being forked; KILL reaches frozen ones too.

        It does not wait for them to die: `remove` does.
        """
        if not self.pids():
            return
        path = f"{self._folders.get(UNIFIED, '')}/cgroup.kill"
        if signal == 9 and os.path.exists(path):
            fs.write(path, "1")
        else:
            self._signal_frozen(signal)
        if signal == 9 and "freezer" in self._folders:
            self.thaw()  # version 1 delivers no signal, not even KILL, to what is frozen

    def remove(self, patience: float = PATIENCE) -> None:
        """Remove the folders, and the parent when it is empty. Raises Busy when processes live on for `patience` s."""
        deadline = time.monotonic() + patience
        for folder in self._distinct():
            for each in reversed(list(fs.tree(folder))):
                self._remove_folder(each, deadline)
            _remove_if_empty(os.path.dirname(folder), self._hierarchy)

    def remove_if_empty(self) -> None:
        """Remove the folders, and the parent when it is empty; one that somebody is in stays."""
        for folder in self._distinct():
            _remove_if_empty(folder, self._hierarchy)
            _remove_if_empty(os.path.dirname(folder), self._hierarchy)

    def usage(self) -> dict[str, int]:
        """Return what is used now: see `usage.read`."""
        from . import usage

        return usage.read(self._folders)

    def oom_kills(self) -> int:
        """Return how many processes the kernel has killed for lack of memory, 0 where it does not count them."""
        from . import usage

        return usage.oom_kills(self._folders)

    def _distinct(self) -> list[str]:
        return list(dict.fromkeys(self._folders.values()))

    def _tracking(self) -> str:
        """The hierarchy that says who belongs to the group: any one does, as processes enter all of them."""
        for key in (UNIFIED, "freezer", "pids", "memory"):
            if key in self._folders:
                return self._folders[key]
        return next(iter(self._folders.values()))

    def _make(self, key: str, folder: str) -> None:
        try:
            os.mkdir(folder, 0o755)
        except FileExistsError:
            if key != "cpuset":  # whoever has made it may not have filled it yet
                return
        except FileNotFoundError:
            self._make(key, os.path.dirname(folder))
            return self._make(key, folder)
        if key == "cpuset":
            inherit.copy_cpuset(folder)
        elif key == "memory":
            inherit.account_below(folder)

    def _make_below_own(self, key: str, refusal: OSError) -> str:
        mount, own = self._hierarchy.mounts[key], self._hierarchy.own[key]
        folder = f"{mount}{own}{self._path}"
        if not own:
            raise HostLacks(f"cannot make the cgroup {folder}: {refusal.strerror}; run as root (become: true)")
        self._make(key, folder)
        return folder

    def _enable_above(self, folder: str, wanted: Set[str]) -> None:
        """Have all groups above a version 2 folder pass the controllers on.

        In a hybrid host nobody has them unless they are asked for: its root stays as it was.
        """
        if not wanted:
            return
        parent = os.path.dirname(folder)
        if folder != self._hierarchy.mounts[UNIFIED]:
            self._enable_above(parent, wanted)
            inherit.enable(parent, wanted)

    def _ordered(self, settings: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
        """Put version 1's memory limits in the order that keeps memory <= memory and swap at every moment."""
        swap = [setting for setting in settings if setting[1] == MEMSW]
        if not swap:
            return settings
        wanted, present = int(swap[0][2]), int(fs.read(f"{self._folders['memory']}/{MEMSW}"))
        others = [setting for setting in settings if setting[1] != MEMSW]
        return swap + others if wanted < 0 or wanted > present else others + swap

    def _set_frozen(self, frozen: bool) -> None:
        if "freezer" in self._folders:
            path, text, done = f"{self._folders['freezer']}/freezer.state", ("THAWED", "FROZEN")[frozen], _state_is
        else:
            path, text, done = f"{self._folders[UNIFIED]}/cgroup.freeze", "01"[frozen], _event_is
        for _unused in fs.until(time.monotonic() + PATIENCE):
            fs.write(path, text)  # each time anew: version 1 may miss a process that forks just then
            if done(path, text):
                return
        raise Busy(f"the processes of {os.path.dirname(path)} do not stop within {PATIENCE:.0f} seconds; try again")

    def _signal_frozen(self, signal: int) -> None:
        """Signal everybody while nobody can fork."""
        self.freeze()
        try:
            for pid in self.pids():
                try:
                    os.kill(pid, signal)
                except ProcessLookupError:
                    continue  # ended meanwhile
        finally:
            if signal != 9:
                self.thaw()

    def _remove_folder(self, folder: str, deadline: float) -> None:
        for _unused in fs.until(deadline):
            try:
                return os.rmdir(folder)
            except FileNotFoundError:
                return
            except OSError as error:
                if error.errno != errno.EBUSY:
                    raise
        pids = " ".join(map(str, self.pids()))
        raise Busy(f"the cgroup {folder} still has processes ({pids or 'ending'}); end them and remove it again")


def _remove_if_empty(folder: str, hierarchy: Hierarchy) -> None:
    if folder in hierarchy.mounts.values():
        return
    try:
        os.rmdir(folder)
    except OSError as error:
        if error.errno not in (errno.EBUSY, errno.ENOTEMPTY, errno.ENOENT):
            raise


def _state_is(path: str, text: str) -> bool:
    return fs.read(path).strip() == text


def _event_is(path: str, text: str) -> bool:
    return f"frozen {text}" in fs.read(f"{os.path.dirname(path)}/cgroup.events")
