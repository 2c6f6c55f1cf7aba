"""The monitor: one small process per container that runs, from its start to its end.

It imports built-in and C modules alone, for its memory counts once per container. It ignores hangups and interrupts;
SIGTERM, which only a host that shuts down sends it, ends the container as `stop` does. When it is killed, the container
goes on without it: `state.read` then says so.
"""

from __future__ import annotations

import gc
import posix
import sys

from ..linux import lease
from . import order
from .runtime import SOCKET, Runtime, oom_score


def main() -> None:
    """Serve one order from the engine, whose socket is descriptor 3, with the runtime that `first` has started."""
    gc.enable()
    lease.hold(f"{sys.argv[1]}/runtime_lib/.complete")
    oom_score("-999")
    pid, descriptor = sys.argv[-2:]
    posix._exit(order.serve(SOCKET, Runtime.inherited(int(pid), int(descriptor))))
