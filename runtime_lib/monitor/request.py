"""What an engine process asks a monitor to do."""

from __future__ import annotations

import os

from ..jsontext import compact
from ..linux import interpreter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What `containers.log_settings` says where nobody has asked for anything; sizes are bytes.
LOG = {"max_size": 10 * 1024 * 1024, "max_files": 3, "compress": False, "attributes": "", "remote": None}


class Request:
    """One container to run.

    `run_folder` is the bundle (`config.json` is there) and has the container's id as its name; `container_folder` is
    what outlives the run; `log_path` is the file of the log, and `log` says what is kept there and what is sent where
    (see `containers.log_settings`). `name` is what process lists show. `restart` is a policy's name,
    `max_retries` its limit (0: none). `stdin` keeps standard input open, with `stdin_once` until the foreground client
    has left. `foreground` makes the connection of the start an attached one that gets all output and cleans up.
    `cache` is a folder for compiled seccomp filters, `memory_cgroup` the one with the OOM counters. `exit_module` is a
    module whose `main()` cleans up when no engine process does; `exit_arguments` are its arguments. `health` says how
    to check the container's health, None for "not at all": `command`, `interval`, `timeout`, `start_period` and
    `start_interval` (seconds), `retries`, and `too_long`, the output of a check that was killed at its timeout.
    `runtime` is the program of another OCI runtime, "" for our own.
    """

    __slots__ = (
        "auto_remove",
        "cache",
        "container_id",
        "container_folder",
        "exit_arguments",
        "exit_module",
        "foreground",
        "health",
        "log",
        "log_path",
        "max_retries",
        "memory_cgroup",
        "name",
        "restart",
        "run_folder",
        "runtime",
        "stdin",
        "stdin_once",
        "stop_signal",
        "stop_timeout",
        "tty",
    )

    def __init__(
        self,
        run_folder: str,
        container_folder: str,
        log_path: str,
        *,
        name: str = "",
        log: dict[str, Any] | None = None,
        restart: str = "no",
        max_retries: int = 0,
        tty: bool = False,
        stdin: bool = False,
        stdin_once: bool = False,
        foreground: bool = False,
        auto_remove: bool = False,
        stop_signal: int = 15,
        stop_timeout: float = 10.0,
        memory_cgroup: str = "",
        cache: str = "",
        health: dict[str, Any] | None = None,
        runtime: str = "",
        exit_module: str = "",
        exit_arguments: tuple[str, ...] = (),
    ) -> None:
        self.run_folder = run_folder
        self.container_folder = container_folder
        self.log_path = log_path
        self.container_id = os.path.basename(run_folder)
        self.name = name or self.container_id
        self.cache = cache
        self.log = log or LOG
        self.restart = restart
        self.max_retries = max_retries
        self.tty = tty
        self.stdin = stdin
        self.stdin_once = stdin_once
        self.foreground = foreground
        self.auto_remove = auto_remove
        self.stop_signal = stop_signal
        self.stop_timeout = stop_timeout
        self.memory_cgroup = memory_cgroup
        self.health = health
        self.runtime = runtime
        self.exit_module = exit_module
        self.exit_arguments = exit_arguments

    def text(self, library: str) -> str:
        """Return the content of `monitor.json`; `library` is the folder of the installed library."""
        values = {name: getattr(self, name) for name in self.__slots__ if not name.startswith("exit_")}
        values["stop_timeout"] = int(self.stop_timeout)
        command = interpreter.command(self.exit_module, library, *self.exit_arguments) if self.exit_module else []
        return compact({**values, "exit_command": command})
