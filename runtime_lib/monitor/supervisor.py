"""The life of one container: started, watched, restarted by its policy, ended, cleaned up."""

from __future__ import annotations

import _signal
import posix
import time

from . import events, protocol
from .cgroup import enter
from .desk import Desk
from .loop import signals
from .restart import RestartPolicy
from .runtime import Runtime
from .sinks import Log
from .status import Status, failure, keep, oom_kills
from .streams import Streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .clients import Client
    from .loop import Loop
    from .prober import Prober

_LINGER = 10.0  # seconds for a connected client to take what is still to be sent to it


class Supervisor:
    """One container, from the order to its end; `request` is the content of `monitor.json` (see `request`)."""

    __slots__ = (
        "cgroup_files", "desk", "log", "loop", "prober", "request", "status", "streams",
        "_began", "_claim", "_ended", "_left_to_engine", "_netns", "_oom_kills", "_policy", "_reaped",
        "_runtime", "_signals", "_withdrawn",
    )  # fmt: skip

    def __init__(self, loop: Loop, request: dict[str, Any], control: Client, netns: list[int], claim: int) -> None:
        self.loop = loop
        self.request = request
        self.status = Status()
        self.log = Log(request["log_path"], request["log"], loop)
        self._policy = RestartPolicy(request["restart"], request["max_retries"])
        self._netns = netns
        self.cgroup_files: list[str] = []
        self._reaped: dict[int, int] = {}
        self._runtime: Runtime | None = None
        self._began = 0.0
        self._ended = False
        self._withdrawn = False
        self._left_to_engine = False
        self._claim = claim
        self._oom_kills = 0
        self._signals = signals((_signal.SIGCHLD, _signal.SIGTERM, _signal.SIGHUP, _signal.SIGINT, _signal.SIGQUIT))
        loop.watch(self._signals, self._on_signals)
        self.desk = Desk(self, control)
        self.prober: Prober | None = None
        if request["health"]:
            from .prober import Prober  # memory of those monitors alone that need it

            self.prober = Prober(loop, request, self.desk.health)

    # Start

    def start(self, runtime: Runtime) -> None:
        """Give a waiting runtime its order."""
        self._runtime = runtime
        self.streams = Streams(self.request["tty"], self.request["stdin"])
        try:
            runtime.order(self.request["run_folder"], self.streams.theirs + self._netns)
        except OSError:
            pass  # it has ended; its answer says so
        self.streams.handed_over()
        self.loop.watch(runtime.socket.fileno(), self._on_answer)

    def _on_answer(self, _events: int = 0) -> None:
        if self._runtime is None:
            return
        runtime, self._runtime = self._runtime, None
        self.loop.forget(runtime.socket.fileno())
        kind, _unused, rest = runtime.answer().partition(b" ")
        if kind == b"started":
            process, *files = rest.decode().splitlines()
            pid, start_time = process.split()
            self._started(int(pid), int(start_time))
            self._join(files)
        else:
            self._failed(rest)
        runtime.dismiss()

    def _join(self, files: list[str]) -> None:
        try:
            enter(files)
            self.cgroup_files = files
        except OSError:
            return  # somebody has removed the group by hand: the container must go on without it

    def _started(self, pid: int, start_time: int) -> None:
        self.streams.take_terminal()
        self._began = time.monotonic()
        state = self.status
        state.pid, state.start_time, state.started = pid, start_time, time.time_ns()
        state.status, state.error, state.oom_killed = "running", "", False
        self.resume_output()
        self.save(running=True)
        if self.prober is not None:
            self.prober.begin(pid, start_time)
        events.started(self.request)
        self._decided()
        self.desk.started()
        if self._withdrawn:
            self._signal(_signal.SIGKILL)
        self._check_init()

    def _failed(self, reason: bytes) -> None:
        """The first start: tell the engine, leave nothing. A restart: this is the end."""
        self.streams.close()
        state = self.status
        state.exit_code, state.error = failure(reason)
        if state.started == 0:
            self.save()
            self.desk.failed(reason)
            return
        self._end()

    # Output

    def resume_output(self) -> None:
        """Read the container's output (again)."""
        for descriptor in dict.fromkeys((self.streams.stdout, self.streams.stderr)):
            if descriptor >= 0 and not self.loop.watches(descriptor):
                self._watch_output(descriptor)

    def _watch_output(self, descriptor: int) -> None:
        self.loop.watch(descriptor, lambda _events: self._on_output(descriptor))

    def pause_output(self) -> None:
        """Leave the output in its pipe until the foreground client has taken what it was sent."""
        self.loop.forget(self.streams.stdout)
        self.loop.forget(self.streams.stderr)

    def _on_output(self, descriptor: int) -> bool:
        data = self.streams.read(descriptor)
        if data is None:
            self.loop.forget(descriptor)
            self.streams.closed(descriptor)
        elif data:
            name = self.streams.name(descriptor)
            self.log.write(name, data)
            self.desk.output(protocol.STDERR if name == "stderr" else protocol.STDOUT, data)
        return bool(data)

    def _drain(self) -> None:
        """Take what an ended container has left in its pipes, but wait for nobody who still holds their other end."""
        for descriptor in dict.fromkeys((self.streams.stdout, self.streams.stderr)):
            while descriptor in (self.streams.stdout, self.streams.stderr) and descriptor >= 0:
                if not self._on_output(descriptor):
                    break
        self.log.finish()
        for descriptor in (self.streams.stdin, self.streams.stdout, self.streams.stderr):
            self.loop.forget(descriptor)
        self.streams.close()
        self.desk.stdin_gone()

    # End

    def _on_signals(self, _events: int) -> None:
        numbers = posix.read(self._signals, 512)
        self._reap()
        if _signal.SIGTERM in numbers:
            self._shut_down()

    def _reap(self) -> None:
        """Collect every child: the runtimes, the container, and whoever an exec has left behind."""
        while True:
            try:
                pid, status = posix.waitpid(-1, posix.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            if self.prober is not None:
                self.prober.reaped(pid)
            if pid == self.status.pid or self._runtime is not None:
                self._reaped[pid] = status
        if self._runtime is not None and self._runtime.pid in self._reaped:
            self._on_answer()
        self._check_init()

    def _check_init(self) -> None:
        if self.status.status == "running" and self.status.pid in self._reaped:
            self._exited(self._reaped[self.status.pid])
        if self._runtime is None:
            self._reaped.clear()

    def _exited(self, wait_status: int) -> None:
        state = self.status
        state.finished = time.time_ns()
        code = posix.waitstatus_to_exitcode(wait_status)
        state.exit_code = code if code >= 0 else 128 - code
        kills = oom_kills(self.request["memory_cgroup"]) if self.request["memory_cgroup"] else 0
        state.oom_killed = kills > self._oom_kills
        self._oom_kills = kills
        state.pid = state.start_time = 0
        state.paused = False
        self.loop.cancel("kill")
        if self.prober is not None:
            self.prober.end()
        self._drain()
        events.ended(self.request, state)
        pause = self._policy.pause(state.exit_code, time.monotonic() - self._began)
        if pause is None:
            return self._end()
        state.status, state.restart_count = "restarting", self._policy.count
        self.save()
        self.loop.after("restart", pause, self._restart)

    def _restart(self) -> None:
        try:
            self.start(Runtime.spawn())
        except OSError as error:  # no process or descriptor left on this host
            self._failed(f"{error.errno}\0runtime\0\0{error.strerror}".encode())

    def _end(self) -> None:
        self.status.status = "exited"
        self._ended = not self._left_to_engine
        self.save()
        self._decided()
        if self._left_to_engine:
            return self.loop.stop()
        self.desk.ended(self.status.exit_code)
        self.leave()

    def leave(self) -> None:
        """Go, once nobody who is connected has a claim on this process any more."""
        if not self._ended or self.desk.occupied():
            return
        self.loop.after("linger", _LINGER if self.desk.unsent() else 0.0, self.loop.stop)

    def stay(self) -> None:
        """Somebody has claimed this process, who must find it also when it was just about to go."""
        self.loop.cancel("linger")

    def withdraw(self, left_to_engine: bool) -> None:
        """The engine has gone before it knew of the start: kill the container. Unless it was killed it cleans up."""
        self._withdrawn = True
        self._left_to_engine = left_to_engine
        self._policy.stopped = True
        self._signal(_signal.SIGKILL)

    def _decided(self) -> None:
        """Let others act on the container, whose state says now what became of the start."""
        if self._claim >= 0 and not (self._withdrawn and self.status.status == "running"):
            posix.close(self._claim)
            self._claim = -1

    def no_restart(self) -> None:
        """Somebody has asked for the end: when it comes, it is for good."""
        self._policy.stopped = True
        self._end_between_runs()

    def _end_between_runs(self) -> None:
        if self.status.status == "restarting" and self._runtime is None:
            self.loop.cancel("restart")
            self._end()

    def restart_policy(self, name: str, max_retries: int) -> None:
        """Obey another policy from now on; a container between two runs that it does not want ends now."""
        self._policy.change(name, max_retries)
        if not self._policy.wants(self.status.exit_code):
            self._end_between_runs()

    def _shut_down(self) -> None:
        """End the container as `stop` does: nobody but a host that shuts down sends SIGTERM to a monitor."""
        self.no_restart()
        self._signal(self.request["stop_signal"])
        self.loop.after("kill", self.request["stop_timeout"], lambda: self._signal(_signal.SIGKILL))

    def _signal(self, number: int) -> None:
        if self.status.pid:
            posix.kill(self.status.pid, number)  # nobody else can have this pid before `_reap` has collected it

    # State

    def paused(self, paused: bool) -> None:
        """Somebody has frozen the container, or thawed it."""
        if self.prober is not None and self.status.paused != paused:
            self.prober.frozen(paused)
        self.status.paused = paused
        self.save(running=True)

    def ended(self) -> bool:
        """Whether it has ended for good."""
        return self._ended

    def save(self, running: bool = False) -> None:
        """Write `state.json`, and its copy that outlives a reboot."""
        self.status.log_dropped = self.log.dropped
        keep(self.request, self.status.text(), running)
